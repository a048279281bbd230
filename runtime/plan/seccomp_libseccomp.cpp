#include "runtime/plan/seccomp_libseccomp.hpp"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/plan/seccomp_numbers.hpp"
#include "runtime/plan/seccomp_program.hpp"

namespace ocirun {
namespace {

using oci::Result;
using Label = SeccompProgram::Label;

struct Release {
    void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

scmp_compare comparison_of(const SeccompCondition& condition) {
    switch (condition.comparison) {
        case SeccompOperator::not_equal:
            return SCMP_CMP_NE;
        case SeccompOperator::less:
            return SCMP_CMP_LT;
        case SeccompOperator::less_or_equal:
            return SCMP_CMP_LE;
        case SeccompOperator::equal:
            return SCMP_CMP_EQ;
        case SeccompOperator::greater_or_equal:
            return SCMP_CMP_GE;
        case SeccompOperator::greater:
            return SCMP_CMP_GT;
        case SeccompOperator::masked_equal:
            return SCMP_CMP_MASKED_EQ;
    }
    return SCMP_CMP_EQ;
}

/// One comparison as libseccomp takes it: masked ones have the mask in front of the value.
scmp_arg_cmp argument_of(const SeccompCondition& condition) {
    const bool masked = condition.comparison == SeccompOperator::masked_equal;
    return {.arg = condition.argument,
            .op = comparison_of(condition),
            .datum_a = masked ? condition.mask : condition.value,
            .datum_b = masked ? condition.value : 0};
}

Result<void> add_rule(void* context, const SeccompRule& rule, const std::string& origin) {
    const int number = ::seccomp_syscall_resolve_name(rule.name.c_str());
    if (number == __NR_SCMP_ERROR) return {};
    std::vector<scmp_arg_cmp> arguments;
    for (const SeccompCondition& condition : rule.conditions) arguments.push_back(argument_of(condition));
    const int done = ::seccomp_rule_add_array(context, rule.action, number,
                                              static_cast<unsigned>(arguments.size()), arguments.data());
    // A rule that repeats another one, or that another one covers.
    if (done == 0 || done == -EEXIST) return {};
    return oci::system_failure(-done, origin + ": rule for " + oci::quote(rule.name));
}

Result<Context> fill_context(const SeccompRules& rules, const std::string& origin) {
    // What the running kernel offers is tested when the filter is loaded, not here.
    constexpr unsigned every_action = 6;
    ::seccomp_api_set(every_action);
    Context context(::seccomp_init(rules.default_action));
    if (!context) return oci::failure(origin + ": libseccomp cannot start a filter");
    for (const std::uint32_t architecture : rules.architectures) {
        const int added = ::seccomp_arch_add(context.get(), architecture);
        // EDOM: the other byte order, which this machine does not run.
        if (added != 0 && added != -EEXIST && added != -EDOM)
            return oci::system_failure(-added, origin + ".architectures");
    }
    constexpr std::uint32_t binary_tree = 2;
    ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, binary_tree);
    for (const SeccompRule& rule : rules.rules) TRY(add_rule(context.get(), rule, origin));
    return context;
}

Result<std::string> export_program(void* context, const std::string& origin) {
    const oci::Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file.is_open()) return oci::last_system_failure("memfd_create");
    const int done = ::seccomp_export_bpf(context, file.get());
    if (done != 0) return oci::system_failure(-done, origin + ": compile");
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("lseek");
    constexpr std::size_t limit = BPF_MAXINSNS * sizeof(sock_filter);
    return oci::read_all(file, limit);
}

/// Puts the answer to calls newer than the named ones in front of a filter.
class NewerCalls {
public:
    NewerCalls(const SeccompRules& rules, const std::string& filter) : rules_(rules) {
        filter_ = program_.end_with(filter);
        enosys_ = program_.give(SECCOMP_RET_ERRNO | ENOSYS);
    }

    std::string run() {
        Label rest = filter_;
        for (const std::uint32_t architecture : rules_.architectures) {
            if (architecture == SCMP_ARCH_X32) continue;  // shares a number line with x86_64
            const Label test = test_number(architecture);
            if (test == filter_) continue;
            rest =
                program_.branch(BPF_JEQ, architecture, program_.load(offsetof(seccomp_data, nr), test), rest);
        }
        program_.load(offsetof(seccomp_data, arch), rest);
        return program_.bytes();
    }

private:
    Label test_number(std::uint32_t architecture) {
        const auto newest = number_rules(rules_, architecture).newest;
        if (!newest) return filter_;
        const Label test = program_.branch(BPF_JGT, *newest, enosys_, filter_);
        const auto& listed = rules_.architectures;
        if (architecture != SCMP_ARCH_X86_64 ||
            std::find(listed.begin(), listed.end(), std::uint32_t{SCMP_ARCH_X32}) == listed.end())
            return test;
        constexpr std::uint32_t x32_bit = 0x40000000U;
        const auto newest_x32 = number_rules(rules_, SCMP_ARCH_X32).newest;
        const Label test_x32 = newest_x32 ? program_.branch(BPF_JGT, *newest_x32, enosys_, filter_) : filter_;
        return program_.branch(BPF_JGE, x32_bit, test_x32, test);
    }

    const SeccompRules& rules_;
    SeccompProgram program_;
    Label filter_ = 0;
    Label enosys_ = 0;
};

}  // namespace

Result<std::string> compile_with_libseccomp(const SeccompRules& rules, const std::string& origin) {
    const Context context = TRY(fill_context(rules, origin));
    const std::string filter = TRY(export_program(context.get(), origin));
    if (!rules.newer_calls_are_enosys) return filter;
    return NewerCalls(rules, filter).run();
}

}  // namespace ocirun
