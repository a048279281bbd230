#include "runtime/plan/cgroup_plan.hpp"

#include "runtime/plan/resource_writes.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using oci::spec::Resources;
using oci::test::FailsWith;
using oci::test::IsOk;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> lines(const Resources& resources, CgroupVersion version) {
    std::vector<std::string> warnings;
    const auto writes = plan_resource_writes(resources, version, "linux.resources", warnings);
    EXPECT_THAT(writes, IsOk());
    std::vector<std::string> result;
    if (writes)
        for (const CgroupWrite& write : *writes) result.push_back(write.file + "=" + write.value);
    return result;
}
std::vector<std::string> v1(const Resources& resources) {
    return lines(resources, CgroupVersion::v1);
}
std::vector<std::string> v2(const Resources& resources) {
    return lines(resources, CgroupVersion::v2);
}

oci::Result<std::vector<CgroupWrite>> plan(const Resources& resources, CgroupVersion version,
                                           std::vector<std::string>* warnings = nullptr) {
    std::vector<std::string> ignored;
    return plan_resource_writes(resources, version, "linux.resources", warnings ? *warnings : ignored);
}

Resources with_memory(oci::spec::Memory memory) {
    Resources resources;
    resources.memory = std::move(memory);
    return resources;
}
Resources with_cpu(oci::spec::Cpu cpu) {
    Resources resources;
    resources.cpu = std::move(cpu);
    return resources;
}
Resources with_block_io(oci::spec::BlockIo block) {
    Resources resources;
    resources.block_io = std::move(block);
    return resources;
}

HostFacts host_with(CgroupVersion version) {
    HostFacts host;
    host.cgroup.version = version;
    host.cgroup.unified_mount_point = "/sys/fs/cgroup";
    return host;
}
oci::spec::RuntimeConfig config_with(const std::string& cgroups_path, Resources resources = {}) {
    oci::spec::RuntimeConfig config;
    config.linux_section.emplace();
    config.linux_section->cgroups_path = cgroups_path;
    config.linux_section->resources = std::move(resources);
    return config;
}

TEST(ResourceWrites, memory_on_v1) {
    EXPECT_THAT(
        v1(with_memory({.limit = 1000000,
                        .reservation = 500000,
                        .swap = 3000000,
                        .swappiness = 0,
                        .disable_oom_killer = true})),
        ElementsAre("memory.limit_in_bytes=1000000", "memory.memsw.limit_in_bytes=3000000",
                    "memory.soft_limit_in_bytes=500000", "memory.swappiness=0", "memory.oom_control=1"));
}

TEST(ResourceWrites, unlimited_memory_on_v1_frees_swap_too) {
    EXPECT_THAT(v1(with_memory({.limit = -1})),
                ElementsAre("memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"));
}

TEST(ResourceWrites, memory_on_v2_counts_swap_apart) {
    EXPECT_THAT(v2(with_memory({.limit = 1000000, .reservation = 500000, .swap = 3000000})),
                ElementsAre("memory.swap.max=2000000", "memory.max=1000000", "memory.low=500000"));
}

TEST(ResourceWrites, swap_equal_to_memory_forbids_swap_on_v2) {
    EXPECT_THAT(v2(with_memory({.limit = 1000000, .swap = 1000000})),
                ElementsAre("memory.swap.max=0", "memory.max=1000000"));
}

TEST(ResourceWrites, unlimited_is_max_on_v2) {
    EXPECT_THAT(v2(with_memory({.limit = -1})), ElementsAre("memory.swap.max=max", "memory.max=max"));
    EXPECT_THAT(v2(with_memory({.limit = 4096, .swap = -1})),
                ElementsAre("memory.swap.max=max", "memory.max=4096"));
}

TEST(ResourceWrites, zero_memory_means_not_set) {
    EXPECT_THAT(v1(with_memory({.limit = 0, .reservation = 0, .swap = 0})), IsEmpty());
    EXPECT_THAT(v2(with_memory({.limit = 0, .reservation = 0, .swap = 0})), IsEmpty());
}

