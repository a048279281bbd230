#include "runtime/plan/seccomp_rules.hpp"

#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <string_view>

#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

template <class T>
struct Word {
    std::string_view text;
    T value;
};

struct Action {
    std::uint32_t word;
    bool takes_errno;
};

constexpr std::array actions{
    Word<Action>{"SCMP_ACT_ALLOW", {SECCOMP_RET_ALLOW, false}},
    Word<Action>{"SCMP_ACT_ERRNO", {SECCOMP_RET_ERRNO, true}},
    Word<Action>{"SCMP_ACT_KILL", {SECCOMP_RET_KILL_THREAD, false}},
    Word<Action>{"SCMP_ACT_KILL_PROCESS", {SECCOMP_RET_KILL_PROCESS, false}},
    Word<Action>{"SCMP_ACT_KILL_THREAD", {SECCOMP_RET_KILL_THREAD, false}},
    Word<Action>{"SCMP_ACT_LOG", {SECCOMP_RET_LOG, false}},
    Word<Action>{"SCMP_ACT_NOTIFY", {SECCOMP_RET_USER_NOTIF, false}},
    Word<Action>{"SCMP_ACT_TRACE", {SECCOMP_RET_TRACE, true}},
    Word<Action>{"SCMP_ACT_TRAP", {SECCOMP_RET_TRAP, false}},
};

constexpr std::array operators{
    Word<SeccompOperator>{"SCMP_CMP_EQ", SeccompOperator::equal},
    Word<SeccompOperator>{"SCMP_CMP_GE", SeccompOperator::greater_or_equal},
    Word<SeccompOperator>{"SCMP_CMP_GT", SeccompOperator::greater},
    Word<SeccompOperator>{"SCMP_CMP_LE", SeccompOperator::less_or_equal},
    Word<SeccompOperator>{"SCMP_CMP_LT", SeccompOperator::less},
    Word<SeccompOperator>{"SCMP_CMP_MASKED_EQ", SeccompOperator::masked_equal},
    Word<SeccompOperator>{"SCMP_CMP_NE", SeccompOperator::not_equal},
};

