// The cgroup v2 manager: on a private mount of this machine's unified tree, or on a full v2 host.

#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/kernel/clone.hpp"
#include "tests/integration/cgroup_fixture.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocirun::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

constexpr std::int64_t mebibyte = 1024 * 1024;

class CgroupV2 : public CgroupTest {
protected:
    void SetUp() override {
        CgroupTest::SetUp();
        if (facts_.version != CgroupVersion::v2) GTEST_SKIP() << "needs a cgroup v2 mount";
    }
    [[nodiscard]] bool has(const std::string& controller) const {
        const auto& names = facts_.unified_controllers;
        return std::find(names.begin(), names.end(), controller) != names.end();
    }
};

TEST_F(CgroupV2, create_enables_controllers_on_the_way_and_remove_leaves_nothing) {
    const auto manager = make_manager();
    ASSERT_THAT(manager->create(), IsOk());
    const std::string enabled = read(directory(*manager, ""), "cgroup.controllers");
    for (const std::string& controller : facts_.unified_controllers)
        EXPECT_NE(enabled.find(controller), std::string::npos) << controller << " in " << enabled;
    ASSERT_THAT(manager->remove(), IsOk());
    EXPECT_TRUE(leftovers().empty());
}

TEST_F(CgroupV2, remove_keeps_what_was_there_before) {
    const auto first = make_container();
    const auto second = make_manager();
    ASSERT_THAT(second->create(), IsOk());
    EXPECT_TRUE(second->location().created.empty());
    ASSERT_THAT(second->remove(), IsOk());
    EXPECT_TRUE(exists(directory(*first, "")));
}

TEST_F(CgroupV2, create_refuses_a_cgroup_with_processes) {
    const auto first = make_container();
    const TestProcess process(sleep_for_ever);
    ASSERT_THAT(first->add_process(process.pid()), IsOk());
    EXPECT_THAT(make_manager()->create(), FailsWith("holds processes"));
}

TEST_F(CgroupV2, create_refuses_a_frozen_cgroup) {
    const auto first = make_container();
    ASSERT_THAT(first->freeze(), IsOk());
    EXPECT_THAT(make_manager()->create(), FailsWith("unexpectedly frozen"));
}

TEST_F(CgroupV2, clone_puts_a_process_into_the_cgroup_at_birth) {
    const auto manager = make_container();
    ASSERT_TRUE(manager->clone_target().has_value());
    const TestProcess process(sleep_for_ever, [&] {
        auto cloned = kernel::clone_process(
            {.flags = CLONE_INTO_CGROUP, .into_cgroup = manager->clone_target(), .want_pidfd = false});
        EXPECT_THAT(cloned, IsOk());
        return cloned ? cloned->pid : -1;
    });
    EXPECT_EQ(manager->processes().value(), std::vector<pid_t>{process.pid()});
}

TEST_F(CgroupV2, huge_page_limit_reaches_the_kernel) {
    if (!has("hugetlb")) GTEST_SKIP() << "no hugetlb controller here";
    oci::spec::Resources resources;
    resources.hugepage_limits = {{.page_size = "2MB", .limit = 4 * mebibyte}};
    const auto manager = make_container(resources);
    EXPECT_EQ(read(directory(*manager, ""), "hugetlb.2MB.max"), std::to_string(4 * mebibyte));
    EXPECT_EQ(read(directory(*manager, ""), "hugetlb.2MB.rsvd.max"), std::to_string(4 * mebibyte));
}

TEST_F(CgroupV2, limits_reach_the_kernel) {
    if (!has("memory") || !has("cpu") || !has("pids") || !has("cpuset"))
        GTEST_SKIP() << "needs the memory, cpu, cpuset and pids controllers on cgroup v2";
    oci::spec::Resources resources;
    resources.memory = oci::spec::Memory{.limit = 64 * mebibyte, .reservation = 32 * mebibyte};
    resources.pids = oci::spec::Pids{.limit = 20};
    resources.cpu =
        oci::spec::Cpu{.shares = 1024, .quota = 50000, .burst = 1000, .period = 100000, .cpus = "0"};
    resources.unified = {{"memory.high", "50331648"}};
    const auto manager = make_container(resources);
    const std::string cgroup = directory(*manager, "");
    EXPECT_EQ(read(cgroup, "memory.max"), std::to_string(64 * mebibyte));
    EXPECT_EQ(read(cgroup, "memory.low"), std::to_string(32 * mebibyte));
    EXPECT_EQ(read(cgroup, "memory.high"), std::to_string(48 * mebibyte));
    EXPECT_EQ(read(cgroup, "pids.max"), "20");
    EXPECT_EQ(read(cgroup, "cpu.weight"), "100");
    EXPECT_EQ(read(cgroup, "cpu.max"), "50000 100000");
    EXPECT_EQ(read(cgroup, "cpu.max.burst"), "1000");
    EXPECT_EQ(read(cgroup, "cpuset.cpus"), "0");
}

