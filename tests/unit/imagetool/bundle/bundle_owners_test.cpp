// Who may give files which owners: decided from facts, without a namespace.

#include "imagetool/bundle/bundle_owners.hpp"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

OwnIds root() {
    return {
        .uid = 0, .gid = 0, .has_all_ids = true, .existing = {{{0, 0, 4294967295}}, {{0, 0, 4294967295}}}};
}
OwnIds user() {
    OwnIds own = root();
    own.uid = 1000;
    own.gid = 1001;
    return own;
}
OwnIds root_of_a_namespace() {
    return {.uid = 0, .gid = 0, .has_all_ids = false, .existing = {{{0, 0, 1}}, {{0, 0, 1}}}};
}
const IdMaps given_by_system{{{0, 1000, 1}, {1, 100000, 65536}}, {{0, 1001, 1}, {1, 100000, 65536}}};
const IdMaps wide{{{0, 100000, 65536}}, {{0, 100000, 65536}}};

TEST(BundleOwners, of_root_are_plain) {
    const OwnerPlan plan = plan_owners({}, root(), {}).value();
    EXPECT_TRUE(plan.owners.are_plain());
    EXPECT_FALSE(plan.enters_namespace);
}

TEST(BundleOwners, of_an_ordinary_user_are_what_the_system_gives) {
    const OwnerPlan plan = plan_owners({}, user(), given_by_system).value();
    EXPECT_TRUE(plan.owners.rootless);
    EXPECT_TRUE(plan.enters_namespace);
    EXPECT_EQ(plan.owners.maps.uids.size(), 2U);
}

TEST(BundleOwners, with_rootless_are_one_id_for_everybody) {
    for (const OwnIds& own : {user(), root()}) {
        const OwnerPlan plan = plan_owners({.rootless = true}, own, given_by_system).value();
        EXPECT_TRUE(plan.enters_namespace);
        ASSERT_EQ(plan.owners.maps.uids.size(), 1U);
        EXPECT_EQ(plan.owners.maps.uids[0].host_id, own.uid);
        EXPECT_EQ(plan.owners.maps.gids[0].host_id, own.gid);
    }
}

TEST(BundleOwners, of_root_below_a_map_need_no_namespace_to_be_written) {
    const OwnerPlan plan = plan_owners({.maps = wide}, root(), {}).value();
    EXPECT_FALSE(plan.owners.rootless);
    EXPECT_FALSE(plan.enters_namespace);
    EXPECT_EQ(owners_of_files(plan.owners)->root_uid(), 100000U);
}

TEST(BundleOwners, of_root_of_a_namespace_are_the_ids_that_exist_there) {
    const OwnerPlan plan = plan_owners({}, root_of_a_namespace(), {}).value();
    EXPECT_TRUE(plan.owners.rootless);
    EXPECT_FALSE(plan.enters_namespace);
}

TEST(BundleOwners, requests_that_make_no_sense_are_refused) {
    EXPECT_THAT(plan_owners({.maps = {.uids = wide.uids}}, root(), {}), FailsWith("must be given together"));
    EXPECT_THAT(plan_owners({.maps = {{{1, 1, 1}}, {{0, 1, 1}}}}, root(), {}),
                FailsWith("--uid-map maps no host id"));
    EXPECT_THAT(plan_owners({.overlay = true}, user(), given_by_system), FailsWith("takes root"));
    EXPECT_THAT(plan_owners({.maps = wide, .overlay = true}, root(), {}), FailsWith("takes root"));
    EXPECT_TRUE(plan_owners({.overlay = true}, root(), {}).value().owners.are_plain());
}

TEST(BundleOwners, are_found_again_by_who_made_them) {
    const BundleOwners of_user = plan_owners({}, user(), given_by_system).value().owners;
    EXPECT_TRUE(plan_owners_again(of_user, user()).value().enters_namespace);
    EXPECT_FALSE(plan_owners_again(of_user, root_of_a_namespace()).value().enters_namespace);
    EXPECT_THAT(plan_owners_again(of_user, root()), FailsWith("belongs to the user with the id 1000"));
    const BundleOwners below_map{.rootless = false, .maps = wide};
    EXPECT_FALSE(plan_owners_again(below_map, root()).value().enters_namespace);
    EXPECT_THAT(plan_owners_again(below_map, user()), FailsWith("was unpacked by root"));
}

TEST(BundleOwners, config_of_a_rootless_bundle_asks_for_nothing_a_user_may_not_have) {
    oci::spec::ImageConfig image;
    image.os = "linux";
    Conversion conversion = to_runtime_config(image, {.uid = 7, .gid = 7, .additional_gids = {8}}).value();
    map_container(conversion, {.rootless = true, .maps = {{{0, 1000, 1}}, {{0, 1000, 1}}}});
    const auto& section = *conversion.config.linux_section;
    EXPECT_FALSE(section.resources.has_value());
    std::string namespaces;
    for (const auto& one : section.namespaces) namespaces += one.type + " ";
    EXPECT_EQ(namespaces, "pid ipc uts mount cgroup user ");
    for (const auto& mount : conversion.config.mounts) {
        EXPECT_FALSE(mount.destination.starts_with("/sys/"));
        for (const std::string& option : mount.options) EXPECT_FALSE(option.starts_with("gid=")) << option;
    }
    EXPECT_EQ(conversion.config.process->user.uid, 0U);
    EXPECT_TRUE(conversion.config.process->user.additional_gids.empty());
    EXPECT_THAT(conversion.warnings, testing::ElementsAre(testing::HasSubstr("user 7:7 is not mapped")));
}

TEST(IdMap, is_three_numbers) {
    EXPECT_EQ(parse_id_map("0:1000").value().size, 1U);
    EXPECT_EQ(parse_id_map("1:100000:65536").value().host_id, 100000U);
    for (const char* wrong :
         {"", "0", "0:", "0:1:", "0:1:0", "a:1:1", "0:1:1:1", "0:4294967295:1", "4294967290:0:10", "+1:0:1"})
        EXPECT_THAT(parse_id_map(wrong), FailsWith("expected CONTAINER:HOST[:SIZE]")) << wrong;
}

}  // namespace
}  // namespace ocimg::test
