#include "runtime/cli/features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "runtime/plan/rootfs_plan.hpp"
#include "spec/runtime/names.hpp"

namespace ocirun {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAreArray;

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

TEST(Features, do_not_claim_what_is_not_built) {
    const auto section = *describe_features().linux_section;
    EXPECT_EQ(section.cgroup->systemd, true);
    EXPECT_EQ(section.cgroup->systemd_user, true);
    EXPECT_EQ(section.intel_rdt->enabled, false);
    EXPECT_EQ(section.net_devices->enabled, false);
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
    const auto strings = [](std::span<const std::string_view> names) {
        return std::vector<std::string>(names.begin(), names.end());
    };
    const auto seccomp = *describe_features().linux_section->seccomp;
    EXPECT_THAT(seccomp.actions, UnorderedElementsAreArray(strings(oci::spec::seccomp_actions())));
    EXPECT_THAT(seccomp.operators, UnorderedElementsAreArray(strings(oci::spec::seccomp_operators())));
    EXPECT_THAT(seccomp.archs, UnorderedElementsAreArray(strings(oci::spec::seccomp_architectures())));
    EXPECT_THAT(seccomp.known_flags, UnorderedElementsAreArray(strings(oci::spec::seccomp_flags())));
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
