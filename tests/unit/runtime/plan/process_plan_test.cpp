#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

#include "runtime/plan/capability_plan.hpp"
#include "runtime/plan/cpu_list.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun {
namespace {

using namespace ocirun::test;
using oci::test::FailsWith;
using oci::test::IsOk;

ProcessPlan plan_of(const oci::spec::Process& process, const HostFacts& host = {}) {
    auto plan = plan_process(process, host, "process");
    EXPECT_THAT(plan, IsOk());
    return plan ? *plan : ProcessPlan();
}

constexpr std::uint64_t bit(unsigned number) {
    return std::uint64_t{1} << number;
}

TEST(ProcessPlan, the_smallest_process) {
    const ProcessPlan plan = plan_of(a_process());
    EXPECT_EQ(plan.arguments, std::vector<std::string>{"/bin/true"});
    EXPECT_EQ(plan.cwd, "/");
    EXPECT_FALSE(plan.has_capabilities);
    EXPECT_EQ(plan.capabilities.bounding, 0U);
    EXPECT_FALSE(plan.umask.has_value());
}

TEST(ProcessPlan, arguments_must_name_a_program) {
    auto process = a_process();
    process.args.clear();
    EXPECT_THAT(plan_process(process, {}, "process"),
                FailsWith("process.args: process args cannot be empty"));
    EXPECT_THAT(plan_process(process, {}, ""), FailsWith("args: process args cannot be empty"));
    process.args = {""};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.args[0]"));
}

TEST(ProcessPlan, the_last_setting_of_a_variable_wins_and_keeps_its_place) {
    auto process = a_process();
    process.env = {"A=1", "B=2", "A=3", "C=", "B=x=y"};
    EXPECT_EQ(plan_of(process).environment, (std::vector<std::string>{"A=3", "C=", "B=x=y"}));
}

TEST(ProcessPlan, a_variable_without_a_name_or_sign_is_refused) {
    auto process = a_process();
    process.env = {"A=1", "nonsense"};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.env[1]: must have the form"));
    process.env = {"=1"};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.env[0]"));
    process.env = {std::string("A=\0b", 4)};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("zero byte"));
}

TEST(ProcessPlan, cwd_must_be_absolute) {
    auto process = a_process();
    process.cwd = "tmp";
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.cwd: must be an absolute path"));
}

TEST(ProcessPlan, user_and_umask_are_taken_over) {
    auto process = a_process();
    process.user = {1000, 1001, 027, {5, 6}};
    const ProcessPlan plan = plan_of(process);
    EXPECT_EQ(plan.uid, 1000U);
    EXPECT_EQ(plan.gid, 1001U);
    EXPECT_EQ(plan.umask, mode_t{027});
    EXPECT_EQ(plan.additional_gids, (std::vector<std::uint32_t>{5, 6}));
    process.user.umask = 01000;
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.user.umask"));
    process.user = {0xffffffffU, 0, std::nullopt, {}};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.user.uid"));
}

TEST(ProcessPlan, rlimits_become_numbers) {
    auto process = a_process();
    process.rlimits = {{"RLIMIT_NOFILE", 10, 20}, {"RLIMIT_CORE", 0, ~std::uint64_t{0}}};
    const ProcessPlan plan = plan_of(process);
    ASSERT_EQ(plan.rlimits.size(), 2U);
    EXPECT_EQ(plan.rlimits[0].resource, static_cast<int>(RLIMIT_NOFILE));
    EXPECT_EQ(plan.rlimits[0].soft, 10U);
    EXPECT_EQ(plan.rlimits[0].hard, 20U);
    EXPECT_EQ(plan.rlimits[1].resource, static_cast<int>(RLIMIT_CORE));
}

TEST(ProcessPlan, bad_rlimits_are_refused) {
    auto process = a_process();
    process.rlimits = {{"RLIMIT_SPEED", 1, 1}};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.rlimits[0].type: unknown limit"));
    process.rlimits = {{"RLIMIT_CPU", 1, 1}, {"RLIMIT_CPU", 2, 2}};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.rlimits[1].type"));
    process.rlimits = {{"RLIMIT_CPU", 3, 2}};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.rlimits[0].soft"));
}

TEST(ProcessPlan, console_size_counts_only_with_a_terminal) {
    auto process = a_process();
    process.console_size = oci::spec::ConsoleSize{25, 80};
    EXPECT_EQ(plan_of(process).console_height, 0U);
    process.terminal = true;
    EXPECT_EQ(plan_of(process).console_height, 25U);
    EXPECT_EQ(plan_of(process).console_width, 80U);
    process.console_size->width = 70000;
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.consoleSize"));
}

TEST(ProcessPlan, a_label_that_the_host_cannot_apply_is_refused) {
    auto process = a_process();
    process.apparmor_profile = "acme";
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.apparmorProfile"));
    HostFacts host;
    host.apparmor_enabled = true;
    EXPECT_EQ(plan_of(process, host).apparmor_profile, "acme");
    process.apparmor_profile = "unconfined";
    EXPECT_EQ(plan_of(process).apparmor_profile, "");
    process.selinux_label = "system_u:system_r:container_t:s0";
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.selinuxLabel"));
}

TEST(ProcessPlan, oom_score_adjustment_has_a_range) {
    auto process = a_process();
    process.oom_score_adj = -1000;
    EXPECT_EQ(plan_of(process).oom_score_adjustment, -1000);
    process.oom_score_adj = 1001;
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.oomScoreAdj"));
}

