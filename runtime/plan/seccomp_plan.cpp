#include "runtime/plan/seccomp_plan.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "runtime/plan/seccomp_compile.hpp"
#include "runtime/plan/seccomp_libseccomp.hpp"
#include "runtime/plan/seccomp_numbers.hpp"
#include "runtime/plan/seccomp_rules.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

bool notifies(const SeccompRules& rules) {
    return std::any_of(rules.rules.begin(), rules.rules.end(),
                       [](const SeccompRule& rule) { return rule.action == SECCOMP_RET_USER_NOTIF; });
}

Result<void> check_listener(const oci::spec::Seccomp& seccomp, bool notified, const std::string& origin) {
    if (!seccomp.listener_metadata.empty() && seccomp.listener_path.empty())
        return oci::failure(ErrorCode::invalid,
                            origin + ".listenerMetadata: must not be set without listenerPath");
    if (!notified) return {};
    if (seccomp.listener_path.empty())
        return oci::failure(ErrorCode::invalid,
                            origin + ".listenerPath: is required, because a rule uses SCMP_ACT_NOTIFY");
    if (seccomp.listener_path[0] != '/')
        return oci::failure(
            ErrorCode::invalid,
            origin + ".listenerPath: " + oci::quote(seccomp.listener_path) + " is not an absolute path");
    return {};
}

/// Writes values so that no two different lists give the same text: every text has its length in front.
class KeyWriter {
public:
    void add(std::uint64_t number) { text_ += std::to_string(number) + " "; }
    void add(std::string_view text) {
        text_ += std::to_string(text.size()) + ":";
        text_ += text;
        text_ += ' ';
    }
    void add(const std::vector<std::string>& texts) {
        add(texts.size());
        for (const std::string& text : texts) add(text);
    }
    void add(const std::optional<std::uint32_t>& number) {
        if (number) return add(*number);
        text_ += "- ";
    }
    void end_line() { text_.back() = '\n'; }
    std::string text_;
};

}  // namespace

Result<SeccompPlan> plan_seccomp(const oci::spec::Seccomp& seccomp, const std::string& origin) {
    const SeccompRules rules = TRY(read_seccomp_rules(seccomp, origin));
    const bool notified = notifies(rules);
    TRY(check_listener(seccomp, notified, origin));
    SeccompPlan plan;
    plan.flags = TRY(read_seccomp_flags(seccomp, origin));
    if (notified) {
        plan.listener_path = seccomp.listener_path;
        plan.listener_metadata = seccomp.listener_metadata;
    } else if ((plan.flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) != 0) {
        // The kernel refuses the flag where there is nobody to wait for.
        plan.flags &= ~unsigned{SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV};
        plan.warnings.push_back(origin +
                                ".flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV has no effect without a "
                                "rule that uses SCMP_ACT_NOTIFY");
    }
    plan.unknown_calls = unknown_calls(rules);
    for (const std::string& name : plan.unknown_calls)
        plan.warnings.push_back(origin + ".syscalls: the system call " + oci::quote(name) +
                                " is not known here, its rules have no effect");
    plan.program = can_compile_seccomp(rules) ? TRY(compile_seccomp(rules, origin))
                                              : TRY(compile_with_libseccomp(rules, origin));
    return plan;
}

Result<SeccompPlan> plan_compiled_filter(const std::string& base64, const std::string& origin) {
    auto program = oci::from_base64(base64);
    constexpr std::size_t most = 4096;  // the kernel's BPF_MAXINSNS
    const std::size_t instruction = sizeof(sock_filter);
    if (!program || program->empty() || program->size() % instruction != 0 ||
        program->size() / instruction > most)
        return oci::failure(ErrorCode::invalid,
                            origin + ": must be base64 of 1 to 4096 instructions of 8 bytes each");
    SeccompPlan plan;
    plan.program = std::move(*program);
    return plan;
}

std::string seccomp_cache_key(const oci::spec::Seccomp& seccomp) {
    KeyWriter key;
    // The program also depends on who compiled it, and for which machine.
    key.add("ocirun seccomp 2");
    key.add(libseccomp_version());
    key.add(::seccomp_arch_native());
    key.end_line();
    key.add(seccomp.default_action);
    key.add(seccomp.default_errno_ret);
    key.add(seccomp.architectures);
    key.add(seccomp.flags ? "flags" : "no flags");
    key.add(seccomp.flags.value_or(std::vector<std::string>()));
    key.add(seccomp.listener_path);
    key.add(seccomp.listener_metadata);
    key.end_line();
    for (const oci::spec::SeccompSyscall& entry : seccomp.syscalls) {
        key.add(entry.names);
        key.add(entry.action);
        key.add(entry.errno_ret);
        for (const oci::spec::SeccompArg& arg : entry.args) {
            key.add(arg.index);
            key.add(arg.value);
            key.add(arg.value_two);
            key.add(arg.op);
        }
        key.end_line();
    }
    return key.text_;
}

}  // namespace ocirun
