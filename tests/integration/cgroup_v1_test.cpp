// The cgroup v1 manager on this machine's hierarchies.

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>

#include "base/file.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "tests/integration/cgroup_fixture.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocirun::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

constexpr std::int64_t mebibyte = 1024 * 1024;

class CgroupV1 : public CgroupTest {
protected:
    void SetUp() override {
        CgroupTest::SetUp();
        if (facts_.version != CgroupVersion::v1) GTEST_SKIP() << "needs a host with cgroup v1";
    }
};

TEST_F(CgroupV1, create_makes_a_directory_in_every_hierarchy_and_remove_leaves_none) {
    const auto manager = make_manager();
    ASSERT_THAT(manager->create(), IsOk());
    const std::size_t unified = facts_.unified_mount_point.empty() ? 0 : 1;  // on a hybrid host
    EXPECT_EQ(manager->location().directories.size(), facts_.hierarchies.size() + unified);
    for (const auto& [controllers, directory] : manager->location().directories)
        EXPECT_TRUE(exists(directory)) << directory;
    ASSERT_THAT(manager->remove(), IsOk());
    EXPECT_TRUE(leftovers().empty());
}

TEST_F(CgroupV1, remove_keeps_what_was_there_before) {
    const auto first = make_container();
    const auto second = make_manager();
    ASSERT_THAT(second->create(), IsOk());
    EXPECT_TRUE(second->location().created.empty());
    ASSERT_THAT(second->remove(), IsOk());
    EXPECT_TRUE(exists(directory(*first, "pids")));
}

TEST_F(CgroupV1, create_refuses_a_cgroup_with_processes) {
    const auto first = make_container();
    const TestProcess process(sleep_for_ever);
    ASSERT_THAT(first->add_process(process.pid()), IsOk());
    EXPECT_THAT(make_manager()->create(), FailsWith("holds 1 process"));
}

TEST_F(CgroupV1, create_refuses_a_frozen_cgroup) {
    const auto first = make_container();
    ASSERT_THAT(first->freeze(), IsOk());
    EXPECT_THAT(make_manager()->create(), FailsWith("unexpectedly frozen"));
    ASSERT_THAT(first->thaw(), IsOk());
}

TEST_F(CgroupV1, limits_reach_the_kernel) {
    oci::spec::Resources resources;
    resources.memory =
        oci::spec::Memory{.limit = 64 * mebibyte, .reservation = 32 * mebibyte, .swappiness = 10};
    resources.pids = oci::spec::Pids{.limit = 20};
    resources.cpu = oci::spec::Cpu{.shares = 512, .quota = 50000, .period = 100000, .cpus = "0", .mems = "0"};
    const auto manager = make_container(resources);
    EXPECT_EQ(read(directory(*manager, "memory"), "memory.limit_in_bytes"), std::to_string(64 * mebibyte));
    EXPECT_EQ(read(directory(*manager, "memory"), "memory.soft_limit_in_bytes"),
              std::to_string(32 * mebibyte));
    EXPECT_EQ(read(directory(*manager, "pids"), "pids.max"), "20");
    EXPECT_EQ(read(directory(*manager, "cpu"), "cpu.shares"), "512");
    EXPECT_EQ(read(directory(*manager, "cpu"), "cpu.cfs_quota_us"), "50000");
    EXPECT_EQ(read(directory(*manager, "cpuset"), "cpuset.cpus"), "0");
}

TEST_F(CgroupV1, memory_and_swap_can_be_raised_and_lowered_together) {
    oci::spec::Resources resources;
    resources.memory = oci::spec::Memory{.limit = 32 * mebibyte, .swap = 32 * mebibyte};
    const auto manager = make_container(resources);
    const std::string memory = directory(*manager, "memory");
    if (!exists(memory + "/memory.memsw.limit_in_bytes")) GTEST_SKIP() << "no swap accounting here";
    std::vector<std::string> warnings;
    for (const std::int64_t size : {128 * mebibyte, 16 * mebibyte, 64 * mebibyte}) {
        resources.memory = oci::spec::Memory{.limit = size, .swap = size};
        const auto writes = plan_resource_writes(resources, CgroupVersion::v1, "r", warnings);
        ASSERT_THAT(manager->write(*writes), IsOk());
        EXPECT_EQ(read(memory, "memory.limit_in_bytes"), std::to_string(size));
        EXPECT_EQ(read(memory, "memory.memsw.limit_in_bytes"), std::to_string(size));
    }
}

TEST_F(CgroupV1, missing_controller_is_named_with_the_property) {
    oci::spec::Resources resources;
    resources.hugepage_limits = {{.page_size = "2MB", .limit = 0}};
    const auto manager = make_manager(resources);
    ASSERT_THAT(manager->create(), IsOk());
    if (!directory(*manager, "hugetlb").empty()) GTEST_SKIP() << "hugetlb is a v1 controller here";
    EXPECT_THAT(manager->apply(plan_),
                FailsWith("linux.resources.hugepageLimits[0]: no cgroup v1 hierarchy with the hugetlb"));
}