constexpr std::array architectures{
    Word<std::uint32_t>{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    Word<std::uint32_t>{"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    Word<std::uint32_t>{"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    Word<std::uint32_t>{"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    Word<std::uint32_t>{"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    Word<std::uint32_t>{"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    Word<std::uint32_t>{"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    Word<std::uint32_t>{"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    Word<std::uint32_t>{"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    Word<std::uint32_t>{"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    Word<std::uint32_t>{"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    Word<std::uint32_t>{"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    Word<std::uint32_t>{"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    Word<std::uint32_t>{"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
    Word<std::uint32_t>{"SCMP_ARCH_S390", SCMP_ARCH_S390},
    Word<std::uint32_t>{"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    Word<std::uint32_t>{"SCMP_ARCH_X32", SCMP_ARCH_X32},
    Word<std::uint32_t>{"SCMP_ARCH_X86", SCMP_ARCH_X86},
    Word<std::uint32_t>{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
};

// Architectures of the specification that libseccomp 2.5 has no system call table for. A filter without
// them kills their system calls, which no kernel of another family executes anyway.
constexpr std::array<std::string_view, 4> architectures_without_table{
    "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB"};

constexpr std::array flags{
    Word<unsigned>{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    Word<unsigned>{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    Word<unsigned>{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    Word<unsigned>{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

template <class Table>
std::vector<std::string> texts_of(const Table& table) {
    std::vector<std::string> texts;
    texts.reserve(std::size(table));
    for (const auto& word : table) texts.emplace_back(word.text);
    return texts;
}

template <class Table>
auto find_word(const Table& table, std::string_view text) -> std::optional<decltype(table.front().value)> {
    for (const auto& word : table) {
        if (word.text == text) return word.value;
    }
    return std::nullopt;
}

template <class Table>
oci::Error unknown_word(const Table& table, const std::string& text, const std::string& path) {
    return oci::failure(ErrorCode::invalid, path + ": " + oci::quote(text) + " is not one of " +
                                                oci::join(texts_of(table), ", "));
}

Result<std::uint32_t> read_action(const std::string& text, const std::optional<std::uint32_t>& number,
                                  const std::string& action_path, const std::string& errno_path) {
    const auto action = find_word(actions, text);
    if (!action) return unknown_word(actions, text, action_path);
    if (!action->takes_errno) {
        if (number.has_value())
            return oci::failure(ErrorCode::invalid, errno_path + ": must not be set for " + text +
                                                        " (only for SCMP_ACT_ERRNO and SCMP_ACT_TRACE)");
        return action->word;
    }
    const std::uint32_t data = number.value_or(EPERM);
    if (data > SECCOMP_RET_DATA)
        return oci::failure(ErrorCode::invalid,
                            errno_path + ": " + std::to_string(data) + " is more than 65535");
    return action->word | data;
}

Result<SeccompCondition> read_condition(const oci::spec::SeccompArg& arg, const std::string& path) {
    constexpr unsigned last_argument = 5;
    if (arg.index > last_argument)
        return oci::failure(ErrorCode::invalid,
                            path + ".index: " + std::to_string(arg.index) + " is not between 0 and 5");
    const auto comparison = find_word(operators, arg.op);
    if (!comparison) return unknown_word(operators, arg.op, path + ".op");
    if (*comparison != SeccompOperator::masked_equal)
        return SeccompCondition{.argument = arg.index, .comparison = *comparison, .value = arg.value};
    return SeccompCondition{.argument = arg.index,
                            .comparison = *comparison,
                            .value = arg.value_two & arg.value,
                            .mask = arg.value};
}

/// The alternatives of one entry: usually one with all conditions; when two conditions look at the same
/// argument, one alternative for each condition, which is how engines have always meant such entries.
Result<std::vector<std::vector<SeccompCondition>>> read_alternatives(const oci::spec::SeccompSyscall& entry,
                                                                     const std::string& path) {
    std::vector<SeccompCondition> conditions;
    std::set<unsigned> seen;
    bool repeats = false;
    for (std::size_t i = 0; i < entry.args.size(); ++i) {
        conditions.push_back(TRY(read_condition(entry.args[i], path + ".args[" + std::to_string(i) + "]")));
        repeats = !seen.insert(conditions.back().argument).second || repeats;
    }
    if (!repeats) return std::vector<std::vector<SeccompCondition>>{conditions};
    std::vector<std::vector<SeccompCondition>> alternatives;
    alternatives.reserve(conditions.size());
    for (const SeccompCondition& condition : conditions) alternatives.push_back({condition});
    return alternatives;
}

Result<void> read_entry(const oci::spec::SeccompSyscall& entry, const std::string& path,
                        SeccompRules& rules) {
    if (entry.names.empty()) return oci::failure(ErrorCode::invalid, path + ".names: is required");
    const std::uint32_t action =
        TRY(read_action(entry.action, entry.errno_ret, path + ".action", path + ".errnoRet"));
    const auto alternatives = TRY(read_alternatives(entry, path));
    for (const std::string& name : entry.names) {
        // The agent could never be given the listener: handing it over takes a write or a sendmsg.
        if (action == SECCOMP_RET_USER_NOTIF && (name == "write" || name == "sendmsg"))
            return oci::failure(ErrorCode::invalid,
                                path + ": SCMP_ACT_NOTIFY cannot be used for the " + name + " syscall");
        rules.named_calls.push_back(name);
        if (action == rules.default_action) continue;
        for (const auto& conditions : alternatives)
            rules.rules.push_back({.name = name, .action = action, .conditions = conditions});
    }
    return {};
}

Result<void> read_architectures(const oci::spec::Seccomp& seccomp, const std::string& origin,
                                SeccompRules& rules) {
    rules.architectures.push_back(::seccomp_arch_native());
    for (std::size_t i = 0; i < seccomp.architectures.size(); ++i) {
        const std::string& text = seccomp.architectures[i];
        const auto number = find_word(architectures, text);
        if (!number) {
            const auto& others = architectures_without_table;
            if (std::find(others.begin(), others.end(), text) != others.end()) continue;
            return unknown_word(architectures, text, origin + ".architectures[" + std::to_string(i) + "]");
        }
        auto& known = rules.architectures;
        if (std::find(known.begin(), known.end(), *number) == known.end()) known.push_back(*number);
    }
    return {};
}

/// Actions that let an unknown call through (or show it to somebody) need no answer of ours, and a
/// default of ENOSYS gives it already.
bool wants_enosys(std::uint32_t default_action) {
    const std::uint32_t kind = default_action & SECCOMP_RET_ACTION_FULL;
    if (kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE) return false;
    return default_action != (SECCOMP_RET_ERRNO | ENOSYS);
}

}  // namespace

std::vector<std::string> known_seccomp_actions() {
    return texts_of(actions);
}

std::vector<std::string> known_seccomp_operators() {
    return texts_of(operators);
}

std::vector<std::string> known_seccomp_architectures() {
    std::vector<std::string> texts = texts_of(architectures);
    texts.insert(texts.end(), architectures_without_table.begin(), architectures_without_table.end());
    std::sort(texts.begin(), texts.end());
    return texts;
}

std::string libseccomp_version() {
    const scmp_version* version = ::seccomp_version();
    return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
           std::to_string(version->micro);
}

std::vector<std::string> known_seccomp_flags() {
    return texts_of(flags);
}

Result<SeccompRules> read_seccomp_rules(const oci::spec::Seccomp& seccomp, const std::string& origin) {
    SeccompRules rules;
    rules.default_action = TRY(read_action(seccomp.default_action, seccomp.default_errno_ret,
                                           origin + ".defaultAction", origin + ".defaultErrnoRet"));
    if (rules.default_action == SECCOMP_RET_USER_NOTIF)
        return oci::failure(ErrorCode::invalid,
                            origin + ".defaultAction: SCMP_ACT_NOTIFY cannot be the default action");
    rules.newer_calls_are_enosys = wants_enosys(rules.default_action);
    TRY(read_architectures(seccomp, origin, rules));
    for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i)
        TRY(read_entry(seccomp.syscalls[i], origin + ".syscalls[" + std::to_string(i) + "]", rules));
    auto& names = rules.named_calls;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return rules;
}

Result<unsigned> read_seccomp_flags(const oci::spec::Seccomp& seccomp, const std::string& origin) {
    // As both runc and crun: a filter alone is no reason to slow the program's speculation down.
    if (!seccomp.flags) return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    const std::vector<std::string>& words = *seccomp.flags;
    unsigned set = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto flag = find_word(flags, words[i]);
        if (!flag) return unknown_word(flags, words[i], origin + ".flags[" + std::to_string(i) + "]");
        set |= *flag;
    }
    return set;
}

}  // namespace ocirun