TEST_F(CgroupV2, burst_and_quota_can_be_raised_together) {
    if (!has("cpu")) GTEST_SKIP() << "no cpu controller on cgroup v2 here";
    oci::spec::Resources resources;
    resources.cpu = oci::spec::Cpu{.quota = 10000, .burst = 5000, .period = 100000};
    const auto manager = make_container(resources);
    std::vector<std::string> warnings;
    resources.cpu = oci::spec::Cpu{.quota = 2000, .burst = 1000};
    const auto writes = plan_resource_writes(resources, CgroupVersion::v2, "r", warnings);
    ASSERT_THAT(manager->write(*writes), IsOk());
    EXPECT_EQ(read(directory(*manager, ""), "cpu.max"), "2000 100000");
    EXPECT_EQ(read(directory(*manager, ""), "cpu.max.burst"), "1000");
}

TEST_F(CgroupV2, limit_below_the_usage_is_refused_when_asked) {
    if (!has("memory")) GTEST_SKIP() << "no memory controller on cgroup v2 here";
    const auto manager = make_container();
    TestProcess process([] { return use_memory(32 * mebibyte) + sleep_for_ever(); });
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    process.let_go();
    const Deadline deadline(cgroup_patience);
    while (std::stoll(read(directory(*manager, ""), "memory.current")) < 32 * mebibyte && !deadline.passed())
        pause_briefly(std::chrono::milliseconds{5});
    oci::spec::Resources resources;
    resources.memory = oci::spec::Memory{.limit = mebibyte, .check_before_update = true};
    std::vector<std::string> warnings;
    const auto writes = plan_resource_writes(resources, CgroupVersion::v2, "r", warnings);
    EXPECT_THAT(manager->write(*writes), FailsWith("is below the current usage"));
    EXPECT_EQ(read(directory(*manager, ""), "memory.max"), "max");
}

TEST_F(CgroupV2, missing_controller_is_named_with_the_property) {
    oci::spec::Resources resources;
    resources.unified = {{"nosuch.max", "1"}};
    const auto manager = make_manager(resources);
    ASSERT_THAT(manager->create(), IsOk());
    EXPECT_THAT(manager->apply(plan_),
                FailsWith("linux.resources.unified[nosuch.max]: the nosuch controller is not available"));
}

TEST_F(CgroupV2, missing_file_is_told_apart_from_a_missing_controller) {
    oci::spec::Resources resources;
    resources.unified = {{"cgroup.nosuch", "1"}};
    const auto manager = make_manager(resources);
    ASSERT_THAT(manager->create(), IsOk());
    EXPECT_THAT(manager->apply(plan_), FailsWith("this kernel has no file cgroup.nosuch"));
}

TEST_F(CgroupV2, devices_that_are_not_allowed_cannot_be_opened) {
    oci::spec::Resources resources;
    resources.devices = {{.allow = false, .type = {}, .major = {}, .minor = {}, .access = "rwm"},
                         {.allow = true, .type = "c", .major = 1, .minor = 11, .access = "w"}};
    const auto manager = make_container(resources);
    TestProcess allowed([] { return try_to_open("/dev/null", O_RDWR); });
    TestProcess partly([] { return try_to_open("/dev/kmsg", O_WRONLY); });
    TestProcess denied([] { return try_to_open("/dev/kmsg", O_RDWR); });
    for (TestProcess* process : {&allowed, &partly, &denied}) {
        ASSERT_THAT(manager->add_process(process->pid()), IsOk());
        process->let_go();
    }
    EXPECT_EQ(WEXITSTATUS(allowed.wait()), 0);
    EXPECT_EQ(WEXITSTATUS(partly.wait()), 0);
    EXPECT_EQ(WEXITSTATUS(denied.wait()), EPERM);
}

TEST_F(CgroupV2, kernel_takes_device_programs_of_every_shape) {
    const oci::spec::DeviceCgroup all{.allow = true, .type = {}, .major = {}, .minor = {}, .access = "rwm"};
    const oci::spec::DeviceCgroup no_disk{
        .allow = false, .type = "b", .major = 8, .minor = {}, .access = "w"};
    const oci::spec::DeviceCgroup read_any{
        .allow = true, .type = "a", .major = {}, .minor = {}, .access = "r"};
    const std::vector<std::vector<oci::spec::DeviceCgroup>> lists = {
        {}, {all}, {all, no_disk}, {read_any}, {read_any, no_disk}, {no_disk, all, no_disk, read_any}};
    const auto manager = make_container();
    for (const auto& list : lists) {
        oci::spec::Resources resources;
        resources.devices = list;
        const auto next = make_manager(resources);
        EXPECT_THAT(next->filter_devices(plan_), IsOk());
    }
}

