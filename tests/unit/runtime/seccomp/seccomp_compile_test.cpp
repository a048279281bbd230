// Both compilers must decide alike: the fast one against libseccomp, over random rules and calls.
#include "runtime/plan/seccomp_compile.hpp"

#include <gtest/gtest.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <random>
#include <set>

#include "runtime/plan/seccomp_libseccomp.hpp"
#include "runtime/plan/seccomp_numbers.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/seccomp/filter_machine.hpp"

namespace ocirun {
namespace {

using oci::test::IsOk;
using Random = std::mt19937;

/// The names of the calls of x86_64, and some that only other architectures have.
std::vector<std::string> all_names() {
    std::vector<std::string> names = {"socketcall",      "ipc", "recv", "send", "waitpid", "fcntl64",
                                      "arm_fadvise64_64"};
    for (int number = 0; number < 450; ++number) {
        char* name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);
        if (name != nullptr) names.emplace_back(name);
        std::free(name);
    }
    return names;
}

std::size_t below(Random& random, std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
}

/// Values near which comparisons change their answer.
std::uint64_t a_value(Random& random) {
    constexpr std::array<std::uint64_t, 10> values = {
        0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x100000001, 0x8000000000000000, ~0ULL};
    return values.at(below(random, values.size()));
}

SeccompCondition a_condition(Random& random, unsigned argument) {
    SeccompCondition condition{.argument = argument,
                               .comparison = static_cast<SeccompOperator>(below(random, 7)),
                               .value = a_value(random)};
    if (condition.comparison == SeccompOperator::masked_equal) {
        condition.mask = a_value(random) | 0x10;
        condition.value &= condition.mask;
    }
    return condition;
}

SeccompRules random_rules(Random& random, std::vector<std::uint32_t> architectures) {
    static const std::vector<std::string> names = all_names();
    constexpr std::array<std::uint32_t, 5> actions = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM,
                                                      SECCOMP_RET_TRAP, SECCOMP_RET_LOG,
                                                      SECCOMP_RET_KILL_PROCESS};
    SeccompRules rules;
    rules.default_action = actions.at(below(random, actions.size()));
    rules.newer_calls_are_enosys = below(random, 2) == 0;
    rules.architectures = std::move(architectures);
    std::set<std::string> named;
    const std::size_t count = below(random, 120);
    for (std::size_t i = 0; i < count; ++i) {
        SeccompRule rule{.name = names[below(random, names.size())],
                         .action = actions.at(below(random, actions.size())),
                         .conditions = {}};
        // One rule for each call: overlapping conditions with different actions have no order in libseccomp.
        if (!named.insert(rule.name).second || rule.action == rules.default_action) continue;
        if (below(random, 3) == 0) {
            const unsigned first = static_cast<unsigned>(below(random, 6));
            rule.conditions.push_back(a_condition(random, first));
            if (below(random, 2) == 0) rule.conditions.push_back(a_condition(random, (first + 1) % 6));
        }
        rules.rules.push_back(std::move(rule));
    }
    rules.named_calls.assign(named.begin(), named.end());
    return rules;
}

seccomp_data random_call(Random& random) {
    constexpr std::array<std::uint32_t, 5> architectures = {SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, SCMP_ARCH_X86,
                                                            SCMP_ARCH_AARCH64, SCMP_ARCH_ARM};
    constexpr std::array<std::uint32_t, 5> bases = {0, 0, 0, 0x40000000, 0xFFFFFE40};
    seccomp_data call =
        test::a_call(architectures.at(below(random, architectures.size())),
                     bases.at(below(random, bases.size())) + static_cast<std::uint32_t>(below(random, 460)));
    for (auto& argument : call.args)
        argument = a_value(random) & (below(random, 2) == 0 ? ~0ULL : 0xFFFFFFFF);
    if (call.nr == 102 || call.nr == 117) call.args[0] = below(random, 25);
    return call;
}

std::string describe(const seccomp_data& call) {
    std::string text = "architecture " + std::to_string(call.arch) + " number " + std::to_string(call.nr);
    for (const auto argument : call.args) text += " " + std::to_string(argument);
    return text;
}

class BothCompilers : public testing::TestWithParam<std::vector<std::uint32_t>> {};

