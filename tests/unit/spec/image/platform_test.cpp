#include "spec/image/platform.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using test::FailsWith;
using test::IsOk;

std::optional<int> distance(const char* wanted, const char* offered) {
    return platform_distance(parse_platform(wanted).value(), parse_platform(offered).value());
}

TEST(Platform, machine_names_become_go_names) {
    EXPECT_EQ(to_text(parse_platform("Linux/x86_64").value()), "linux/amd64");
    EXPECT_EQ(to_text(parse_platform("linux/aarch64").value()), "linux/arm64");
    EXPECT_EQ(to_text(parse_platform("linux/armhf").value()), "linux/arm/v7");
    EXPECT_EQ(to_text(parse_platform("linux/arm/6").value()), "linux/arm/v6");
}

TEST(Platform, default_variants_are_left_out) {
    EXPECT_EQ(to_text(parse_platform("linux/arm64/v8").value()), "linux/arm64");
    EXPECT_EQ(to_text(parse_platform("linux/amd64/v1").value()), "linux/amd64");
    EXPECT_EQ(to_text(parse_platform("linux/amd64/v3").value()), "linux/amd64/v3");
}

TEST(Platform, other_shapes_are_refused) {
    EXPECT_THAT(parse_platform("amd64"), FailsWith("OS/ARCHITECTURE"));
    EXPECT_THAT(parse_platform("linux/"), FailsWith("OS/ARCHITECTURE"));
    EXPECT_THAT(parse_platform("a/b/c/d"), FailsWith("OS/ARCHITECTURE"));
    EXPECT_THAT(parse_platform("linux/am d64"), FailsWith("OS/ARCHITECTURE"));
}

TEST(Platform, equal_is_nearest) {
    EXPECT_EQ(distance("linux/amd64", "linux/amd64"), 0);
    EXPECT_EQ(distance("linux/arm64", "linux/arm64/v8"), 0);
}

TEST(Platform, older_variants_run_on_newer_processors_only) {
    EXPECT_EQ(distance("linux/arm/v7", "linux/arm/v6"), 2);
    EXPECT_EQ(distance("linux/arm/v7", "linux/arm/v5"), 3);
    EXPECT_EQ(distance("linux/arm/v6", "linux/arm/v7"), std::nullopt);
    EXPECT_EQ(distance("linux/amd64/v3", "linux/amd64"), 3);
    EXPECT_EQ(distance("linux/amd64", "linux/amd64/v2"), std::nullopt);
    EXPECT_LT(distance("linux/arm/v7", "linux/arm/v6"), distance("linux/arm/v7", "linux/arm/v5"));
}

TEST(Platform, other_systems_and_processors_do_not_fit) {
    EXPECT_EQ(distance("linux/amd64", "windows/amd64"), std::nullopt);
    EXPECT_EQ(distance("linux/amd64", "linux/arm64"), std::nullopt);
}

TEST(Platform, unknown_variants_must_be_equal) {
    EXPECT_EQ(distance("linux/ppc64le/power9", "linux/ppc64le/power9"), 0);
    EXPECT_EQ(distance("linux/ppc64le/power9", "linux/ppc64le"), std::nullopt);
}

}  // namespace
}  // namespace oci::spec