TEST_F(CgroupV1, devices_that_are_not_allowed_cannot_be_opened) {
    const auto manager = make_container();
    TestProcess allowed([] { return try_to_open("/dev/null", O_RDWR); });
    TestProcess denied([] { return try_to_open("/dev/kmsg", O_RDONLY); });
    for (TestProcess* process : {&allowed, &denied}) {
        ASSERT_THAT(manager->add_process(process->pid()), IsOk());
        process->let_go();
    }
    EXPECT_EQ(WEXITSTATUS(allowed.wait()), 0);
    EXPECT_EQ(WEXITSTATUS(denied.wait()), EPERM);
    TestProcess outside([] { return try_to_open("/dev/kmsg", O_RDONLY); });
    outside.let_go();
    EXPECT_EQ(WEXITSTATUS(outside.wait()), 0);
}

TEST_F(CgroupV1, frozen_cgroup_says_so_until_it_is_thawed) {
    const auto manager = make_container();
    const TestProcess process(sleep_for_ever);
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    EXPECT_FALSE(manager->is_frozen().value());
    ASSERT_THAT(manager->freeze(), IsOk());
    EXPECT_TRUE(manager->is_frozen().value());
    ASSERT_THAT(manager->thaw(), IsOk());
    EXPECT_FALSE(manager->is_frozen().value());
}

TEST_F(CgroupV1, kill_reaches_frozen_and_nested_processes) {
    const auto manager = make_container();
    const std::string freezer = directory(*manager, "freezer");
    const std::string nested = freezer + "/nested";
    ASSERT_EQ(::mkdir(nested.c_str(), 0755), 0);
    TestProcess upper(sleep_for_ever);
    TestProcess lower(sleep_for_ever);
    ASSERT_THAT(manager->add_process(upper.pid()), IsOk());
    ASSERT_THAT(manager->add_process(lower.pid()), IsOk());
    const auto nested_fd = oci::open_file(nested, O_RDONLY | O_DIRECTORY);
    ASSERT_THAT(oci::write_kernel_file(*nested_fd, "cgroup.procs", std::to_string(lower.pid())), IsOk());
    ASSERT_THAT(oci::write_kernel_file(*nested_fd, "freezer.state", "FROZEN"), IsOk());
    ASSERT_THAT(manager->freeze(), IsOk());
    EXPECT_EQ(manager->processes().value().size(), 2U);
    ASSERT_THAT(manager->signal_all(SIGKILL), IsOk());
    EXPECT_EQ(WTERMSIG(upper.wait()), SIGKILL);
    EXPECT_EQ(WTERMSIG(lower.wait()), SIGKILL);
    ASSERT_THAT(manager->remove(), IsOk());
}

TEST_F(CgroupV1, other_signals_reach_every_process) {
    const auto manager = make_container();
    TestProcess one(sleep_for_ever);
    TestProcess two(sleep_for_ever);
    for (TestProcess* process : {&one, &two}) ASSERT_THAT(manager->add_process(process->pid()), IsOk());
    ASSERT_THAT(manager->signal_all(SIGTERM), IsOk());
    EXPECT_EQ(WTERMSIG(one.wait()), SIGTERM);
    EXPECT_EQ(WTERMSIG(two.wait()), SIGTERM);
}

TEST_F(CgroupV1, remove_waits_for_a_dying_process) {
    const auto manager = make_container();
    TestProcess process([] { return use_memory(64 * mebibyte) + sleep_for_ever(); });
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    process.let_go();
    ASSERT_THAT(manager->signal_all(SIGKILL), IsOk());
    EXPECT_THAT(manager->remove(), IsOk());
}

TEST_F(CgroupV1, remove_takes_a_deep_and_wide_tree) {
    const auto manager = make_container();
    std::string deep = directory(*manager, "pids");
    for (int level = 0; level < 60; ++level) {
        for (const std::string name : {"/a", "/b"}) ASSERT_EQ(::mkdir((deep + name).c_str(), 0755), 0);
        deep += "/a";
    }
    EXPECT_THAT(manager->remove(), IsOk());
    EXPECT_TRUE(leftovers().empty());
}

TEST_F(CgroupV1, oom_kill_is_counted) {
    oci::spec::Resources resources;
    resources.memory = oci::spec::Memory{.limit = 8 * mebibyte, .swappiness = 0};
    const auto manager = make_container(resources);
    TestProcess process([] { return use_memory(64 * mebibyte); });
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    EXPECT_EQ(manager->oom_kills().value(), 0U);
    process.let_go();
    EXPECT_EQ(WTERMSIG(process.wait()), SIGKILL);
    EXPECT_GE(manager->oom_kills().value(), 1U);
}

TEST_F(CgroupV1, cgroup_of_a_process_is_where_it_sits_now) {
    const auto manager = make_container();
    const std::string nested = directory(*manager, "pids") + "/nested";
    ASSERT_EQ(::mkdir(nested.c_str(), 0755), 0);
    const TestProcess process(sleep_for_ever);
    ASSERT_THAT(manager->add_process(process.pid()), IsOk());
    const auto nested_fd = oci::open_file(nested, O_RDONLY | O_DIRECTORY);
    ASSERT_THAT(oci::write_kernel_file(*nested_fd, "cgroup.procs", std::to_string(process.pid())), IsOk());
    const auto now = cgroup_of_process(manager->location(), process.pid());
    ASSERT_THAT(now, IsOk());
    EXPECT_EQ(now->directories.at("pids"), nested);
    EXPECT_EQ(now->directories.at("memory"), directory(*manager, "memory"));
}

}  // namespace
}  // namespace ocirun::test
