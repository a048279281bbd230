// The words of a seccomp section: flags, listener, and the errors for what is not allowed.
#include <gtest/gtest.h>

#include "runtime/plan/seccomp_plan.hpp"
#include "runtime/plan/seccomp_rules.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/seccomp/a_filter.hpp"

namespace ocirun {
namespace {

using oci::spec::Seccomp;
using oci::test::FailsWith;
using oci::test::IsOk;
using test::a_filter;
using test::a_rule;
using testing::IsEmpty;
using testing::SizeIs;

TEST(SeccompWords, flags_become_bits) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW");
    filter.flags = std::vector<std::string>{"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
                                            "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
    EXPECT_EQ(plan_seccomp(filter, "s")->flags, 1U | 2U | 4U);
    filter.flags = std::vector<std::string>{};
    EXPECT_EQ(plan_seccomp(filter, "s")->flags, 0U);
    filter.flags.reset();
    EXPECT_EQ(plan_seccomp(filter, "s")->flags, 4U);
}

TEST(SeccompWords, waiting_killable_is_for_filters_with_a_listener) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW");
    filter.flags = std::vector<std::string>{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
    const auto alone = plan_seccomp(filter, "s");
    ASSERT_THAT(alone, IsOk());
    EXPECT_EQ(alone->flags, 0U);
    EXPECT_THAT(alone->warnings, SizeIs(1));
    filter.syscalls = {a_rule("mknod", "SCMP_ACT_NOTIFY")};
    filter.listener_path = "/run/agent.sock";
    const auto listened = plan_seccomp(filter, "s");
    ASSERT_THAT(listened, IsOk());
    EXPECT_EQ(listened->flags, 32U);
    EXPECT_THAT(listened->warnings, IsEmpty());
}

TEST(SeccompWords, a_listener_is_planned_for_notify_only) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("mknod", "SCMP_ACT_NOTIFY")});
    filter.listener_path = "/run/agent.sock";
    filter.listener_metadata = "who";
    EXPECT_EQ(plan_seccomp(filter, "s")->listener_path, "/run/agent.sock");
    EXPECT_EQ(plan_seccomp(filter, "s")->listener_metadata, "who");
    filter.syscalls[0].action = "SCMP_ACT_ERRNO";
    EXPECT_EQ(plan_seccomp(filter, "s")->listener_path, "");
}

TEST(SeccompWords, notify_needs_a_listener_path) {
    const Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("mknod", "SCMP_ACT_NOTIFY")});
    EXPECT_THAT(plan_seccomp(filter, "linux.seccomp"), FailsWith("linux.seccomp.listenerPath: is required"));
}

TEST(SeccompWords, a_listener_path_is_absolute) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("mknod", "SCMP_ACT_NOTIFY")});
    filter.listener_path = "agent.sock";
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.listenerPath: \"agent.sock\" is not an absolute"));
}

TEST(SeccompWords, listener_metadata_needs_a_listener_path) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW");
    filter.listener_metadata = "who";
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.listenerMetadata: must not be set"));
}

TEST(SeccompWords, notify_is_refused_as_default_and_for_write) {
    Seccomp filter = a_filter("SCMP_ACT_NOTIFY");
    filter.listener_path = "/run/agent.sock";
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.defaultAction: SCMP_ACT_NOTIFY cannot be"));
    filter = a_filter("SCMP_ACT_ALLOW", {a_rule("write", "SCMP_ACT_NOTIFY")});
    filter.listener_path = "/run/agent.sock";
    EXPECT_THAT(plan_seccomp(filter, "s"),
                FailsWith("s.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for the write"));
}

TEST(SeccompWords, an_errno_for_an_action_without_one_is_an_error) {
    Seccomp filter = a_filter("SCMP_ACT_KILL");
    filter.default_errno_ret = 1;
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.defaultErrnoRet: must not be set for SCMP_ACT_KILL"));
    filter = a_filter("SCMP_ACT_ERRNO", {a_rule("read", "SCMP_ACT_ALLOW")});
    filter.syscalls[0].errno_ret = 1;
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.syscalls[0].errnoRet: must not be set for"));
}

TEST(SeccompWords, an_errno_that_does_not_fit_is_an_error) {
    Seccomp filter = a_filter("SCMP_ACT_ERRNO");
    filter.default_errno_ret = 65536;
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.defaultErrnoRet: 65536 is more than 65535"));
}

