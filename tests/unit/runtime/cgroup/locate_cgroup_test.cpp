#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ocirun {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using oci::test::TemporaryDirectory;
using testing::ElementsAre;
using testing::IsEmpty;

CgroupPlan plan_at(const std::string& path, CgroupVersion version) {
    CgroupPlan plan;
    plan.path = path;
    plan.version = version;
    return plan;
}

TEST(LocateCgroup, v2_records_only_the_directories_that_are_missing) {
    const TemporaryDirectory tree;
    ASSERT_THAT(oci::make_directories(tree.path("a"), 0755), IsOk());
    CgroupFacts host;
    host.unified_mount_point = tree.path();
    const auto location = locate_cgroup(plan_at("/a/b/c", CgroupVersion::v2), host);
    ASSERT_THAT(location, IsOk());
    EXPECT_EQ(location->directories.at(""), tree.path("a/b/c"));
    EXPECT_THAT(location->created, ElementsAre(tree.path("a/b"), tree.path("a/b/c")));
}

TEST(LocateCgroup, v1_has_a_directory_in_every_hierarchy) {
    const TemporaryDirectory tree;
    CgroupFacts host;
    host.hierarchies = {
        {.controllers = {"cpu", "cpuacct"}, .mount_point = tree.path("cpu"), .own_path = "/"},
        {.controllers = {"name=systemd"}, .mount_point = tree.path("systemd"), .own_path = "/"}};
    const auto location = locate_cgroup(plan_at("/x", CgroupVersion::v1), host);
    ASSERT_THAT(location, IsOk());
    EXPECT_EQ(location->directories.at("cpu,cpuacct"), tree.path("cpu/x"));
    EXPECT_EQ(location->directories.at("name=systemd"), tree.path("systemd/x"));
}

TEST(LocateCgroup, without_cgroups_there_is_nothing) {
    const auto location = locate_cgroup(plan_at("", CgroupVersion::none), {});
    ASSERT_THAT(location, IsOk());
    EXPECT_TRUE(location->directories.empty());
}

TEST(LocateCgroup, path_that_leaves_the_tree_is_refused) {
    EXPECT_THAT(locate_cgroup(plan_at("/a/../../b", CgroupVersion::v2), {}), FailsWith("/a/../../b"));
    EXPECT_THAT(locate_cgroup(plan_at("/", CgroupVersion::v2), {}), FailsWith("cgroup path"));
}

TEST(UnmanagedCgroup, says_why_it_can_do_nothing) {
    const auto manager = open_cgroup_manager({});
    ASSERT_THAT(manager, IsOk());
    EXPECT_THAT((*manager)->create(), IsOk());
    EXPECT_THAT((*manager)->add_process(1), IsOk());
    EXPECT_THAT((*manager)->remove(), IsOk());
    EXPECT_THAT((*manager)->freeze(), FailsWith("the container has no cgroup, so it cannot be paused"));
    EXPECT_THAT((*manager)->signal_all(15), FailsWith("has no cgroup"));
    EXPECT_THAT(
        (*manager)->write({{.controller = "pids", .file = "pids.max", .value = "1", .origin = "limit"}}),
        FailsWith("limit cannot be set"));
}

TEST(LocateCgroup, systemd_makes_the_directories_of_a_scope) {
    const TemporaryDirectory tree;
    CgroupPlan plan = plan_at("/a.slice/b-c.scope", CgroupVersion::v2);
    plan.driver = CgroupDriver::systemd;
    plan.scope = ScopePlan{.unit = "b-c.scope", .slice = "a.slice", .user_manager = true, .properties = {}};
    CgroupFacts host;
    host.unified_mount_point = tree.path();
    const auto location = locate_cgroup(plan, host);
    ASSERT_THAT(location, IsOk());
    EXPECT_THAT(location->created, IsEmpty());
    EXPECT_EQ(location->unit, "b-c.scope");
    EXPECT_TRUE(location->user_manager);
    EXPECT_FALSE(location->unit_started);
}

TEST(SystemdCgroup, a_scope_that_was_not_started_is_not_ours) {
    const auto manager = open_cgroup_manager({.driver = CgroupDriver::systemd,
                                              .version = CgroupVersion::v2,
                                              .directories = {{"", "/does/not/exist"}},
                                              .unit = "x.scope"});
    ASSERT_THAT(manager, IsOk());
    EXPECT_THAT((*manager)->signal_all(9), IsOk());
    EXPECT_THAT((*manager)->remove(), IsOk());
}

TEST(StepsBetween, lists_from_the_top) {
    EXPECT_THAT(steps_between("/sys/fs/cgroup", "/sys/fs/cgroup/a/b"),
                ElementsAre("/sys/fs/cgroup/a", "/sys/fs/cgroup/a/b"));
    EXPECT_THAT(steps_between("/x", "/x"), IsEmpty());
}

TEST(ParseKeyed, takes_keys_with_a_number) {
    const auto values = parse_keyed("populated 1\nfrozen 0\nusage max\n\nodd\n");
    EXPECT_EQ(values.size(), 2U);
    EXPECT_EQ(values.at("populated"), 1U);
}

}  // namespace
}  // namespace ocirun