TEST_F(CgroupV2, frozen_cgroup_says_so_until_it_is_thawed) {
    const auto manager = make_container();
    const TestProcess process(sleep_for_ever);
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    EXPECT_FALSE(manager->is_frozen().value());
    ASSERT_THAT(manager->freeze(), IsOk());
    EXPECT_TRUE(manager->is_frozen().value());
    ASSERT_THAT(manager->thaw(), IsOk());
    EXPECT_FALSE(manager->is_frozen().value());
}

TEST_F(CgroupV2, kill_reaches_frozen_and_nested_processes) {
    const auto manager = make_container();
    const std::string nested = directory(*manager, "") + "/nested";
    ASSERT_EQ(::mkdir(nested.c_str(), 0755), 0);
    TestProcess upper(sleep_for_ever);
    TestProcess lower(sleep_for_ever);
    ASSERT_THAT(manager->add_process(upper.pid()), IsOk());
    const auto nested_fd = oci::open_file(nested, O_RDONLY | O_DIRECTORY);
    ASSERT_THAT(oci::write_kernel_file(*nested_fd, "cgroup.procs", std::to_string(lower.pid())), IsOk());
    ASSERT_THAT(oci::write_kernel_file(*nested_fd, "cgroup.freeze", "1"), IsOk());
    ASSERT_THAT(manager->freeze(), IsOk());
    EXPECT_EQ(manager->processes().value().size(), 2U);
    ASSERT_THAT(manager->signal_all(SIGKILL), IsOk());
    EXPECT_EQ(WTERMSIG(upper.wait()), SIGKILL);
    EXPECT_EQ(WTERMSIG(lower.wait()), SIGKILL);
    ASSERT_THAT(manager->remove(), IsOk());
}

TEST_F(CgroupV2, remove_waits_for_a_dying_process) {
    const auto manager = make_container();
    TestProcess process([] { return use_memory(64 * mebibyte) + sleep_for_ever(); });
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    process.let_go();
    ASSERT_THAT(manager->signal_all(SIGKILL), IsOk());
    EXPECT_THAT(manager->remove(), IsOk());
}

TEST_F(CgroupV2, delegation_changes_only_the_listed_files) {
    const auto manager = make_manager();
    ASSERT_THAT(manager->create(), IsOk());
    plan_.delegate_to = std::make_pair(std::uint32_t{100000}, std::uint32_t{200000});
    ASSERT_THAT(manager->apply(plan_), IsOk());
    const std::string cgroup = directory(*manager, "");
    for (const std::string file : {"", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"}) {
        struct stat status {};
        ASSERT_EQ(::stat((cgroup + file).c_str(), &status), 0);
        EXPECT_EQ(status.st_uid, 100000U) << file;
        EXPECT_EQ(status.st_gid, 200000U) << file;
    }
    struct stat status {};
    ASSERT_EQ(::stat((cgroup + "/cgroup.freeze").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 0U);
}

TEST_F(CgroupV2, oom_kill_is_counted) {
    if (!has("memory")) GTEST_SKIP() << "no memory controller on cgroup v2 here";
    oci::spec::Resources resources;
    resources.memory = oci::spec::Memory{.limit = 8 * mebibyte, .swap = 8 * mebibyte};
    const auto manager = make_container(resources);
    TestProcess process([] { return use_memory(64 * mebibyte); });
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    EXPECT_EQ(manager->oom_kills().value(), 0U);
    process.let_go();
    EXPECT_EQ(WTERMSIG(process.wait()), SIGKILL);
    EXPECT_GE(manager->oom_kills().value(), 1U);
}

TEST_F(CgroupV2, cgroup_of_a_process_is_where_it_sits_now) {
    const auto manager = make_container();
    const std::string nested = directory(*manager, "") + "/nested";
    ASSERT_EQ(::mkdir(nested.c_str(), 0755), 0);
    const TestProcess process(sleep_for_ever);
    const auto nested_fd = oci::open_file(nested, O_RDONLY | O_DIRECTORY);
    ASSERT_THAT(oci::write_kernel_file(*nested_fd, "cgroup.procs", std::to_string(process.pid())), IsOk());
    const auto now = cgroup_of_process(manager->location(), process.pid());
    ASSERT_THAT(now, IsOk());
    EXPECT_EQ(now->directories.at(""), nested);
}

class CgroupAbsent : public CgroupTest {};

TEST_F(CgroupAbsent, probe_says_none_and_the_container_goes_without) {
    if (facts_.version != CgroupVersion::none) GTEST_SKIP() << "cgroups are mounted here";
    const auto manager = make_manager();
    ASSERT_THAT(manager->create(), IsOk());
    EXPECT_THAT(manager->apply(plan_), IsOk());
    EXPECT_FALSE(manager->clone_target().has_value());
    EXPECT_THAT(manager->freeze(), FailsWith("the container has no cgroup"));
}

}  // namespace
}  // namespace ocirun::test