TEST(SeccompWords, unknown_words_are_named_with_their_path_and_the_known_ones) {
    EXPECT_THAT(plan_seccomp(a_filter("SCMP_ACT_NO"), "s"),
                FailsWith("s.defaultAction: \"SCMP_ACT_NO\" is not one of SCMP_ACT_ALLOW, "));
    EXPECT_THAT(plan_seccomp(a_filter("SCMP_ACT_ALLOW", {a_rule("read", "")}), "s"),
                FailsWith("s.syscalls[0].action: \"\" is not one of"));
    EXPECT_THAT(
        plan_seccomp(a_filter("SCMP_ACT_ALLOW", {a_rule("read", "SCMP_ACT_KILL", {{.op = "EQ"}})}), "s"),
        FailsWith("s.syscalls[0].args[0].op: \"EQ\" is not one of SCMP_CMP_EQ"));
    Seccomp filter = a_filter("SCMP_ACT_ALLOW");
    filter.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_VAX"};
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.architectures[1]: \"SCMP_ARCH_VAX\" is not one of"));
    filter = a_filter("SCMP_ACT_ALLOW");
    filter.flags = std::vector<std::string>{"SECCOMP_FILTER_FLAG_NEW_LISTENER"};
    EXPECT_THAT(plan_seccomp(filter, "s"),
                FailsWith("s.flags[0]: \"SECCOMP_FILTER_FLAG_NEW_LISTENER\" is not"));
}

TEST(SeccompWords, an_argument_index_above_five_is_an_error) {
    const Seccomp filter =
        a_filter("SCMP_ACT_ALLOW", {a_rule("read", "SCMP_ACT_KILL", {{.index = 6, .op = "SCMP_CMP_EQ"}})});
    EXPECT_THAT(plan_seccomp(filter, "s"),
                FailsWith("s.syscalls[0].args[0].index: 6 is not between 0 and 5"));
}

TEST(SeccompWords, an_entry_without_names_is_an_error) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("read", "SCMP_ACT_KILL")});
    filter.syscalls[0].names = {};
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("s.syscalls[0].names: is required"));
}

TEST(SeccompWords, a_filter_too_long_for_the_kernel_is_an_error) {
    Seccomp filter = a_filter("SCMP_ACT_ALLOW");
    for (std::uint64_t i = 0; i < 3000; ++i)
        filter.syscalls.push_back(
            a_rule("read", "SCMP_ACT_KILL", {{.value = i << 32U, .op = "SCMP_CMP_EQ"}}));
    EXPECT_THAT(plan_seccomp(filter, "s"), FailsWith("the kernel takes at most 4096"));
}

TEST(SeccompWords, every_known_word_is_accepted) {
    for (const std::string& architecture : known_seccomp_architectures()) {
        Seccomp filter = a_filter("SCMP_ACT_ALLOW");
        filter.architectures = {architecture};
        EXPECT_THAT(plan_seccomp(filter, "s"), IsOk()) << architecture;
    }
    for (const std::string& flag : known_seccomp_flags()) {
        Seccomp filter = a_filter("SCMP_ACT_ALLOW");
        filter.flags = std::vector<std::string>{flag};
        EXPECT_THAT(plan_seccomp(filter, "s"), IsOk()) << flag;
    }
    for (const std::string& action : known_seccomp_actions()) {
        Seccomp filter = a_filter("SCMP_ACT_ALLOW", {a_rule("read", action)});
        filter.listener_path = "/run/agent.sock";
        EXPECT_THAT(plan_seccomp(filter, "s"), IsOk()) << action;
    }
    for (const std::string& op : known_seccomp_operators())
        EXPECT_THAT(
            plan_seccomp(a_filter("SCMP_ACT_ALLOW", {a_rule("read", "SCMP_ACT_KILL", {{.op = op}})}), "s"),
            IsOk())
            << op;
}

TEST(SeccompCacheKey, equal_rules_have_equal_keys) {
    EXPECT_EQ(seccomp_cache_key(a_filter("SCMP_ACT_ALLOW", {a_rule("read", "SCMP_ACT_KILL")})),
              seccomp_cache_key(a_filter("SCMP_ACT_ALLOW", {a_rule("read", "SCMP_ACT_KILL")})));
}

TEST(SeccompCacheKey, every_field_changes_the_key) {
    const Seccomp base =
        a_filter("SCMP_ACT_ERRNO",
                 {a_rule("read", "SCMP_ACT_ERRNO", {{.index = 1, .value = 2, .op = "SCMP_CMP_EQ"}})});
    std::vector<Seccomp> others(12, base);
    others[0].default_action = "SCMP_ACT_ALLOW";
    others[1].default_errno_ret = 0;
    others[2].architectures = {};
    others[3].flags = std::vector<std::string>{"SECCOMP_FILTER_FLAG_LOG"};
    others[4].listener_path = "/a";
    others[5].listener_metadata = "/a";
    others[6].syscalls[0].names = {"re", "ad"};
    others[7].syscalls[0].errno_ret = 0;
    others[8].syscalls[0].args[0].index = 2;
    others[9].syscalls[0].args[0].value_two = 2;
    others[10].syscalls[0].args[0].op = "SCMP_CMP_NE";
    others[11].syscalls.push_back(base.syscalls[0]);
    for (std::size_t i = 0; i < others.size(); ++i)
        EXPECT_NE(seccomp_cache_key(others[i]), seccomp_cache_key(base)) << i;
}

}  // namespace
}  // namespace ocirun
