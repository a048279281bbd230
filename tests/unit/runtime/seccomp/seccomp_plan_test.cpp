#include "runtime/plan/seccomp_plan.hpp"

#include <gtest/gtest.h>
#include <seccomp.h>

#include <cerrno>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/seccomp/a_filter.hpp"
#include "tests/unit/runtime/seccomp/filter_machine.hpp"

namespace ocirun {
namespace {

using oci::spec::Seccomp;
using oci::test::IsOk;
using test::a_filter;
using test::a_rule;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t permitted = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t unknown = SECCOMP_RET_ERRNO | ENOSYS;
constexpr std::uint32_t killed = SECCOMP_RET_KILL_THREAD;

/// Numbers of x86_64; `mknod` and `chroot` are older than `openat2`.
constexpr std::uint32_t read_call = 0;
constexpr std::uint32_t mknod_call = 133;
constexpr std::uint32_t personality_call = 135;
constexpr std::uint32_t openat2_call = 437;

std::uint32_t answer(const Seccomp& filter, std::uint32_t number, std::vector<std::uint64_t> arguments = {},
                     std::uint32_t architecture = SCMP_ARCH_X86_64) {
    const auto plan = plan_seccomp(filter, "linux.seccomp");
    EXPECT_THAT(plan, IsOk());
    if (!plan) return 0xDEAD;
    const auto word =
        test::run_filter(test::instructions_of(plan->program), test::a_call(architecture, number, arguments));
    EXPECT_TRUE(word.has_value()) << "the program is not one the kernel would take";
    return word.value_or(0xDEAD);
}

class SeccompPlanTest : public testing::Test {
protected:
    void SetUp() override {
        if (::seccomp_arch_native() != SCMP_ARCH_X86_64) GTEST_SKIP() << "the numbers are those of x86_64";
    }
};

TEST_F(SeccompPlanTest, a_named_call_gets_its_action_and_others_the_default) {
    const Seccomp filter =
        a_filter("SCMP_ACT_ERRNO", {a_rule("read", "SCMP_ACT_ALLOW"), a_rule("openat2", "SCMP_ACT_ALLOW")});
    EXPECT_EQ(answer(filter, read_call), permitted);
    EXPECT_EQ(answer(filter, mknod_call), refused);
}

TEST_F(SeccompPlanTest, every_action_has_its_word) {
    const std::vector<std::pair<std::string, std::uint32_t>> words = {
        {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
        {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
        {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
        {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
        {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO | EPERM},
        {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM},
        {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
        {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF}};
    for (const auto& [text, word] : words) {
        Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("mknod", text)});
        filter.listener_path = "/run/agent.sock";
        EXPECT_EQ(answer(filter, mknod_call), word) << text;
        EXPECT_EQ(answer(filter, read_call), permitted) << text;
    }
}

TEST_F(SeccompPlanTest, an_errno_is_part_of_the_answer) {
    Seccomp filter =
        a_filter("SCMP_ACT_ERRNO", {a_rule("mknod", "SCMP_ACT_TRACE"), a_rule("openat2", "SCMP_ACT_ALLOW")});
    filter.default_errno_ret = EACCES;
    filter.syscalls[0].errno_ret = 77;
    EXPECT_EQ(answer(filter, read_call), SECCOMP_RET_ERRNO | EACCES);
    EXPECT_EQ(answer(filter, mknod_call), SECCOMP_RET_TRACE | 77U);
}

TEST_F(SeccompPlanTest, every_operator_compares_all_64_bits_unsigned) {
    constexpr std::uint64_t value = 0x8000000200000001U;
    const std::vector<std::uint64_t> samples = {0,
                                                1,
                                                0x200000001U,
                                                0x8000000200000000U,
                                                value,
                                                value + 1,
                                                0x8000000100000001U,
                                                0x8000000300000000U,
                                                ~std::uint64_t{0}};
    for (const std::uint64_t sample : samples) {
        const std::vector<std::pair<std::string, bool>> holds = {
            {"SCMP_CMP_NE", sample != value}, {"SCMP_CMP_LT", sample < value},
            {"SCMP_CMP_LE", sample <= value}, {"SCMP_CMP_EQ", sample == value},
            {"SCMP_CMP_GE", sample >= value}, {"SCMP_CMP_GT", sample > value}};
        for (const auto& [op, expected] : holds) {
            const Seccomp filter =
                a_filter("SCMP_ACT_ALLOW",
                         {a_rule("mknod", "SCMP_ACT_ERRNO", {{.index = 3, .value = value, .op = op}})});
            EXPECT_EQ(answer(filter, mknod_call, {9, 9, 9, sample}), expected ? refused : permitted)
                << op << " " << std::hex << sample;
        }
    }
}

TEST_F(SeccompPlanTest, masked_equality_takes_the_mask_first_and_the_value_second) {
    const Seccomp filter = a_filter(
        "SCMP_ACT_ERRNO",
        {a_rule(
             "mknod", "SCMP_ACT_ALLOW",
             {{.index = 1, .value = 0xF0000000F0U, .value_two = 0x1000000010U, .op = "SCMP_CMP_MASKED_EQ"}}),
         a_rule("openat2", "SCMP_ACT_ALLOW")});
    EXPECT_EQ(answer(filter, mknod_call, {0, 0x1000000010U}), permitted);
    EXPECT_EQ(answer(filter, mknod_call, {0, 0xFF1FFFFFFF1FU & 0x1F0000001FU}), permitted);
    EXPECT_EQ(answer(filter, mknod_call, {0, 0x10U}), refused);
    EXPECT_EQ(answer(filter, mknod_call, {0, 0x1000000020U}), refused);
}

TEST_F(SeccompPlanTest, conditions_on_different_arguments_must_all_hold) {
    const Seccomp filter =
        a_filter("SCMP_ACT_ALLOW", {a_rule("mknod", "SCMP_ACT_ERRNO",
                                           {{.index = 0, .value = 5, .op = "SCMP_CMP_EQ"},
                                            {.index = 2, .value = 7, .op = "SCMP_CMP_EQ"}})});
    EXPECT_EQ(answer(filter, mknod_call, {5, 0, 7}), refused);
    EXPECT_EQ(answer(filter, mknod_call, {5, 0, 8}), permitted);
    EXPECT_EQ(answer(filter, mknod_call, {4, 0, 7}), permitted);
}

TEST_F(SeccompPlanTest, conditions_on_the_same_argument_are_alternatives) {
    const Seccomp filter =
        a_filter("SCMP_ACT_ERRNO", {a_rule("personality", "SCMP_ACT_ALLOW",
                                           {{.index = 0, .value = 0, .op = "SCMP_CMP_EQ"},
                                            {.index = 0, .value = 8, .op = "SCMP_CMP_EQ"}})});
    EXPECT_EQ(answer(filter, personality_call, {0}), permitted);
    EXPECT_EQ(answer(filter, personality_call, {8}), permitted);
    EXPECT_EQ(answer(filter, personality_call, {4}), refused);
}

TEST_F(SeccompPlanTest, rules_for_the_same_call_are_alternatives) {
    const Seccomp filter =
        a_filter("SCMP_ACT_ERRNO",
                 {a_rule("personality", "SCMP_ACT_ALLOW", {{.index = 0, .value = 0, .op = "SCMP_CMP_EQ"}}),
                  a_rule("personality", "SCMP_ACT_LOG", {{.index = 0, .value = 8, .op = "SCMP_CMP_EQ"}})});
    EXPECT_EQ(answer(filter, personality_call, {0}), permitted);
    EXPECT_EQ(answer(filter, personality_call, {8}), SECCOMP_RET_LOG);
    EXPECT_EQ(answer(filter, personality_call, {9}), refused);
}

TEST_F(SeccompPlanTest, a_rule_without_conditions_wins_over_those_with) {
    const Seccomp filter =
        a_filter("SCMP_ACT_ERRNO",
                 {a_rule("personality", "SCMP_ACT_KILL", {{.index = 0, .value = 0, .op = "SCMP_CMP_EQ"}}),
                  a_rule("personality", "SCMP_ACT_ALLOW")});
    EXPECT_EQ(answer(filter, personality_call, {0}), permitted);
}

TEST_F(SeccompPlanTest, a_call_newer_than_every_named_one_is_unknown) {
    const Seccomp filter = a_filter("SCMP_ACT_ERRNO", {a_rule("openat2", "SCMP_ACT_ALLOW")});
    EXPECT_EQ(answer(filter, openat2_call), permitted);
    EXPECT_EQ(answer(filter, openat2_call + 1), unknown);
    EXPECT_EQ(answer(filter, openat2_call - 1), refused);
    EXPECT_EQ(answer(filter, 1000), unknown);
}

TEST_F(SeccompPlanTest, a_call_that_a_rule_names_with_the_default_action_counts_as_known) {
    const Seccomp filter =
        a_filter("SCMP_ACT_ERRNO", {a_rule("read", "SCMP_ACT_ALLOW"), a_rule("openat2", "SCMP_ACT_ERRNO")});
    EXPECT_EQ(answer(filter, openat2_call), refused);
    EXPECT_EQ(answer(filter, openat2_call + 1), unknown);
}

TEST_F(SeccompPlanTest, newer_calls_are_unknown_under_every_refusing_default) {
    for (const std::string action : {"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"})
        EXPECT_EQ(answer(a_filter(action, {a_rule("read", "SCMP_ACT_ALLOW")}), 400), unknown) << action;
}

TEST_F(SeccompPlanTest, newer_calls_pass_under_a_permitting_default) {
    EXPECT_EQ(answer(a_filter("SCMP_ACT_ALLOW", {a_rule("read", "SCMP_ACT_KILL")}), 1000), permitted);
    EXPECT_EQ(answer(a_filter("SCMP_ACT_LOG", {a_rule("read", "SCMP_ACT_KILL")}), 1000), SECCOMP_RET_LOG);
    EXPECT_EQ(answer(a_filter("SCMP_ACT_TRACE", {a_rule("read", "SCMP_ACT_KILL")}), 1000),
              SECCOMP_RET_TRACE | EPERM);
}

TEST_F(SeccompPlanTest, a_filter_that_names_nothing_refuses_everything) {
    EXPECT_EQ(answer(a_filter("SCMP_ACT_ERRNO"), 0), refused);
    EXPECT_EQ(answer(a_filter("SCMP_ACT_ERRNO"), 1000), refused);
}

TEST_F(SeccompPlanTest, the_native_architecture_is_listed_without_being_named) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("mknod", "SCMP_ACT_ERRNO")});
    filter.architectures = {};
    EXPECT_EQ(answer(filter, mknod_call), refused);
}

TEST_F(SeccompPlanTest, an_architecture_that_is_not_listed_is_killed) {
    const Seccomp filter = a_filter("SCMP_ACT_ALLOW");
    EXPECT_EQ(answer(filter, 3, {}, SCMP_ARCH_X86), killed);
    EXPECT_EQ(answer(filter, 3, {}, SCMP_ARCH_AARCH64), killed);
}

TEST_F(SeccompPlanTest, each_architecture_has_its_own_numbers) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("mknod", "SCMP_ACT_ERRNO")});
    filter.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    EXPECT_EQ(answer(filter, mknod_call), refused);
    EXPECT_EQ(answer(filter, 14, {}, SCMP_ARCH_X86), refused);
    EXPECT_EQ(answer(filter, mknod_call, {}, SCMP_ARCH_X86), permitted);
    EXPECT_EQ(answer(filter, 0x40000000U + mknod_call), refused);
    EXPECT_EQ(answer(filter, 0x40000000U + read_call), permitted);
}

