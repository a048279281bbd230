#include "runtime/cli/default_spec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spec/runtime/config_json.hpp"
#include "spec/runtime/validate.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using oci::test::IsOk;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> namespaces_of(const oci::spec::RuntimeConfig& config) {
    std::vector<std::string> types;
    for (const auto& one : config.linux_section->namespaces) types.push_back(one.type);
    return types;
}

oci::spec::Mount mount_on(const oci::spec::RuntimeConfig& config, const std::string& destination) {
    for (const auto& mount : config.mounts) {
        if (mount.destination == destination) return mount;
    }
    ADD_FAILURE() << "no mount on " << destination;
    return {};
}

TEST(DefaultSpec, breaks_no_rule_of_the_specification) {
    EXPECT_THAT(oci::spec::validate(default_spec({})), IsEmpty());
    EXPECT_THAT(oci::spec::validate(default_spec({.rootless = true, .uid = 1000, .gid = 100})), IsEmpty());
}

TEST(DefaultSpec, is_read_back_as_it_was_written) {
    for (const bool rootless : {false, true}) {
        const std::string text = default_spec_json({.rootless = rootless, .uid = 1000, .gid = 100});
        const auto read = oci::spec::load_runtime_config(text, "config.json");
        ASSERT_THAT(read, IsOk());
        EXPECT_EQ(oci::spec::to_json(*read, "\t") + "\n", text);
    }
}

TEST(DefaultSpec, starts_a_shell_on_a_terminal_with_few_capabilities) {
    const auto config = default_spec({});
    EXPECT_THAT(config.process->args, ElementsAre("sh"));
    EXPECT_TRUE(config.process->terminal);
    EXPECT_TRUE(config.process->no_new_privileges);
    EXPECT_TRUE(config.root->readonly);
    const auto three = ElementsAre("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE");
    EXPECT_THAT(config.process->capabilities->bounding, three);
    EXPECT_THAT(config.process->capabilities->effective, three);
    EXPECT_THAT(config.process->capabilities->permitted, three);
    EXPECT_THAT(config.process->capabilities->ambient, IsEmpty());
    EXPECT_THAT(config.process->capabilities->inheritable, IsEmpty());
}

TEST(DefaultSpec, has_every_namespace_but_user_and_time) {
    EXPECT_THAT(namespaces_of(default_spec({})),
                ElementsAre("pid", "network", "ipc", "uts", "mount", "cgroup"));
}

TEST(DefaultSpec, denies_every_device) {
    const auto config = default_spec({});
    ASSERT_EQ(config.linux_section->resources->devices.size(), 1U);
    EXPECT_FALSE(config.linux_section->resources->devices[0].allow);
    EXPECT_EQ(config.linux_section->resources->devices[0].access, "rwm");
}

TEST(DefaultSpec, rootless_maps_the_one_user_and_group_to_root) {
    const auto config = default_spec({.rootless = true, .uid = 1000, .gid = 100});
    EXPECT_THAT(namespaces_of(config), ElementsAre("pid", "ipc", "uts", "mount", "cgroup", "user"));
    ASSERT_EQ(config.linux_section->uid_mappings.size(), 1U);
    EXPECT_EQ(config.linux_section->uid_mappings[0].host_id, 1000U);
    EXPECT_EQ(config.linux_section->uid_mappings[0].size, 1U);
    ASSERT_EQ(config.linux_section->gid_mappings.size(), 1U);
    EXPECT_EQ(config.linux_section->gid_mappings[0].host_id, 100U);
    EXPECT_FALSE(config.linux_section->resources.has_value());
}

TEST(DefaultSpec, rootless_binds_sys_and_names_no_unmapped_group) {
    const auto config = default_spec({.rootless = true});
    EXPECT_EQ(mount_on(config, "/sys").type, "none");
    EXPECT_THAT(mount_on(config, "/sys").options, Contains("rbind"));
    EXPECT_THAT(mount_on(config, "/dev/pts").options, Not(Contains(StartsWith("gid="))));
    EXPECT_THAT(mount_on(default_spec({}), "/dev/pts").options, Contains("gid=5"));
}

}  // namespace
}  // namespace ocirun
