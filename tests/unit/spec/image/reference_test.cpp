#include "spec/image/reference.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using test::FailsWith;
using test::IsOk;

std::string full(std::string_view text) {
    const auto reference = parse_reference(text);
    return reference.has_value() ? reference->text() : "error: " + reference.error().text;
}

const std::string digest = "sha256:" + std::string(64, '0');

TEST(Reference, short_names_are_of_docker_hub) {
    EXPECT_EQ(full("busybox"), "docker.io/library/busybox");
    EXPECT_EQ(full("user/app:1"), "docker.io/user/app:1");
    EXPECT_EQ(full("docker.io/busybox"), "docker.io/library/busybox");
    EXPECT_EQ(full("index.docker.io/a/b"), "docker.io/a/b");
}

TEST(Reference, first_component_is_a_registry_by_its_shape) {
    EXPECT_EQ(full("localhost/a"), "localhost/a");
    EXPECT_EQ(full("host:5000/a:tag"), "host:5000/a:tag");
    EXPECT_EQ(full("example.org/a/b/c"), "example.org/a/b/c");
    EXPECT_EQ(full("[::1]:5000/a"), "[::1]:5000/a");
    EXPECT_EQ(full("Host/a"), "Host/a");
}

TEST(Reference, tag_and_digest_may_stand_together) {
    const auto reference = parse_reference("a/b:1.0@" + digest);
    ASSERT_THAT(reference, IsOk());
    EXPECT_EQ(reference->tag, "1.0");
    EXPECT_EQ(reference->digest->text(), digest);
    EXPECT_EQ(reference->tag_or_default(), "1.0");
}

TEST(Reference, latest_is_the_tag_when_nothing_is_given) {
    EXPECT_EQ(parse_reference("a")->tag_or_default(), "latest");
    EXPECT_EQ(parse_reference("a@" + digest)->tag_or_default(), "");
}

TEST(Reference, broken_parts_are_named) {
    EXPECT_THAT(parse_reference("a/B"), FailsWith("\"B\" must be lower-case"));
    EXPECT_THAT(parse_reference("a//b"), FailsWith("name component"));
    EXPECT_THAT(parse_reference("a/b..c"), FailsWith("name component"));
    EXPECT_THAT(parse_reference("a:-x"), FailsWith("the tag"));
    EXPECT_THAT(parse_reference("a:"), FailsWith("the tag"));
    EXPECT_THAT(parse_reference("a@sha256:0"), FailsWith("64 lower-case hex"));
    EXPECT_THAT(parse_reference("host:99999/a"), FailsWith("HOST[:PORT]"));
    EXPECT_THAT(parse_reference("host:/a"), FailsWith("HOST[:PORT]"));
    EXPECT_THAT(parse_reference(""), FailsWith("name component"));
    EXPECT_THAT(parse_reference(std::string(64, 'a')), FailsWith("image id"));
    EXPECT_THAT(parse_reference("x.y/" + std::string(252, 'a')), FailsWith("255 bytes"));
}

TEST(Reference, separators_of_names) {
    EXPECT_EQ(full("a.b/c_d/e__f/g---h"), "a.b/c_d/e__f/g---h");
    EXPECT_THAT(parse_reference("x/c___d"), FailsWith("name component"));
}

TEST(RefName, grammar_of_the_annotation) {
    EXPECT_TRUE(is_ref_name("latest"));
    EXPECT_TRUE(is_ref_name("docker.io/library/busybox:1.36"));
    EXPECT_TRUE(is_ref_name("v1.0--beta"));
    EXPECT_FALSE(is_ref_name(""));
    EXPECT_FALSE(is_ref_name("a b"));
    EXPECT_FALSE(is_ref_name("-a"));
    EXPECT_FALSE(is_ref_name("a/"));
    EXPECT_FALSE(is_ref_name("a..b"));
    EXPECT_FALSE(is_ref_name("a---b"));
}

}  // namespace
}  // namespace oci::spec
