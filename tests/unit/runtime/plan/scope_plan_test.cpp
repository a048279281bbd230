#include "runtime/plan/scope_plan.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

HostFacts a_systemd_host() {
    HostFacts host = test::a_v2_host();
    host.systemd.running = true;
    return host;
}

HostFacts a_user_host() {
    HostFacts host = a_systemd_host();
    host.effective_uid = 1000;
    host.systemd.user_manager = true;
    host.systemd.manager_cgroup = "/user.slice/user-1000.slice/user@1000.service";
    return host;
}

oci::spec::RuntimeConfig config_at(const std::string& cgroups_path) {
    oci::spec::RuntimeConfig config = test::a_config();
    config.linux_section->cgroups_path = cgroups_path;
    return config;
}

oci::Result<CgroupPlan> plan(const oci::spec::RuntimeConfig& config, const HostFacts& host,
                             bool unsafe = false) {
    return plan_cgroup(config, host, {.container_id = "c+1", .systemd = true, .unsafe_annotations = unsafe});
}

std::string path_of(const std::string& cgroups_path, const HostFacts& host) {
    const auto planned = plan(config_at(cgroups_path), host);
    return planned ? planned->path : "error: " + planned.error().text;
}

std::vector<std::string> texts(const std::vector<UnitProperty>& properties) {
    std::vector<std::string> all;
    for (const UnitProperty& property : properties)
        all.push_back(property.name + " " + property.value.signature + " " + to_text(property.value));
    return all;
}

std::vector<std::string> limits(const std::vector<std::pair<std::string, std::string>>& files) {
    std::vector<CgroupWrite> writes;
    for (const auto& [file, value] : files)
        writes.push_back({.controller = "", .file = file, .value = value, .origin = ""});
    return texts(to_unit_properties(writes));
}

