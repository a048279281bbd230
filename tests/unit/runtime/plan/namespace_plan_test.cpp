#include <gtest/gtest.h>
#include <linux/sched.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun {
namespace {

using namespace ocirun::test;
using oci::test::FailsWith;
using oci::test::IsOk;

NamespacePlan plan_of(const oci::spec::RuntimeConfig& config) {
    auto plan = plan_namespaces(config, a_v2_host());
    EXPECT_THAT(plan, IsOk());
    return plan ? *plan : NamespacePlan();
}

TEST(NamespacePlan, without_a_linux_section_nothing_is_created) {
    EXPECT_EQ(plan_of({}).clone_flags(), 0U);
}

TEST(NamespacePlan, every_word_has_its_clone_flag_and_proc_name) {
    const struct {
        const char* word;
        std::uint64_t flag;
        const char* proc;
    } rows[] = {{"user", CLONE_NEWUSER, "user"},       {"mount", CLONE_NEWNS, "mnt"},
                {"pid", CLONE_NEWPID, "pid"},          {"network", CLONE_NEWNET, "net"},
                {"ipc", CLONE_NEWIPC, "ipc"},          {"uts", CLONE_NEWUTS, "uts"},
                {"cgroup", CLONE_NEWCGROUP, "cgroup"}, {"time", CLONE_NEWTIME, "time"}};
    for (const auto& row : rows) {
        oci::spec::RuntimeConfig config;
        config.linux_section.emplace();
        add_namespace(config, row.word);
        const NamespacePlan plan = plan_of(config);
        ASSERT_EQ(plan.created.size(), 1U) << row.word;
        EXPECT_EQ(clone_flag(plan.created[0]), row.flag);
        EXPECT_EQ(proc_name(plan.created[0]), row.proc);
        EXPECT_EQ(spec_name(plan.created[0]), row.word);
    }
}

TEST(NamespacePlan, the_cgroup_namespace_is_not_part_of_the_clone) {
    EXPECT_EQ(plan_of(a_config()).clone_flags(),
              std::uint64_t{CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS});
}

TEST(NamespacePlan, user_is_joined_first_and_mount_last) {
    oci::spec::RuntimeConfig config;
    config.linux_section.emplace();
    for (const char* type : {"mount", "network", "user", "ipc"})
        add_namespace(config, type, std::string("/run/ns/") + type);
    const NamespacePlan plan = plan_of(config);
    std::vector<std::string> order;
    for (const auto& joined : plan.joined) order.emplace_back(spec_name(joined.kind));
    EXPECT_EQ(order, (std::vector<std::string>{"user", "network", "ipc", "mount"}));
    EXPECT_EQ(plan.joined[0].origin, "linux.namespaces[2]");
}

TEST(NamespacePlan, the_usual_container_needs_no_intermediate_process) {
    EXPECT_FALSE(plan_of(a_config()).needs_intermediate);
}

TEST(NamespacePlan, joining_only_needs_no_intermediate_process) {
    auto config = a_config();
    remove_namespace(config, "network");
    add_namespace(config, "network", "/run/netns/a");
    EXPECT_FALSE(plan_of(config).needs_intermediate);
}

TEST(NamespacePlan, a_new_user_namespace_alone_needs_no_intermediate_process) {
    auto config = a_config();
    add_user_namespace(config);
    EXPECT_FALSE(plan_of(config).needs_intermediate);
}

TEST(NamespacePlan, a_new_user_namespace_beside_a_joined_one_needs_an_intermediate_process) {
    auto config = a_config();
    add_user_namespace(config);
    remove_namespace(config, "network");
    add_namespace(config, "network", "/run/netns/a");
    EXPECT_TRUE(plan_of(config).needs_intermediate);
}

TEST(NamespacePlan, a_joined_user_namespace_needs_an_intermediate_process) {
    auto config = a_config();
    add_namespace(config, "user", "/proc/7/ns/user");
    EXPECT_TRUE(plan_of(config).needs_intermediate);
}

TEST(NamespacePlan, bad_entries_are_named) {
    auto unknown = a_config();
    add_namespace(unknown, "net");
    EXPECT_THAT(plan_namespaces(unknown, {}),
                FailsWith("linux.namespaces[6].type: unknown namespace \"net\""));
    auto twice = a_config();
    add_namespace(twice, "pid");
    EXPECT_THAT(plan_namespaces(twice, {}), FailsWith("linux.namespaces[6].type"));
    auto relative = a_config();
    add_namespace(relative, "user", "ns/user");
    EXPECT_THAT(plan_namespaces(relative, {}),
                FailsWith("linux.namespaces[6].path: must be an absolute path"));
}

TEST(NamespacePlan, time_offsets_need_a_new_time_namespace) {
    auto config = a_config();
    config.linux_section->time_offsets["monotonic"] = {10, 5};
    EXPECT_THAT(plan_namespaces(config, {}), FailsWith("linux.timeOffsets.monotonic"));
    add_namespace(config, "time");
    const NamespacePlan plan = plan_of(config);
    ASSERT_EQ(plan.time_offsets.size(), 1U);
    EXPECT_EQ(plan.time_offsets[0].clock, "monotonic");
    EXPECT_EQ(plan.time_offsets[0].seconds, 10);
    EXPECT_EQ(plan.time_offsets[0].nanoseconds, 5U);
}

TEST(IdMapPlan, takes_the_ranges_of_the_configuration) {
    auto config = a_config();
    add_user_namespace(config);
    const auto plan = plan_id_maps(config, plan_of(config));
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(id_map_text(plan->uids), "0 100000 65536\n");
}

TEST(IdMapPlan, a_new_user_namespace_without_maps_is_refused) {
    auto config = a_config();
    add_user_namespace(config);
    config.linux_section->gid_mappings.clear();
    EXPECT_THAT(plan_id_maps(config, plan_of(config)), FailsWith("linux.gidMappings"));
}

TEST(IdMapPlan, maps_without_a_user_namespace_are_refused) {
    auto config = a_config();
    config.linux_section->uid_mappings = {{0, 1000, 1}};
    EXPECT_THAT(plan_id_maps(config, plan_of(config)), FailsWith("linux.uidMappings"));
}

TEST(IdMapPlan, text_has_one_line_for_each_range) {
    EXPECT_EQ(id_map_text({{0, 1000, 1}, {1, 100000, 65536}}), "0 1000 1\n1 100000 65536\n");
}

TEST(IdMapPlan, to_host_id_finds_the_range_and_its_ends) {
    const std::vector<IdRange> ranges{{0, 1000, 1}, {10, 5000, 5}};
    std::uint32_t host = 0;
    EXPECT_TRUE(to_host_id(ranges, 0, host));
    EXPECT_EQ(host, 1000U);
    EXPECT_TRUE(to_host_id(ranges, 14, host));
    EXPECT_EQ(host, 5004U);
    EXPECT_FALSE(to_host_id(ranges, 15, host));
    EXPECT_FALSE(to_host_id(ranges, 9, host));
    EXPECT_EQ(host, 5004U);
}

}  // namespace
}  // namespace ocirun
