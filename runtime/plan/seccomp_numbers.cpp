#include "runtime/plan/seccomp_numbers.hpp"

#include <seccomp.h>

#include <algorithm>
#include <array>

namespace ocirun {
namespace {

/// A call that 32-bit x86 reaches through socketcall(2) or ipc(2), and by its own number since Linux
/// 4.3 and 5.1. libseccomp answers the name with the pseudo number only.
struct MultiplexedCall {
    int pseudo_number;
    std::uint32_t own_number;  // 0: none
};

constexpr std::array multiplexed_calls{
    MultiplexedCall{-101, 359},  // socket
    MultiplexedCall{-102, 361},  // bind
    MultiplexedCall{-103, 362},  // connect
    MultiplexedCall{-104, 363},  // listen
    MultiplexedCall{-105, 0},    // accept
    MultiplexedCall{-106, 367},  // getsockname
    MultiplexedCall{-107, 368},  // getpeername
    MultiplexedCall{-108, 360},  // socketpair
    MultiplexedCall{-109, 0},    // send
    MultiplexedCall{-110, 0},    // recv
    MultiplexedCall{-111, 369},  // sendto
    MultiplexedCall{-112, 371},  // recvfrom
    MultiplexedCall{-113, 373},  // shutdown
    MultiplexedCall{-114, 366},  // setsockopt
    MultiplexedCall{-115, 365},  // getsockopt
    MultiplexedCall{-116, 370},  // sendmsg
    MultiplexedCall{-117, 372},  // recvmsg
    MultiplexedCall{-118, 364},  // accept4
    MultiplexedCall{-119, 337},  // recvmmsg
    MultiplexedCall{-120, 345},  // sendmmsg
    MultiplexedCall{-201, 0},    // semop
    MultiplexedCall{-202, 393},  // semget
    MultiplexedCall{-203, 394},  // semctl
    MultiplexedCall{-204, 0},    // semtimedop
    MultiplexedCall{-211, 400},  // msgsnd
    MultiplexedCall{-212, 401},  // msgrcv
    MultiplexedCall{-213, 399},  // msgget
    MultiplexedCall{-214, 402},  // msgctl
    MultiplexedCall{-221, 397},  // shmat
    MultiplexedCall{-222, 398},  // shmdt
    MultiplexedCall{-223, 395},  // shmget
    MultiplexedCall{-224, 396},  // shmctl
};
constexpr std::uint32_t x86_socketcall = 102;
constexpr std::uint32_t x86_ipc = 117;

const MultiplexedCall* find_multiplexed(int pseudo_number) {
    for (const MultiplexedCall& call : multiplexed_calls) {
        if (call.pseudo_number == pseudo_number) return &call;
    }
    return nullptr;
}

/// The rule as seen through socketcall(2) or ipc(2): the first argument is the number of the operation.
/// The other conditions stay, as libseccomp has them, though they look at the multiplexer's arguments.
NumberedRule through_multiplexer(int pseudo_number, const SeccompRule& rule) {
    const bool is_socket = pseudo_number > -200;
    const auto operation = static_cast<std::uint64_t>(-pseudo_number - (is_socket ? 100 : 200));
    NumberedRule seen{
        .number = is_socket ? x86_socketcall : x86_ipc, .action = rule.action, .conditions = {}};
    seen.conditions.push_back({.argument = 0, .comparison = SeccompOperator::equal, .value = operation});
    for (const SeccompCondition& condition : rule.conditions) {
        if (condition.argument != 0) seen.conditions.push_back(condition);
    }
    return seen;
}

class Numbering {
public:
    Numbering(const SeccompRules& rules, std::uint32_t architecture) : rules_(rules) {
        result_.architecture = architecture;
        numbers_.reserve(rules.named_calls.size());
        for (const std::string& name : rules.named_calls) {
            numbers_.push_back(::seccomp_syscall_resolve_name_arch(architecture, name.c_str()));
            note_newest(numbers_.back());
        }
    }

    ArchitectureRules run() {
        for (const SeccompRule& rule : rules_.rules) add(number_of(rule.name), rule);
        std::stable_sort(result_.rules.begin(), result_.rules.end(),
                         [](const NumberedRule& a, const NumberedRule& b) { return a.number < b.number; });
        return std::move(result_);
    }

private:
    [[nodiscard]] int number_of(const std::string& name) const {
        const auto& names = rules_.named_calls;
        const auto found = std::lower_bound(names.begin(), names.end(), name);
        return numbers_[static_cast<std::size_t>(found - names.begin())];
    }

    void note(std::uint32_t number) {
        if (!result_.newest || *result_.newest < number) result_.newest = number;
    }

    void note_newest(int number) {
        if (number >= 0) return note(static_cast<std::uint32_t>(number));
        if (result_.architecture != SCMP_ARCH_X86) return;
        const MultiplexedCall* call = find_multiplexed(number);
        if (call == nullptr) return;
        note(call->pseudo_number > -200 ? x86_socketcall : x86_ipc);
        if (call->own_number != 0) note(call->own_number);
    }

    void add(int number, const SeccompRule& rule) {
        if (number >= 0) {
            result_.rules.push_back({.number = static_cast<std::uint32_t>(number),
                                     .action = rule.action,
                                     .conditions = rule.conditions});
            return;
        }
        if (result_.architecture != SCMP_ARCH_X86) return;
        const MultiplexedCall* call = find_multiplexed(number);
        if (call == nullptr) return;
        result_.rules.push_back(through_multiplexer(number, rule));
        if (call->own_number == 0) return;
        result_.rules.push_back(
            {.number = call->own_number, .action = rule.action, .conditions = rule.conditions});
    }

    const SeccompRules& rules_;
    std::vector<int> numbers_;  // of rules_.named_calls, in their order
    ArchitectureRules result_;
};

}  // namespace

ArchitectureRules number_rules(const SeccompRules& rules, std::uint32_t architecture) {
    return Numbering(rules, architecture).run();
}

std::vector<std::string> unknown_calls(const SeccompRules& rules) {
    std::vector<std::string> unknown;
    for (const std::string& name : rules.named_calls) {
        if (::seccomp_syscall_resolve_name(name.c_str()) == __NR_SCMP_ERROR) unknown.push_back(name);
    }
    return unknown;
}

}  // namespace ocirun