TEST(ScopePlan, names_and_places) {
    EXPECT_EQ(path_of("", a_systemd_host()), "/system.slice/ocirun-c\\x2b1.scope");
    EXPECT_EQ(path_of("machine.slice:libpod:abc", a_systemd_host()), "/machine.slice/libpod-abc.scope");
    EXPECT_EQ(path_of(":docker:abc", a_systemd_host()), "/system.slice/docker-abc.scope");
    EXPECT_EQ(
        path_of("kubepods-burstable-pod1.slice:cri-containerd:x", a_systemd_host()),
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-x.scope");
    EXPECT_EQ(path_of("-.slice:a:b", a_systemd_host()), "/a-b.scope");
    EXPECT_EQ(path_of("", a_user_host()),
              "/user.slice/user-1000.slice/user@1000.service/user.slice/ocirun-c\\x2b1.scope");
}

TEST(ScopePlan, wrong_names_are_refused) {
    for (const char* path :
         {"/a/b", "a:b", "a.slice:b", "a.slice:b:", "a.slice:b:c:d", "a.slice:b/c:d", "a.slice:b:c.slice",
          "a:b:c", "a--b.slice:c:d", "-a.slice:b:c", "a-.slice:b:c", ".slice:b:c", "a b.slice:c:d"})
        EXPECT_THAT(path_of(path, a_systemd_host()), HasSubstr("error: linux.cgroupsPath: ")) << path;
}

TEST(ScopePlan, needs_systemd) {
    EXPECT_THAT(plan(config_at(""), test::a_v2_host()), FailsWith("systemd not running on this host"));
}

TEST(ScopePlan, fixed_properties) {
    const auto planned = plan(config_at("a.slice:b:c"), a_systemd_host());
    ASSERT_THAT(planned, IsOk());
    const std::vector<std::string> all = texts(planned->scope->properties);
    for (const char* property : {"Description s 'ocirun container c+1'", "Slice s 'a.slice'",
                                 "Delegate b true", "DefaultDependencies b false", "CPUAccounting b true",
                                 "MemoryAccounting b true", "IOAccounting b true", "TasksAccounting b true",
                                 "CollectMode s 'inactive-or-failed'", "OOMPolicy s 'continue'"})
        EXPECT_THAT(all, Contains(property));
}

TEST(ScopeLimits, files_with_a_number) {
    EXPECT_THAT(limits({{"memory.max", "1000"},
                        {"memory.low", "5"},
                        {"memory.swap.max", "max"},
                        {"pids.max", "0"},
                        {"cpu.weight", "100"},
                        {"memory.high", "7"},
                        {"memory.min", "8"},
                        {"memory.zswap.max", "9"},
                        {"hugetlb.2MB.max", "1"}}),
                ElementsAre("MemoryMax t uint64 1000", "MemoryLow t uint64 5",
                            "MemorySwapMax t uint64 18446744073709551615", "TasksMax t uint64 1",
                            "CPUWeight t uint64 100", "MemoryHigh t uint64 7", "MemoryMin t uint64 8",
                            "MemoryZSwapMax t uint64 9"));
}

TEST(ScopeLimits, cpu_quota_is_rounded_up_to_ten_milliseconds) {
    EXPECT_THAT(limits({{"cpu.max", "12345 50000"}}),
                ElementsAre("CPUQuotaPerSecUSec t uint64 250000", "CPUQuotaPeriodUSec t uint64 50000"));
    EXPECT_THAT(limits({{"cpu.max", "max"}}), ElementsAre("CPUQuotaPerSecUSec t uint64 18446744073709551615",
                                                          "CPUQuotaPeriodUSec t uint64 100000"));
    EXPECT_THAT(limits({{"cpu.max", "1 0"}}), IsEmpty());
}

TEST(ScopeLimits, an_idle_group_has_no_weight) {
    EXPECT_THAT(limits({{"cpu.idle", "1"}}), ElementsAre("CPUWeight t uint64 0"));
    EXPECT_THAT(limits({{"cpu.idle", "0"}, {"cpu.weight", "5"}}), ElementsAre("CPUWeight t uint64 5"));
}

TEST(ScopeLimits, cpus_are_bits) {
    EXPECT_THAT(limits({{"cpuset.cpus", "0-1,9"}, {"cpuset.mems", "0"}}),
                ElementsAre("AllowedCPUs ay [byte 3, byte 2]", "AllowedMemoryNodes ay [byte 1]"));
}

TEST(ScopeLimits, block_devices) {
    EXPECT_THAT(
        limits({{"io.weight", "default 50"},
                {"io.weight", "8:0 70"},
                {"io.max", "8:0 rbps=1 wiops=max"},
                {"io.max", "8:16 rbps=2"}}),
        ElementsAre("IOWeight t uint64 50", "IODeviceWeight a(st) [('/dev/block/8:0', uint64 70)]",
                    "IOReadBandwidthMax a(st) [('/dev/block/8:0', uint64 1), ('/dev/block/8:16', uint64 2)]",
                    "IOWriteIOPSMax a(st) [('/dev/block/8:0', uint64 18446744073709551615)]"));
}

TEST(ScopeLimits, limits_of_the_configuration_reach_the_scope) {
    oci::spec::RuntimeConfig config = config_at("");
    config.linux_section->resources.emplace();
    config.linux_section->resources->memory = oci::spec::Memory{.limit = 4096};
    config.linux_section->resources->unified = {{"memory.high", "2048"}};
    const auto planned = plan(config, a_systemd_host());
    ASSERT_THAT(planned, IsOk());
    EXPECT_THAT(texts(planned->scope->properties), Contains("MemoryMax t uint64 4096"));
    EXPECT_THAT(texts(planned->scope->properties), Contains("MemoryHigh t uint64 2048"));
}

TEST(ScopeDevices, rules_that_systemd_can_express) {
    const std::vector<DeviceRule> rules = {{.allow = false},
                                           {.allow = true, .type = 'c', .major = 1, .minor = 3},
                                           {.allow = true, .type = 'c', .major = 136},
                                           {.allow = true, .type = 'b', .access = device_mknod}};
    const auto properties = texts(to_device_properties(rules));
    EXPECT_THAT(properties, Contains("DevicePolicy s 'strict'"));
    ASSERT_EQ(properties.size(), 2U);
    for (const char* entry : {"('/dev/char/1:3', 'rwm')", "('char-136', 'rwm')", "('block-*', 'm')"})
        EXPECT_THAT(properties[1], HasSubstr(entry));
    EXPECT_THAT(to_device_properties({{.allow = true, .type = 'c', .major = -1, .minor = 3}}), IsEmpty());
}

TEST(ScopeAnnotations, values_and_seconds) {
    oci::spec::RuntimeConfig config = config_at("");
    config.annotations = {{"org.systemd.property.KillSignal", "15"},
                          {"org.systemd.property.TimeoutStopUSec", "uint64 10000000"},
                          {"org.systemd.property.RuntimeMaxSec", "1.5"},
                          {"org.systemd.property.Description", "'mine'"},
                          {"other", "x"}};
    const auto planned = plan(config, a_systemd_host());
    ASSERT_THAT(planned, IsOk());
    const std::vector<std::string> all = texts(planned->scope->properties);
    for (const char* property : {"KillSignal i 15", "TimeoutStopUSec t uint64 10000000",
                                 "RuntimeMaxUSec t uint64 1500000", "Description s 'mine'"})
        EXPECT_THAT(all, Contains(property));
    EXPECT_THAT(all, Not(Contains("Description s 'ocirun container c+1'")));
}

TEST(ScopeAnnotations, bad_values_are_refused) {
    const auto error_of = [](const std::string& name, const std::string& value) {
        std::vector<std::string> warnings;
        const auto planned =
            plan_annotated_properties({{"org.systemd.property." + name, value}}, true, warnings);
        return planned ? std::string() : planned.error().text;
    };
    EXPECT_THAT(error_of("KillSignal", "["), HasSubstr("annotations[\"org.systemd.property.KillSignal\"]"));
    EXPECT_THAT(error_of("TimeoutStopSec", "'5'"), HasSubstr("a number of seconds"));
    EXPECT_THAT(error_of("TimeoutStopSec", "-5"), HasSubstr("a number of seconds"));
    EXPECT_THAT(error_of("a.b", "1"), HasSubstr("not the name of a property"));
    EXPECT_THAT(error_of("", "1"), HasSubstr("not the name of a property"));
}

TEST(ScopeAnnotations, R23_unsafe_properties_need_a_switch) {
    for (const char* name :
         {"ExecStartPre", "Conflicts", "Wants", "PropagatesStopTo", "Slice", "MemoryMax", "Delegate"}) {
        oci::spec::RuntimeConfig config = config_at("");
        config.annotations = {{std::string("org.systemd.property.") + name, "['sshd.service']"}};
        const auto planned = plan(config, a_systemd_host());
        ASSERT_THAT(planned, IsOk());
        EXPECT_THAT(texts(planned->scope->properties), Not(Contains(HasSubstr("sshd.service")))) << name;
        EXPECT_THAT(planned->warnings, Contains(HasSubstr("unsafe"))) << name;
        const auto allowed = plan(config, a_systemd_host(), true);
        ASSERT_THAT(allowed, IsOk());
        EXPECT_THAT(texts(allowed->scope->properties), Contains(std::string(name) + " as ['sshd.service']"));
    }
}

}  // namespace
}  // namespace ocirun
