#include "runtime/cli/features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <string>

#include "runtime/plan/annotations.hpp"
#include "runtime/plan/container_plan.hpp"
#include "runtime/plan/rootfs_plan.hpp"
#include "spec/runtime/config_json.hpp"
#include "spec/runtime/names.hpp"

namespace ocirun {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAreArray;

std::vector<std::string> strings(std::span<const std::string_view> names) {
    return {names.begin(), names.end()};
}

TEST(Features, span_every_published_version) {
    EXPECT_EQ(describe_features().oci_version_min, "1.0.0");
    EXPECT_EQ(describe_features().oci_version_max, "1.3.0");
}

TEST(Features, list_the_six_kinds_of_hooks) {
    EXPECT_THAT(describe_features().hooks, ElementsAre("prestart", "createRuntime", "createContainer",
                                                       "startContainer", "poststart", "poststop"));
}

TEST(Features, have_what_engines_ask_for_before_they_use_user_namespaces_and_recursive_read_only) {
    const auto features = describe_features();
    EXPECT_THAT(features.mount_options, IsSupersetOf({"rro", "bind", "ro", "tmpcopyup", "idmap", "ridmap"}));
    EXPECT_THAT(features.linux_section->namespaces, Contains("user"));
    EXPECT_EQ(features.linux_section->mount_extensions->idmap->enabled, true);
}

TEST(Features, tell_of_cgroups_resctrl_and_network_devices) {
    const auto section = *describe_features().linux_section;
    EXPECT_EQ(section.cgroup->systemd, true);
    EXPECT_EQ(section.cgroup->systemd_user, true);
    EXPECT_EQ(section.intel_rdt->enabled, true);
    EXPECT_EQ(section.net_devices->enabled, true);
}

TEST(Features, name_every_capability_to_the_newest) {
    const auto capabilities = describe_features().linux_section->capabilities;
    EXPECT_EQ(capabilities.size(), 41U);
    EXPECT_THAT(capabilities, Contains("CAP_CHECKPOINT_RESTORE"));
}

TEST(Features, every_mount_option_is_one_that_the_planner_knows) {
    for (const std::string& option : describe_features().mount_options)
        EXPECT_THAT(parse_mount_options({option}).data, IsEmpty()) << option;
}

TEST(Features, seccomp_words_are_those_that_the_validator_accepts) {
    const auto seccomp = *describe_features().linux_section->seccomp;
    EXPECT_THAT(seccomp.actions, UnorderedElementsAreArray(strings(oci::spec::seccomp_actions())));
    EXPECT_THAT(seccomp.operators, UnorderedElementsAreArray(strings(oci::spec::seccomp_operators())));
    EXPECT_THAT(seccomp.archs, UnorderedElementsAreArray(strings(oci::spec::seccomp_architectures())));
    EXPECT_THAT(seccomp.known_flags, UnorderedElementsAreArray(strings(oci::spec::seccomp_flags())));
}

TEST(Features, have_every_entry_of_the_tables_that_the_parser_reads) {
    const auto features = describe_features();
    const auto& section = *features.linux_section;
    EXPECT_EQ(features.hooks, strings(oci::spec::hook_names()));
    EXPECT_EQ(section.namespaces, strings(oci::spec::namespace_types()));
    EXPECT_EQ(section.capabilities, strings(oci::spec::capability_names()));
    EXPECT_EQ(section.memory_policy->modes, strings(oci::spec::memory_policy_modes()));
    EXPECT_EQ(section.memory_policy->flags, strings(oci::spec::memory_policy_flags()));
    EXPECT_EQ(features.mount_options, known_mount_options());
    EXPECT_EQ(section.seccomp->supported_flags, section.seccomp->known_flags);
}

/// The whole of the header: an annotation that is declared there and not in the table would be heeded unseen.
TEST(Features, have_every_annotation_that_is_declared) {
    std::ifstream header(OCI_SOURCE_DIRECTORY "/runtime/plan/annotations.hpp");
    ASSERT_TRUE(header.is_open());
    const auto listed = describe_features().potentially_unsafe_config_annotations;
    std::size_t declared = 0;
    for (std::string line; std::getline(header, line);) {
        const std::size_t begin = line.find("_annotation = \"");
        if (begin == std::string::npos) continue;
        const std::size_t first = line.find('"') + 1;
        EXPECT_THAT(listed, Contains(line.substr(first, line.rfind('"') - first)));
        ++declared;
    }
    EXPECT_EQ(declared, annotation_table.size());
    EXPECT_THAT(listed, Contains("org.systemd.property."));
}

/// What is claimed is what a plan takes, and the other way round.
TEST(Features, claim_network_devices_and_resctrl_exactly_if_they_can_be_planned) {
    const auto can_be_planned = [](const std::string& property) {
        const auto config = oci::spec::parse_runtime_config(
            R"({"ociVersion": "1.3.0", "root": {"path": "rootfs"}, "process": {"args": ["a"], "cwd": "/",
                "user": {"uid": 0, "gid": 0}}, "linux": {"namespaces": [{"type": "mount"}, {"type": "network"}],)" +
                property + "}}",
            "config.json");
        PlanRequest request;
        request.container_id = "one";
        request.bundle = "/bundle";
        return config && plan_container(*config, HostFacts(), request).has_value();
    };
    const auto section = *describe_features().linux_section;
    EXPECT_TRUE(can_be_planned(R"("rootfsPropagation": "slave")"));
    EXPECT_EQ(section.net_devices->enabled, can_be_planned(R"("netDevices": {"eth0": {}})"));
    EXPECT_EQ(section.intel_rdt->enabled, can_be_planned(R"("intelRdt": {"closID": "one"})"));
}

TEST(Features, the_text_is_json_with_the_names_of_the_specification) {
    const std::string text = features_json();
    for (const char* name :
         {"\"ociVersionMin\"", "\"mountOptions\"", "\"systemdUser\": true", "\"knownFlags\"",
          "\"supportedFlags\"", "\"memoryPolicy\"", "\"intelRdt\"", "\"mountExtensions\"", "\"netDevices\"",
          "\"io.github.seccomp.libseccomp.version\""})
        EXPECT_THAT(text, HasSubstr(name));
}

}  // namespace
}  // namespace ocirun