TEST_F(SeccompPlanTest, x32_calls_are_killed_where_x32_is_not_listed) {
    const Seccomp filter = a_filter("SCMP_ACT_ALLOW");
    EXPECT_EQ(answer(filter, 0x40000000U), killed);
    EXPECT_EQ(answer(filter, 0xFFFFFFFEU), killed);
    EXPECT_EQ(answer(filter, 0xFFFFFFFFU), permitted) << "the number of a call that a tracer skips";
}

TEST_F(SeccompPlanTest, a_socket_call_of_32_bit_x86_is_seen_through_socketcall_too) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("listen", "SCMP_ACT_ERRNO")});
    filter.architectures = {"SCMP_ARCH_X86"};
    EXPECT_EQ(answer(filter, 363, {}, SCMP_ARCH_X86), refused);
    EXPECT_EQ(answer(filter, 102, {4}, SCMP_ARCH_X86), refused);
    EXPECT_EQ(answer(filter, 102, {5}, SCMP_ARCH_X86), permitted);
}

TEST_F(SeccompPlanTest, the_upper_half_of_an_argument_does_not_exist_on_32_bit_architectures) {
    Seccomp filter =
        a_filter("SCMP_ACT_ALLOW",
                 {a_rule("mknod", "SCMP_ACT_ERRNO", {{.index = 0, .value = 5, .op = "SCMP_CMP_EQ"}})});
    filter.architectures = {"SCMP_ARCH_X86"};
    EXPECT_EQ(answer(filter, 14, {0xFF00000005U}, SCMP_ARCH_X86), refused);
    EXPECT_EQ(answer(filter, mknod_call, {0xFF00000005U}), permitted);
}