TEST_P(BothCompilers, decide_alike) {
    if (::seccomp_arch_native() != SCMP_ARCH_X86_64) GTEST_SKIP() << "written for x86_64";
    Random random(20240229);  // the same cases in every run
    for (int round = 0; round < 60; ++round) {
        const SeccompRules rules = random_rules(random, GetParam());
        ASSERT_TRUE(can_compile_seccomp(rules));
        const auto fast = compile_seccomp(rules, "s");
        const auto general = compile_with_libseccomp(rules, "s");
        ASSERT_THAT(fast, IsOk());
        ASSERT_THAT(general, IsOk());
        const auto fast_program = test::instructions_of(*fast);
        const auto general_program = test::instructions_of(*general);
        for (int i = 0; i < 4000; ++i) {
            const seccomp_data call = random_call(random);
            ASSERT_EQ(test::run_filter(fast_program, call), test::run_filter(general_program, call))
                << "round " << round << ", " << describe(call);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Architectures, BothCompilers,
    testing::Values(std::vector<std::uint32_t>{SCMP_ARCH_X86_64},
                    std::vector<std::uint32_t>{SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32},
                    std::vector<std::uint32_t>{SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
                    std::vector<std::uint32_t>{SCMP_ARCH_X86_64, SCMP_ARCH_RISCV64, SCMP_ARCH_X86}));

/// What the rules say, read literally: the first rule without conditions, else the first that holds.
std::uint32_t literal_answer(const SeccompRules& rules, const std::string& name, const seccomp_data& call) {
    const auto holds = [&](const SeccompCondition& condition) {
        const std::uint64_t argument = call.args[condition.argument];
        switch (condition.comparison) {
            case SeccompOperator::not_equal:
                return argument != condition.value;
            case SeccompOperator::less:
                return argument < condition.value;
            case SeccompOperator::less_or_equal:
                return argument <= condition.value;
            case SeccompOperator::equal:
                return argument == condition.value;
            case SeccompOperator::greater_or_equal:
                return argument >= condition.value;
            case SeccompOperator::greater:
                return argument > condition.value;
            case SeccompOperator::masked_equal:
                return (argument & condition.mask) == condition.value;
        }
        return false;
    };
    for (const SeccompRule& rule : rules.rules) {
        if (rule.name == name && rule.conditions.empty()) return rule.action;
    }
    for (const SeccompRule& rule : rules.rules) {
        if (rule.name == name && std::all_of(rule.conditions.begin(), rule.conditions.end(), holds))
            return rule.action;
    }
    return rules.default_action;
}

TEST(SeccompCompile, overlapping_rules_of_one_call_are_taken_literally) {
    if (::seccomp_arch_native() != SCMP_ARCH_X86_64) GTEST_SKIP() << "written for x86_64";
    constexpr std::array<std::uint32_t, 4> actions = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM,
                                                      SECCOMP_RET_TRAP, SECCOMP_RET_LOG};
    constexpr std::uint32_t socket_call = 41;
    Random random(7);  // the same cases in every run
    for (int round = 0; round < 100; ++round) {
        SeccompRules rules;
        rules.default_action = SECCOMP_RET_KILL_PROCESS;
        rules.architectures = {SCMP_ARCH_X86_64};
        rules.named_calls = {"socket"};
        const std::size_t count = 1 + below(random, 6);
        for (std::size_t i = 0; i < count; ++i) {
            rules.rules.push_back(
                {.name = "socket", .action = actions.at(below(random, actions.size())), .conditions = {}});
            const std::size_t conditions = below(random, 12) == 0 ? 0 : 1 + below(random, 3);
            for (unsigned argument = 0; argument < conditions; ++argument)
                rules.rules.back().conditions.push_back(a_condition(random, argument));
        }
        const auto program = compile_seccomp(rules, "s");
        ASSERT_THAT(program, IsOk());
        const auto instructions = test::instructions_of(*program);
        for (int i = 0; i < 1000; ++i) {
            seccomp_data call = random_call(random);
            call.arch = SCMP_ARCH_X86_64;
            call.nr = socket_call;
            ASSERT_EQ(test::run_filter(instructions, call), literal_answer(rules, "socket", call))
                << "round " << round << ", " << describe(call);
        }
    }
}

// As in the default profiles of engines. libseccomp 2.5 refuses socket(AF_INET, SOCK_RAW, 9) here,
// though the third rule permits it.
TEST(SeccompCompile, complementary_rules_of_one_call_permit_what_one_of_them_permits) {
    if (::seccomp_arch_native() != SCMP_ARCH_X86_64) GTEST_SKIP() << "written for x86_64";
    using enum SeccompOperator;
    constexpr std::uint32_t invalid = SECCOMP_RET_ERRNO | EINVAL;
    SeccompRules rules;
    rules.default_action = SECCOMP_RET_ERRNO | EPERM;
    rules.architectures = {SCMP_ARCH_X86_64};
    rules.named_calls = {"socket"};
    rules.rules = {{"socket", invalid, {{0, equal, 16}, {2, equal, 9}}},
                   {"socket", SECCOMP_RET_ALLOW, {{2, not_equal, 9}}},
                   {"socket", SECCOMP_RET_ALLOW, {{0, not_equal, 16}}}};
    const auto program = test::instructions_of(compile_seccomp(rules, "s").value());
    EXPECT_EQ(test::run_filter(program, test::a_call(SCMP_ARCH_X86_64, 41, {16, 0, 9})), invalid);
    EXPECT_EQ(test::run_filter(program, test::a_call(SCMP_ARCH_X86_64, 41, {16, 0, 8})), SECCOMP_RET_ALLOW);
    EXPECT_EQ(test::run_filter(program, test::a_call(SCMP_ARCH_X86_64, 41, {2, 0, 9})), SECCOMP_RET_ALLOW);
}

TEST(SeccompCompile, leaves_multiplexing_architectures_to_libseccomp) {
    SeccompRules rules;
    rules.architectures = {SCMP_ARCH_X86_64};
    EXPECT_TRUE(can_compile_seccomp(rules));
    rules.architectures = {SCMP_ARCH_X86_64, SCMP_ARCH_PPC64LE};
    EXPECT_FALSE(can_compile_seccomp(rules));
}

TEST(SeccompCompile, jumps_farther_than_a_conditional_jump_reaches) {
    SeccompRules rules;
    rules.default_action = SECCOMP_RET_ALLOW;
    rules.architectures = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};
    rules.named_calls = {"mknod", "read", "write"};
    for (std::uint64_t i = 0; i < 200; ++i) {
        for (const std::string& name : rules.named_calls)
            rules.rules.push_back({.name = name,
                                   .action = static_cast<std::uint32_t>(SECCOMP_RET_ERRNO | (i % 100 + 1)),
                                   .conditions = {{.argument = 2, .value = i}}});
    }
    const auto program = compile_seccomp(rules, "s");
    ASSERT_THAT(program, IsOk());
    const auto instructions = test::instructions_of(*program);
    for (std::uint64_t i = 0; i < 200; ++i) {
        EXPECT_EQ(test::run_filter(instructions, test::a_call(SCMP_ARCH_X86_64, 133, {0, 0, i})),
                  SECCOMP_RET_ERRNO | (i % 100 + 1));
        EXPECT_EQ(test::run_filter(instructions, test::a_call(SCMP_ARCH_X86, 14, {0, 0, i})),
                  SECCOMP_RET_ERRNO | (i % 100 + 1));
    }
    EXPECT_EQ(test::run_filter(instructions, test::a_call(SCMP_ARCH_X86_64, 133, {0, 0, 200})),
              SECCOMP_RET_ALLOW);
}

TEST(SeccompCompile, the_fast_program_is_shorter_for_a_profile_that_permits_most_calls) {
    if (::seccomp_arch_native() != SCMP_ARCH_X86_64) GTEST_SKIP() << "written for x86_64";
    SeccompRules rules;
    rules.default_action = SECCOMP_RET_ERRNO | EPERM;
    rules.newer_calls_are_enosys = true;
    rules.architectures = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
    for (const std::string& name : all_names()) {
        if (name.size() % 7 == 0) continue;
        rules.rules.push_back({.name = name, .action = SECCOMP_RET_ALLOW, .conditions = {}});
    }
    rules.named_calls = all_names();
    std::sort(rules.named_calls.begin(), rules.named_calls.end());
    const auto fast = compile_seccomp(rules, "s");
    const auto general = compile_with_libseccomp(rules, "s");
    ASSERT_THAT(fast, IsOk());
    ASSERT_THAT(general, IsOk());
    EXPECT_LT(fast->size(), general->size());
}

}  // namespace
}  // namespace ocirun