TEST(ResourceWrites, swap_below_memory_is_an_error) {
    for (const CgroupVersion version : {CgroupVersion::v1, CgroupVersion::v2})
        EXPECT_THAT(plan(with_memory({.limit = 1000, .swap = 500}), version),
                    FailsWith("linux.resources.memory.swap: is 500, less than memory.limit (1000)"));
}

TEST(ResourceWrites, swap_without_memory_is_an_error_on_v2) {
    EXPECT_THAT(plan(with_memory({.swap = 500}), CgroupVersion::v2),
                FailsWith("linux.resources.memory.swap"));
}

TEST(ResourceWrites, swappiness_beyond_100_is_an_error_but_not_the_engines_unset) {
    EXPECT_THAT(plan(with_memory({.swappiness = 101}), CgroupVersion::v1), FailsWith("allowed are 0 to 100"));
    EXPECT_THAT(v1(with_memory({.swappiness = ~std::uint64_t{0}})), IsEmpty());
}

TEST(ResourceWrites, kernel_memory_may_be_unknown_to_the_kernel) {
    const auto writes = plan(with_memory({.kernel = 4096, .kernel_tcp = 8192}), CgroupVersion::v1);
    ASSERT_THAT(writes, IsOk());
    ASSERT_EQ(writes->size(), 2U);
    EXPECT_EQ(writes->at(0).file, "memory.kmem.limit_in_bytes");
    EXPECT_TRUE(writes->at(0).may_be_missing);
    EXPECT_EQ(writes->at(1).file, "memory.kmem.tcp.limit_in_bytes");
}

TEST(ResourceWrites, v1_only_memory_controls_warn_on_v2) {
    std::vector<std::string> warnings;
    const auto writes = plan(with_memory({.kernel = 1, .swappiness = 10, .disable_oom_killer = true}),
                             CgroupVersion::v2, &warnings);
    ASSERT_THAT(writes, IsOk());
    EXPECT_THAT(*writes, IsEmpty());
    EXPECT_EQ(warnings.size(), 3U);
}

TEST(ResourceWrites, check_before_update_asks_for_the_usage) {
    const auto writes = plan(with_memory({.limit = 4096, .check_before_update = true}), CgroupVersion::v2);
    ASSERT_THAT(writes, IsOk());
    ASSERT_EQ(writes->size(), 1U);
    EXPECT_EQ(writes->front().usage_file, "memory.current");
}

TEST(ResourceWrites, cpu_on_v1) {
    EXPECT_THAT(v1(with_cpu({.shares = 512,
                             .quota = 50000,
                             .burst = 1000,
                             .period = 100000,
                             .realtime_runtime = 900,
                             .realtime_period = 1000,
                             .cpus = "0-1",
                             .mems = "0"})),
                ElementsAre("cpu.shares=512", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000",
                            "cpu.cfs_burst_us=1000", "cpu.rt_period_us=1000", "cpu.rt_runtime_us=900",
                            "cpuset.cpus=0-1", "cpuset.mems=0"));
}

TEST(ResourceWrites, cpu_on_v2) {
    EXPECT_THAT(v2(with_cpu({.shares = 1024, .quota = 50000, .burst = 1000, .period = 100000, .cpus = "0"})),
                ElementsAre("cpu.weight=100", "cpu.max=50000 100000", "cpu.max.burst=1000", "cpuset.cpus=0"));
}

TEST(ResourceWrites, cpu_max_without_quota_or_period) {
    EXPECT_THAT(v2(with_cpu({.quota = -1})), ElementsAre("cpu.max=max"));
    EXPECT_THAT(v2(with_cpu({.period = 20000})), ElementsAre("cpu.max=max 20000"));
    EXPECT_THAT(v2(with_cpu({.quota = 5000})), ElementsAre("cpu.max=5000"));
}

TEST(ResourceWrites, idle_group_takes_no_weight) {
    EXPECT_THAT(v2(with_cpu({.shares = 512, .idle = 1})), ElementsAre("cpu.idle=1"));
    EXPECT_THAT(v1(with_cpu({.shares = 512, .idle = 0})), ElementsAre("cpu.idle=0", "cpu.shares=512"));
}