TEST_F(SeccompPlanTest, architectures_of_other_machines_are_compiled_too) {
    Seccomp filter = a_filter("SCMP_ACT_ERRNO", {a_rule("read", "SCMP_ACT_ALLOW")});
    filter.architectures = {"SCMP_ARCH_MIPSEL64", "SCMP_ARCH_S390X", "SCMP_ARCH_LOONGARCH64"};
    EXPECT_EQ(answer(filter, read_call), permitted);
    EXPECT_EQ(answer(filter, 5000, {}, SCMP_ARCH_MIPSEL64), permitted);
    EXPECT_EQ(answer(filter, 6000, {}, SCMP_ARCH_MIPSEL64), unknown);
    EXPECT_EQ(answer(filter, 6000), unknown);
}

TEST_F(SeccompPlanTest, a_call_that_nobody_knows_is_skipped_with_a_warning) {
    const Seccomp filter = a_filter(
        "SCMP_ACT_ERRNO", {a_rule("read", "SCMP_ACT_ALLOW"), a_rule("call_of_the_future", "SCMP_ACT_ALLOW")});
    const auto plan = plan_seccomp(filter, "linux.seccomp");
    ASSERT_THAT(plan, IsOk());
    EXPECT_THAT(plan->warnings,
                ElementsAre("linux.seccomp.syscalls: the system call \"call_of_the_future\" is not known "
                            "here, its rules have no effect"));
    EXPECT_EQ(answer(filter, read_call), permitted);
}

TEST_F(SeccompPlanTest, a_call_of_another_architecture_is_skipped_without_a_warning) {
    const auto plan =
        plan_seccomp(a_filter("SCMP_ACT_ERRNO", {a_rule("arm_fadvise64_64", "SCMP_ACT_ALLOW")}), "s");
    ASSERT_THAT(plan, IsOk());
    EXPECT_THAT(plan->warnings, IsEmpty());
}

}  // namespace
}  // namespace ocirun
