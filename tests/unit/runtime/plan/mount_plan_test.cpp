#include <gtest/gtest.h>
#include <linux/mount.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun {
namespace {

using namespace ocirun::test;
using oci::test::FailsWith;
using oci::test::IsOk;

oci::Result<RootfsPlan> try_plan(const oci::spec::RuntimeConfig& config,
                                 const HostFacts& host = a_v2_host()) {
    const auto namespaces = plan_namespaces(config, host);
    EXPECT_THAT(namespaces, IsOk());
    const auto id_maps = plan_id_maps(config, *namespaces);
    EXPECT_THAT(id_maps, IsOk());
    CgroupPlan cgroup;
    cgroup.version = host.cgroup.version;
    cgroup.path = "/pod/c1";
    return plan_rootfs(config, host, *namespaces, *id_maps, cgroup, "/bundle");
}

RootfsPlan plan_of(const oci::spec::RuntimeConfig& config, const HostFacts& host = a_v2_host()) {
    auto plan = try_plan(config, host);
    EXPECT_THAT(plan, IsOk());
    return plan ? *plan : RootfsPlan();
}

PlannedMount only_mount(const oci::spec::RuntimeConfig& config, const HostFacts& host = a_v2_host()) {
    RootfsPlan plan = plan_of(config, host);
    EXPECT_EQ(plan.mounts.size(), 1U);
    return plan.mounts.empty() ? PlannedMount() : plan.mounts[0];
}

TEST(MountPlan, mounts_keep_their_order_and_origin) {
    auto config = a_config();
    add_mount(config, "/b", "tmpfs", "tmpfs");
    add_mount(config, "/a", "tmpfs", "tmpfs");
    const RootfsPlan plan = plan_of(config);
    ASSERT_EQ(plan.mounts.size(), 2U);
    EXPECT_EQ(plan.mounts[0].destination, "/b");
    EXPECT_EQ(plan.mounts[1].origin, "mounts[1]");
}

TEST(MountPlan, bind_comes_from_the_option_or_the_type) {
    for (const char* option : {"bind", "rbind"}) {
        auto config = a_config();
        add_mount(config, "/data", "none", "/srv", {option});
        EXPECT_EQ(only_mount(config).kind, PlannedMount::Kind::bind) << option;
    }
    auto config = a_config();
    add_mount(config, "/data", "bind", "/srv");
    const PlannedMount mount = only_mount(config);
    EXPECT_EQ(mount.kind, PlannedMount::Kind::bind);
    EXPECT_TRUE(mount.options.bind);
    EXPECT_FALSE(mount.options.recursive_bind);
}

TEST(MountPlan, a_relative_source_is_below_the_bundle) {
    auto config = a_config();
    add_mount(config, "/data", "bind", "./volumes/../data");
    EXPECT_EQ(only_mount(config).source, "/bundle/data");
}

TEST(MountPlan, a_file_system_keeps_source_type_and_data) {
    auto config = a_config();
    add_mount(config, "/tmp", "tmpfs", "scratch", {"nosuid", "size=64k"});
    const PlannedMount mount = only_mount(config);
    EXPECT_EQ(mount.kind, PlannedMount::Kind::filesystem);
    EXPECT_EQ(mount.source, "scratch");
    EXPECT_EQ(mount.type, "tmpfs");
    EXPECT_EQ(mount.options.data, "size=64k");
}

TEST(MountPlan, destinations_are_cleaned) {
    auto config = a_config();
    add_mount(config, "/a//b/../../../c/", "tmpfs", "tmpfs");
    EXPECT_EQ(only_mount(config).destination, "/c");
}

TEST(MountPlan, a_relative_destination_is_taken_from_the_root_with_a_warning) {
    auto config = a_config();
    add_mount(config, "data", "tmpfs", "tmpfs");
    const RootfsPlan plan = plan_of(config);
    EXPECT_EQ(plan.mounts[0].destination, "/data");
    ASSERT_EQ(plan.warnings.size(), 1U);
    EXPECT_NE(plan.warnings[0].find("mounts[0].destination"), std::string::npos);
}

TEST(MountPlan, nothing_is_mounted_over_the_root) {
    for (const char* destination : {"/", "//", "/a/..", "."}) {
        auto config = a_config();
        add_mount(config, destination, "tmpfs", "tmpfs");
        EXPECT_THAT(try_plan(config), FailsWith("mounts[0].destination")) << destination;
    }
}

TEST(MountPlan, a_bind_needs_a_source_and_a_file_system_a_type) {
    auto bind = a_config();
    add_mount(bind, "/a", "bind", "");
    EXPECT_THAT(try_plan(bind), FailsWith("mounts[0].source"));
    auto none = a_config();
    add_mount(none, "/a", "", "/x");
    EXPECT_THAT(try_plan(none), FailsWith("mounts[0].type"));
}

TEST(MountPlan, without_a_mount_namespace_mounts_are_refused) {
    auto config = a_config();
    remove_namespace(config, "mount");
    EXPECT_THAT(try_plan(config), IsOk());
    add_mount(config, "/tmp", "tmpfs", "tmpfs");
    EXPECT_THAT(try_plan(config), FailsWith("mount"));
}

TEST(ProcMountRule, procfs_may_stand_on_proc) {
    auto config = a_config();
    add_mount(config, "/proc", "proc", "proc");
    EXPECT_EQ(only_mount(config).type, "proc");
}

TEST(ProcMountRule, the_hosts_procfs_may_be_bound_on_proc) {
    auto config = a_config();
    add_mount(config, "/proc", "none", "/proc/", {"rbind"});
    EXPECT_EQ(only_mount(config).source, "/proc");
}

TEST(ProcMountRule, anything_else_over_proc_is_refused) {
    auto bind = a_config();
    add_mount(bind, "/proc", "none", "/tmp", {"bind"});
    EXPECT_THAT(try_plan(bind), FailsWith("mounts[0].destination"));
    for (const char* destination : {"/proc", "/./proc/", "/proc/self", "/proc/self/attr", "/proc/net/dev",
                                    "/proc/sys", "/proc/1/../sysrq-trigger"}) {
        auto config = a_config();
        add_mount(config, destination, "tmpfs", "tmpfs");
        EXPECT_THAT(try_plan(config), FailsWith("mounts[0].destination")) << destination;
    }
}

TEST(ProcMountRule, the_files_of_lxcfs_may_be_covered) {
    for (const char* file : {"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo",
                             "/proc/slabinfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
                             "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled"}) {
        auto config = a_config();
        add_mount(config, file, "bind", "/x");
        EXPECT_THAT(try_plan(config), IsOk()) << file;
    }
}

TEST(ProcMountRule, a_name_that_only_begins_like_proc_is_free) {
    auto config = a_config();
    add_mount(config, "/process", "tmpfs", "tmpfs");
    EXPECT_THAT(try_plan(config), IsOk());
}

TEST(CgroupMountPlan, v2_is_mounted_anew_in_a_private_namespace) {
    auto config = a_config();
    add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", {"ro"});
    const PlannedMount mount = only_mount(config);
    EXPECT_EQ(mount.kind, PlannedMount::Kind::cgroup);
    EXPECT_TRUE(mount.cgroup_v2);
    EXPECT_FALSE(mount.cgroup_by_bind);
    ASSERT_EQ(mount.cgroup_entries.size(), 1U);
    EXPECT_EQ(mount.cgroup_entries[0].name, "");
}

TEST(CgroupMountPlan, v2_is_bound_without_a_private_namespace) {
    auto config = a_config();
    remove_namespace(config, "cgroup");
    add_mount(config, "/sys/fs/cgroup", "cgroup2", "cgroup");
    const PlannedMount mount = only_mount(config);
    EXPECT_TRUE(mount.cgroup_by_bind);
    EXPECT_EQ(mount.cgroup_entries[0].host_path, "/sys/fs/cgroup");
}

TEST(CgroupMountPlan, v1_has_one_entry_for_each_hierarchy) {
    auto config = a_config();
    add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", {"relatime", "xattr"});
    const PlannedMount mount = only_mount(config, a_v1_host());
    EXPECT_FALSE(mount.cgroup_v2);
    ASSERT_EQ(mount.cgroup_entries.size(), 8U);
    const CgroupMountEntry& merged = mount.cgroup_entries[0];
    EXPECT_EQ(merged.name, "cpu,cpuacct");
    EXPECT_EQ(merged.links, (std::vector<std::string>{"cpu", "cpuacct"}));
    EXPECT_EQ(merged.filesystem_data, "cpu,cpuacct");
    EXPECT_EQ(merged.host_path, "/sys/fs/cgroup/cpu,cpuacct/pod/c1");
    const CgroupMountEntry& memory = mount.cgroup_entries[1];
    EXPECT_TRUE(memory.links.empty());
    EXPECT_EQ(memory.filesystem_data, "memory");
    const CgroupMountEntry& named = mount.cgroup_entries[7];
    EXPECT_EQ(named.name, "systemd");
    EXPECT_EQ(named.filesystem_data, "none,name=systemd");
    EXPECT_EQ(mount.options.data, "");
}

TEST(CgroupMountPlan, a_v1_container_without_a_cgroup_sees_the_callers) {
    auto config = a_config();
    remove_namespace(config, "cgroup");
    add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup");
    const HostFacts host = a_v1_host();
    CgroupPlan disabled;
    disabled.driver = CgroupDriver::disabled;
    const auto plan = plan_rootfs(config, host, *plan_namespaces(config, host), {}, disabled, "/bundle");
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(plan->mounts[0].cgroup_entries[0].host_path, "/sys/fs/cgroup/cpu,cpuacct");
    EXPECT_EQ(plan->mounts[0].cgroup_entries[1].host_path, "/sys/fs/cgroup/memory/user");
}

TEST(CgroupMountPlan, a_hybrid_host_has_cgroup2_for_who_asks) {
    auto config = a_config();
    add_mount(config, "/sys/fs/cgroup", "cgroup2", "cgroup");
    const PlannedMount mount = only_mount(config, a_v1_host());
    EXPECT_TRUE(mount.cgroup_v2);
    EXPECT_EQ(mount.cgroup_entries[0].host_path, "/sys/fs/cgroup/unified");
}

TEST(CgroupMountPlan, without_cgroups_the_mount_is_left_out_with_a_warning) {
    auto config = a_config();
    add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup");
    add_mount(config, "/tmp", "tmpfs", "tmpfs");
    const RootfsPlan plan = plan_of(config, a_host_without_cgroups());
    ASSERT_EQ(plan.mounts.size(), 1U);
    EXPECT_EQ(plan.mounts[0].origin, "mounts[1]");
    ASSERT_EQ(plan.warnings.size(), 1U);
    EXPECT_NE(plan.warnings[0].find("mounts[0]"), std::string::npos);
}

TEST(CgroupMountPlan, a_user_namespace_sees_the_hosts_cgroups_read_only) {
    auto config = a_config();
    remove_namespace(config, "cgroup");
    add_user_namespace(config);
    add_mount(config, "/sys/fs/cgroup", "cgroup", "cgroup", {"rw"});
    const PlannedMount mount = only_mount(config);
    EXPECT_EQ(mount.options.attributes_set, std::uint64_t{MOUNT_ATTR_RDONLY});
    EXPECT_EQ(mount.options.attributes_clear, 0U);
}

TEST(CgroupMountPlan, a_read_only_bind_of_sys_covers_the_cgroups_below) {
    auto config = a_config();
    remove_namespace(config, "cgroup");
    add_user_namespace(config);
    add_mount(config, "/sys", "none", "/sys", {"rbind", "ro"});
    EXPECT_EQ(only_mount(config).options.recursive_set, std::uint64_t{MOUNT_ATTR_RDONLY});
    config.mounts[0].source = "/sysroot";
    EXPECT_EQ(only_mount(config).options.recursive_set, 0U);
}

TEST(MountIdMap, a_mount_uses_its_own_maps_first) {
    auto config = a_config();
    add_user_namespace(config);
    add_mount(config, "/data", "bind", "/srv", {"idmap"});
    config.mounts[0].uid_mappings = {{0, 7, 1}};
    config.mounts[0].gid_mappings = {{0, 8, 1}};
    const PlannedMount mount = only_mount(config);
    EXPECT_EQ(id_map_text(mount.id_map.uids), "0 7 1\n");
    EXPECT_EQ(id_map_text(mount.id_map.gids), "0 8 1\n");
    EXPECT_TRUE(mount.options.idmap);
}

TEST(MountIdMap, a_bare_idmap_uses_the_containers_maps) {
    auto config = a_config();
    add_user_namespace(config);
    add_mount(config, "/data", "bind", "/srv", {"ridmap"});
    EXPECT_EQ(id_map_text(only_mount(config).id_map.uids), "0 100000 65536\n");
}

TEST(MountIdMap, without_any_map_idmap_is_refused) {
    auto config = a_config();
    add_mount(config, "/data", "bind", "/srv", {"idmap"});
    EXPECT_THAT(try_plan(config), FailsWith("mounts[0].options: idmap needs"));
    config.mounts[0].uid_mappings = {{0, 7, 1}};
    EXPECT_THAT(try_plan(config), FailsWith("together"));
}

TEST(MountIdMap, the_map_may_stand_in_the_word) {
    auto config = a_config();
    add_user_namespace(config);
    add_mount(config, "/data", "bind", "/srv", {"idmap=uids=0-5-1#1-7-2;gids=@0-10-1"});
    const PlannedMount mount = only_mount(config);
    EXPECT_EQ(id_map_text(mount.id_map.uids), "0 5 1\n1 7 2\n");
    EXPECT_EQ(id_map_text(mount.id_map.gids), "0 100010 1\n");
    for (const char* word : {"idmap=uids=0-5;gids=0-1-1", "idmap=uids=0-5-1", "idmap=uids=0-5-0;gids=0-0-1",
                             "idmap=uids=@0-70000-1;gids=0-0-1"}) {
        config.mounts[0].options = {word};
        EXPECT_THAT(try_plan(config), FailsWith("mounts[0].options")) << word;
    }
}

TEST(MountLabel, goes_into_the_data_of_new_file_systems) {
    auto config = a_config();
    config.linux_section->mount_label = "system_u:object_r:container_file_t:s0:c1,c2";
    add_mount(config, "/tmp", "tmpfs", "tmpfs", {"size=1m"});
    add_mount(config, "/proc", "proc", "proc");
    add_mount(config, "/data", "bind", "/srv");
    HostFacts host = a_v2_host();
    EXPECT_EQ(plan_of(config, host).mounts[0].options.data, "size=1m");
    host.selinux_enabled = true;
    const RootfsPlan plan = plan_of(config, host);
    EXPECT_EQ(plan.mounts[0].options.data, "size=1m,context=\"system_u:object_r:container_file_t:s0:c1,c2\"");
    EXPECT_EQ(plan.mounts[1].options.data, "");
    EXPECT_EQ(plan.mounts[2].options.data, "");
}

}  // namespace
}  // namespace ocirun