TEST(ResourceWrites, realtime_is_an_error_on_v2) {
    EXPECT_THAT(plan(with_cpu({.realtime_runtime = 1}), CgroupVersion::v2),
                FailsWith("linux.resources.cpu.realtimeRuntime: cgroup v2 has no realtime control"));
}

TEST(ResourceWrites, burst_beyond_quota_is_an_error) {
    EXPECT_THAT(plan(with_cpu({.quota = 1000, .burst = 2000}), CgroupVersion::v2), FailsWith("cpu.burst"));
}

TEST(ResourceWrites, cpu_weight_meets_the_known_points) {
    EXPECT_EQ(to_cpu_weight(0), 0U);
    EXPECT_EQ(to_cpu_weight(1), 1U);
    EXPECT_EQ(to_cpu_weight(2), 1U);
    EXPECT_EQ(to_cpu_weight(1024), 100U);
    EXPECT_EQ(to_cpu_weight(262144), 10000U);
    EXPECT_EQ(to_cpu_weight(~std::uint64_t{0}), 10000U);
    for (std::uint64_t shares = 3; shares < 262144; shares += 97)
        ASSERT_LE(to_cpu_weight(shares - 1), to_cpu_weight(shares)) << shares;
}

TEST(ResourceWrites, io_weight_is_linear) {
    EXPECT_EQ(to_io_weight(10), 1U);
    EXPECT_EQ(to_io_weight(1000), 10000U);
    EXPECT_EQ(to_io_weight(500), 4950U);
}

TEST(ResourceWrites, pids_zero_is_a_limit) {
    Resources resources;
    resources.pids = oci::spec::Pids{.limit = 0};
    EXPECT_THAT(v1(resources), ElementsAre("pids.max=0"));
    resources.pids->limit = -1;
    EXPECT_THAT(v2(resources), ElementsAre("pids.max=max"));
}

TEST(ResourceWrites, block_io_on_v1) {
    EXPECT_THAT(
        v1(with_block_io({.weight = 300,
                          .leaf_weight = 200,
                          .weight_device = {{.major = 8, .minor = 0, .weight = 500, .leaf_weight = 100}},
                          .throttle_read_bps_device = {{.major = 8, .minor = 0, .rate = 600}},
                          .throttle_write_iops_device = {{.major = 8, .minor = 16, .rate = 300}}})),
        ElementsAre("blkio.bfq.weight=300", "blkio.leaf_weight=200", "blkio.bfq.weight_device=8:0 500",
                    "blkio.leaf_weight_device=8:0 100", "blkio.throttle.read_bps_device=8:0 600",
                    "blkio.throttle.write_iops_device=8:16 300"));
}

TEST(ResourceWrites, block_io_on_v2) {
    const Resources resources =
        with_block_io({.weight = 1000,
                       .weight_device = {{.major = 8, .minor = 0, .weight = 10}},
                       .throttle_read_bps_device = {{.major = 8, .minor = 0, .rate = 600}},
                       .throttle_write_iops_device = {{.major = 8, .minor = 0}}});
    EXPECT_THAT(v2(resources), ElementsAre("io.bfq.weight=default 1000", "io.bfq.weight=8:0 10",
                                           "io.max=8:0 rbps=600", "io.max=8:0 wiops=max"));
    const auto writes = plan(resources, CgroupVersion::v2);
    ASSERT_THAT(writes, IsOk());
    EXPECT_EQ(writes->front().fallback_file, "io.weight");
    EXPECT_EQ(writes->front().fallback_value, "default 10000");
    EXPECT_EQ(writes->at(2).origin, "linux.resources.blockIO.throttleReadBpsDevice[0]");
}

TEST(ResourceWrites, leaf_weight_is_an_error_on_v2) {
    EXPECT_THAT(plan(with_block_io({.leaf_weight = 10}), CgroupVersion::v2), FailsWith("blockIO.leafWeight"));
}

