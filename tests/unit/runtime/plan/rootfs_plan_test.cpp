#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun {
namespace {

using namespace ocirun::test;
using oci::test::FailsWith;
using oci::test::IsOk;

oci::Result<RootfsPlan> try_plan(const oci::spec::RuntimeConfig& config, const HostFacts& host = {}) {
    const auto namespaces = plan_namespaces(config, host);
    EXPECT_THAT(namespaces, IsOk());
    return plan_rootfs(config, host, *namespaces, {}, {}, "/bundle");
}

RootfsPlan plan_of(const oci::spec::RuntimeConfig& config, const HostFacts& host = {}) {
    auto plan = try_plan(config, host);
    EXPECT_THAT(plan, IsOk());
    return plan ? *plan : RootfsPlan();
}

std::vector<std::string> device_paths(const RootfsPlan& plan) {
    std::vector<std::string> paths;
    for (const PlannedDevice& device : plan.devices) paths.push_back(device.path);
    return paths;
}

TEST(RootfsPlan, a_relative_root_is_below_the_bundle) {
    auto config = a_config();
    EXPECT_EQ(plan_of(config).path, "/bundle/rootfs");
    config.root->path = "/srv//root/";
    EXPECT_EQ(plan_of(config).path, "/srv/root");
}

TEST(RootfsPlan, root_is_required) {
    auto config = a_config();
    config.root.reset();
    EXPECT_THAT(try_plan(config), FailsWith("root.path"));
}

TEST(RootfsPlan, propagation_words_and_the_default) {
    const unsigned long recursive = MS_REC;
    const std::pair<const char*, unsigned long> rows[] = {{"", MS_SLAVE | recursive},
                                                          {"slave", MS_SLAVE},
                                                          {"rslave", MS_SLAVE | recursive},
                                                          {"shared", MS_SHARED},
                                                          {"rshared", MS_SHARED | recursive},
                                                          {"private", MS_PRIVATE},
                                                          {"rprivate", MS_PRIVATE | recursive},
                                                          {"unbindable", MS_UNBINDABLE},
                                                          {"runbindable", MS_UNBINDABLE | recursive}};
    for (const auto& [word, flags] : rows) {
        auto config = a_config();
        config.linux_section->rootfs_propagation = word;
        EXPECT_EQ(plan_of(config).propagation, flags) << word;
    }
    auto config = a_config();
    config.linux_section->rootfs_propagation = "public";
    EXPECT_THAT(try_plan(config), FailsWith("linux.rootfsPropagation: unknown value \"public\""));
}

TEST(RootfsPlan, the_default_devices_of_the_specification) {
    const RootfsPlan plan = plan_of(a_config());
    EXPECT_EQ(device_paths(plan), (std::vector<std::string>{"/dev/null", "/dev/zero", "/dev/full",
                                                            "/dev/random", "/dev/urandom", "/dev/tty"}));
    EXPECT_EQ(plan.devices[0].type, mode_t{S_IFCHR});
    EXPECT_EQ(plan.devices[0].mode, mode_t{0666});
    EXPECT_EQ(plan.devices[0].major, 1U);
    EXPECT_EQ(plan.devices[0].minor, 3U);
    EXPECT_EQ(plan.devices[0].origin, "default");
}

TEST(RootfsPlan, a_listed_device_replaces_the_default_one) {
    auto config = a_config();
    oci::spec::Device device;
    device.path = "/dev/./null";
    device.type = "c";
    device.major = 1;
    device.minor = 3;
    device.file_mode = 0600;
    device.uid = 5;
    device.gid = 6;
    config.linux_section->devices = {device};
    const RootfsPlan plan = plan_of(config);
    ASSERT_EQ(plan.devices.size(), 6U);
    EXPECT_EQ(plan.devices.back().path, "/dev/null");
    EXPECT_EQ(plan.devices.back().mode, mode_t{0600});
    EXPECT_EQ(plan.devices.back().uid, 5U);
    EXPECT_EQ(plan.devices.back().gid, 6U);
    EXPECT_EQ(plan.devices.back().origin, "linux.devices[0]");
}

TEST(RootfsPlan, every_device_type_has_its_kind) {
    const std::pair<const char*, mode_t> rows[] = {
        {"c", S_IFCHR}, {"u", S_IFCHR}, {"b", S_IFBLK}, {"p", S_IFIFO}};
    for (const auto& [type, kind] : rows) {
        auto config = a_config();
        config.linux_section->devices = {{type, "/dev/x", 7, 8, {}, {}, {}}};
        EXPECT_EQ(plan_of(config).devices.back().type, kind) << type;
    }
}

TEST(RootfsPlan, the_type_bits_of_a_device_mode_are_dropped) {
    auto config = a_config();
    config.linux_section->devices = {{"c", "/dev/x", 7, 8, 020640, {}, {}}};
    EXPECT_EQ(plan_of(config).devices.back().mode, mode_t{0640});
}

TEST(RootfsPlan, bad_devices_are_named) {
    auto config = a_config();
    config.linux_section->devices = {{"x", "/dev/x", 7, 8, {}, {}, {}}};
    EXPECT_THAT(try_plan(config), FailsWith("linux.devices[0].type: unknown device type"));
    config.linux_section->devices = {{"c", "dev/x", 7, 8, {}, {}, {}}};
    EXPECT_THAT(try_plan(config), FailsWith("linux.devices[0].path"));
    config.linux_section->devices = {{"b", "/dev/x", {}, 8, {}, {}, {}}};
    EXPECT_THAT(try_plan(config), FailsWith("linux.devices[0].major: is required"));
    config.linux_section->devices = {{"c", "/dev/x", 7, 8, {}, {}, {}}, {"c", "/dev/x", 7, 9, {}, {}, {}}};
    EXPECT_THAT(try_plan(config), FailsWith("linux.devices[1].path"));
}

TEST(RootfsPlan, a_fifo_needs_no_numbers) {
    auto config = a_config();
    config.linux_section->devices = {{"p", "/dev/x", {}, {}, {}, {}, {}}};
    EXPECT_THAT(try_plan(config), IsOk());
}

TEST(RootfsPlan, ptmx_is_always_a_link_into_the_own_devpts) {
    auto config = a_config();
    config.linux_section->devices = {{"c", "/dev/ptmx", 5, 2, {}, {}, {}}};
    const RootfsPlan plan = plan_of(config);
    const auto paths = device_paths(plan);
    EXPECT_EQ(std::count(paths.begin(), paths.end(), "/dev/ptmx"), 0);
    ASSERT_EQ(plan.links.size(), 6U);
    EXPECT_EQ(plan.links.back().path, "/dev/ptmx");
    EXPECT_EQ(plan.links.back().target, "pts/ptmx");
}

TEST(RootfsPlan, a_bind_on_dev_is_left_alone) {
    auto config = a_config();
    add_mount(config, "/dev/", "none", "/dev", {"rbind"});
    const RootfsPlan plan = plan_of(config);
    EXPECT_FALSE(plan.prepare_dev);
    EXPECT_TRUE(plan.devices.empty());
    EXPECT_TRUE(plan.links.empty());
}

TEST(RootfsPlan, a_tmpfs_on_dev_is_prepared) {
    auto config = a_config();
    add_mount(config, "/dev", "tmpfs", "tmpfs");
    EXPECT_TRUE(plan_of(config).prepare_dev);
}

TEST(RootfsPlan, devices_are_bound_where_mknod_is_not_allowed) {
    EXPECT_FALSE(plan_of(a_config()).bind_devices);
    HostFacts nested;
    nested.in_user_namespace = true;
    EXPECT_TRUE(plan_of(a_config(), nested).bind_devices);
    auto config = a_config();
    add_namespace(config, "user", "/proc/7/ns/user");
    EXPECT_TRUE(plan_of(config).bind_devices);
}

TEST(RootfsPlan, protected_paths_are_cleaned_and_must_be_absolute) {
    auto config = a_config();
    config.linux_section->masked_paths = {"/proc//kcore"};
    config.linux_section->readonly_paths = {"/proc/sys/"};
    const RootfsPlan plan = plan_of(config);
    EXPECT_EQ(plan.masked_paths, std::vector<std::string>{"/proc/kcore"});
    EXPECT_EQ(plan.readonly_paths, std::vector<std::string>{"/proc/sys"});
    config.linux_section->masked_paths = {"/a", "b"};
    EXPECT_THAT(try_plan(config), FailsWith("linux.maskedPaths[1]"));
}

TEST(RootfsPlan, protection_needs_a_mount_namespace) {
    auto config = a_config();
    remove_namespace(config, "mount");
    config.linux_section->masked_paths = {"/proc/kcore"};
    EXPECT_THAT(try_plan(config), FailsWith("linux.maskedPaths: needs"));
    config.linux_section->masked_paths.clear();
    config.root->readonly = true;
    EXPECT_THAT(try_plan(config), FailsWith("root.readonly: needs"));
}

}  // namespace
}  // namespace ocirun