TEST(ProcessPlan, scheduler_becomes_attributes) {
    auto process = a_process();
    process.scheduler.emplace();
    process.scheduler->policy = "SCHED_FIFO";
    process.scheduler->priority = 10;
    process.scheduler->flags = {"SCHED_FLAG_RESET_ON_FORK"};
    const ProcessPlan plan = plan_of(process);
    EXPECT_EQ(plan.scheduler->policy, std::uint32_t{SCHED_FIFO});
    EXPECT_EQ(plan.scheduler->priority, 10U);
    EXPECT_EQ(plan.scheduler->flags, 1U);
}

TEST(ProcessPlan, bad_schedulers_are_refused) {
    auto process = a_process();
    process.scheduler.emplace();
    process.scheduler->policy = "SCHED_FASTEST";
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.scheduler.policy: unknown value"));
    process.scheduler->policy = "SCHED_OTHER";
    process.scheduler->nice = 20;
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.scheduler.nice"));
    process.scheduler->nice = 0;
    process.scheduler->priority = 1;
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.scheduler.priority"));
    process.scheduler->priority = 0;
    process.scheduler->deadline = 5;
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("SCHED_DEADLINE"));
}

TEST(ProcessPlan, io_priority_is_class_and_level) {
    auto process = a_process();
    process.io_priority = oci::spec::IoPriority{"IOPRIO_CLASS_BE", 4};
    EXPECT_EQ(plan_of(process).io_priority, (2 << 13) + 4);
    process.io_priority->priority = 8;
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.ioPriority.priority"));
}

TEST(ProcessPlan, cpu_affinity_is_a_list) {
    auto process = a_process();
    process.exec_cpu_affinity = oci::spec::ExecCpuAffinity{"0-2,7", "5"};
    const ProcessPlan plan = plan_of(process);
    EXPECT_EQ(plan.initial_cpus, (std::vector<int>{0, 1, 2, 7}));
    EXPECT_EQ(plan.final_cpus, std::vector<int>{5});
    process.exec_cpu_affinity->final_set = "5-x";
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.execCPUAffinity.final"));
}

TEST(NumberList, accepts_what_the_kernel_writes) {
    EXPECT_EQ(*parse_number_list("7,0-3, 2", 8, "x"), (std::vector<unsigned>{0, 1, 2, 3, 7}));
    EXPECT_TRUE(parse_number_list("", 8, "x")->empty());
}

TEST(NumberList, refuses_everything_else) {
    for (const char* text : {"3-1", "8", "0-8", "-1", "1-", ",", "1,,2", "a", "1-2-3", "4294967296"})
        EXPECT_FALSE(parse_number_list(text, 8, "x").has_value()) << text;
}

TEST(CapabilityPlan, names_become_bits_in_their_own_set) {
    auto process = a_process();
    process.capabilities.emplace();
    process.capabilities->bounding = {"CAP_CHOWN", "CAP_KILL"};
    process.capabilities->permitted = {"CAP_KILL"};
    process.capabilities->effective = {"CAP_KILL"};
    process.capabilities->ambient = {"CAP_CHECKPOINT_RESTORE"};
    const ProcessPlan plan = plan_of(process);
    EXPECT_TRUE(plan.has_capabilities);
    EXPECT_EQ(plan.capabilities.bounding, bit(CAP_CHOWN) | bit(CAP_KILL));
    EXPECT_EQ(plan.capabilities.permitted, bit(CAP_KILL));
    EXPECT_EQ(plan.capabilities.effective, bit(CAP_KILL));
    EXPECT_EQ(plan.capabilities.inheritable, 0U);
    EXPECT_EQ(plan.capabilities.ambient, bit(CAP_CHECKPOINT_RESTORE));
}

TEST(CapabilityPlan, an_unknown_name_is_left_out_with_a_warning) {
    auto process = a_process();
    process.capabilities.emplace();
    process.capabilities->inheritable = {"CAP_KILL", "CAP_FLY"};
    const ProcessPlan plan = plan_of(process);
    EXPECT_EQ(plan.capabilities.inheritable, bit(CAP_KILL));
    ASSERT_EQ(plan.warnings.size(), 1U);
    EXPECT_EQ(plan.warnings[0],
              "process.capabilities.inheritable[1]: unknown capability \"CAP_FLY\" is left out");
}

TEST(CapabilityPlan, what_the_host_lacks_is_left_out_with_a_warning) {
    HostFacts host;
    host.last_capability = CAP_AUDIT_READ;
    host.bounding_capabilities = ~bit(CAP_SYS_ADMIN);
    auto process = a_process();
    process.capabilities.emplace();
    process.capabilities->bounding = {"CAP_KILL", "CAP_SYS_ADMIN", "CAP_BPF"};
    const ProcessPlan plan = plan_of(process, host);
    EXPECT_EQ(plan.capabilities.bounding, bit(CAP_KILL));
    ASSERT_EQ(plan.warnings.size(), 1U);
    EXPECT_NE(plan.warnings[0].find("CAP_SYS_ADMIN, CAP_BPF"), std::string::npos) << plan.warnings[0];
}

TEST(CapabilityPlan, effective_must_be_permitted) {
    auto process = a_process();
    process.capabilities.emplace();
    process.capabilities->effective = {"CAP_KILL"};
    EXPECT_THAT(plan_process(process, {}, "process"), FailsWith("process.capabilities.effective: CAP_KILL"));
}

TEST(CapabilityPlan, text_names_the_bits) {
    EXPECT_EQ(capability_text(0), "none");
    EXPECT_EQ(capability_text(bit(0) | bit(5) | bit(60)), "CAP_CHOWN, CAP_KILL, 60");
}

}  // namespace
}  // namespace ocirun