TEST(ResourceWrites, huge_pages_limit_use_and_reservation) {
    Resources resources;
    resources.hugepage_limits = {{.page_size = "2MB", .limit = 4194304}};
    EXPECT_THAT(v2(resources), ElementsAre("hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304"));
    EXPECT_THAT(v1(resources),
                ElementsAre("hugetlb.2MB.limit_in_bytes=4194304", "hugetlb.2MB.rsvd.limit_in_bytes=4194304"));
}

TEST(ResourceWrites, huge_page_size_cannot_name_another_file) {
    for (const std::string size : {"", "2", "MB", "../2MB", "2MB/x", "2MiB"}) {
        Resources resources;
        resources.hugepage_limits = {{.page_size = size, .limit = 1}};
        EXPECT_THAT(plan(resources, CgroupVersion::v2), FailsWith("hugepageLimits[0].pageSize")) << size;
    }
}

TEST(ResourceWrites, network_on_v1_and_its_warning_on_v2) {
    Resources resources;
    resources.network =
        oci::spec::Network{.class_id = 1048577, .priorities = {{.name = "eth0", .priority = 500}}};
    EXPECT_THAT(v1(resources), ElementsAre("net_cls.classid=1048577", "net_prio.ifpriomap=eth0 500"));
    std::vector<std::string> warnings;
    ASSERT_THAT(plan(resources, CgroupVersion::v2, &warnings), IsOk());
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("network.classID"), HasSubstr("network.priorities")));
}

TEST(ResourceWrites, rdma_names_only_what_is_limited) {
    Resources resources;
    resources.rdma = {{"mlx5_1", {.hca_handles = 3, .hca_objects = 10000}}, {"rxe3", {.hca_objects = 5}}};
    EXPECT_THAT(v2(resources),
                ElementsAre("rdma.max=mlx5_1 hca_handle=3 hca_object=10000", "rdma.max=rxe3 hca_object=5"));
}

TEST(ResourceWrites, unified_writes_line_by_line) {
    Resources resources;
    resources.unified = {{"io.max", "259:0 rbps=2097152\n253:0 wiops=120\n"}, {"memory.high", "1000"}};
    EXPECT_THAT(v2(resources),
                ElementsAre("io.max=259:0 rbps=2097152", "io.max=253:0 wiops=120", "memory.high=1000"));
}

TEST(ResourceWrites, unified_cgroup_files_need_no_controller) {
    Resources resources;
    resources.unified = {{"cgroup.max.depth", "3"}};
    const auto writes = plan(resources, CgroupVersion::v2);
    ASSERT_THAT(writes, IsOk());
    EXPECT_EQ(writes->front().controller, "");
}

TEST(ResourceWrites, unified_name_must_be_a_cgroup_file) {
    for (const std::string name : {"../memory.max", "memory/max", "memory", ".", "..", ""}) {
        Resources resources;
        resources.unified = {{name, "1"}};
        EXPECT_THAT(plan(resources, CgroupVersion::v2), FailsWith("linux.resources.unified[")) << name;
    }
}

TEST(ResourceWrites, unified_is_an_error_on_v1) {
    Resources resources;
    resources.unified = {{"memory.high", "1000"}};
    EXPECT_THAT(plan(resources, CgroupVersion::v1), FailsWith("linux.resources.unified"));
}

TEST(CgroupPlan, empty_path_becomes_the_id) {
    const auto planned = plan_cgroup(config_with(""), host_with(CgroupVersion::v2), {.container_id = "web"});
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->path, "/web");
    EXPECT_FALSE(planned->needs_limits);
}

TEST(CgroupPlan, relative_path_is_taken_from_the_root) {
    const auto planned =
        plan_cgroup(config_with("a//b/"), host_with(CgroupVersion::v2), {.container_id = "w"});
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->path, "/a/b");
}

TEST(CgroupPlan, path_cannot_leave_the_tree) {
    for (const std::string path : {"/../x", "/a/../../x", "..", "/", "."})
        EXPECT_THAT(plan_cgroup(config_with(path), host_with(CgroupVersion::v2), {.container_id = "w"}),
                    FailsWith("linux.cgroupsPath"))
            << path;
}

TEST(CgroupPlan, systemd_driver_needs_systemd) {
    EXPECT_THAT(
        plan_cgroup(config_with(""), host_with(CgroupVersion::v2), {.container_id = "w", .systemd = true}),
        FailsWith("systemd not running on this host"));
}

TEST(CgroupPlan, v1_writes_device_rules_and_v2_has_a_program) {
    const auto on_v1 = plan_cgroup(config_with(""), host_with(CgroupVersion::v1), {.container_id = "w"});
    ASSERT_THAT(on_v1, IsOk());
    ASSERT_FALSE(on_v1->writes.empty());
    EXPECT_EQ(on_v1->writes.front().file, "devices.deny");
    EXPECT_THAT(on_v1->device_filter, IsEmpty());
    const auto on_v2 = plan_cgroup(config_with(""), host_with(CgroupVersion::v2), {.container_id = "w"});
    ASSERT_THAT(on_v2, IsOk());
    EXPECT_THAT(on_v2->writes, IsEmpty());
    EXPECT_FALSE(on_v2->device_filter.empty());
}

TEST(CgroupPlan, limit_without_cgroups_is_an_error) {
    EXPECT_THAT(plan_cgroup(config_with("", with_memory({.limit = 1000})), host_with(CgroupVersion::none),
                            {.container_id = "w"}),
                FailsWith("linux.resources.memory.limit cannot be set"));
}

TEST(CgroupPlan, disabled_cgroups_turn_limits_into_a_warning) {
    const auto planned = plan_cgroup(config_with("", with_memory({.limit = 1000})),
                                     host_with(CgroupVersion::v2), {.container_id = "w", .disabled = true});
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->version, CgroupVersion::none);
    EXPECT_THAT(planned->writes, IsEmpty());
    EXPECT_THAT(planned->warnings, ElementsAre(HasSubstr("cgroups are disabled")));
}

TEST(CgroupPlan, no_cgroups_and_no_limits_is_fine) {
    const auto planned = plan_cgroup(config_with(""), host_with(CgroupVersion::none), {.container_id = "w"});
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->version, CgroupVersion::none);
}

TEST(CgroupPlan, delegates_to_the_mapped_user_of_a_writable_mount) {
    auto config = config_with("");
    config.process.emplace();
    config.process->user = {.uid = 1000, .gid = 100, .umask = {}, .additional_gids = {}};
    config.linux_section->namespaces = {{.type = "cgroup", .path = ""}};
    config.linux_section->uid_mappings = {{.container_id = 0, .host_id = 100000, .size = 65536}};
    config.linux_section->gid_mappings = {{.container_id = 0, .host_id = 200000, .size = 65536}};
    config.mounts = {{.destination = "/sys/fs/cgroup",
                      .type = "cgroup",
                      .source = "cgroup",
                      .options = {},
                      .uid_mappings = {},
                      .gid_mappings = {}}};
    const auto planned = plan_cgroup(config, host_with(CgroupVersion::v2), {.container_id = "w"});
    ASSERT_THAT(planned, IsOk());
    EXPECT_EQ(planned->delegate_to, std::make_pair(std::uint32_t{101000}, std::uint32_t{200100}));

    config.mounts.front().options = {"ro"};
    EXPECT_EQ(plan_cgroup(config, host_with(CgroupVersion::v2), {.container_id = "w"})->delegate_to,
              std::nullopt);
    config.mounts.front().options = {};
    EXPECT_EQ(plan_cgroup(config, host_with(CgroupVersion::v1), {.container_id = "w"})->delegate_to,
              std::nullopt);
    config.linux_section->namespaces.clear();
    EXPECT_EQ(plan_cgroup(config, host_with(CgroupVersion::v2), {.container_id = "w"})->delegate_to,
              std::nullopt);
}

}  // namespace
}  // namespace ocirun
