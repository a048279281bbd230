#include "imagetool/store/image_name.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

TEST(ImageName, splits_at_the_first_colon) {
    const auto name = parse_image_name("a/layout:docker.io/library/busybox:1.36");
    ASSERT_THAT(name, IsOk());
    EXPECT_EQ(name->layout, "a/layout");
    EXPECT_EQ(name->tag, "docker.io/library/busybox:1.36");
}

TEST(ImageName, tag_may_be_left_out) {
    EXPECT_EQ(parse_image_name("layout")->tag, "");
}

TEST(ImageName, empty_parts_are_refused) {
    EXPECT_THAT(parse_image_name(":tag"), FailsWith("expected LAYOUT:TAG"));
    EXPECT_THAT(parse_image_name("layout:"), FailsWith("expected LAYOUT:TAG"));
    EXPECT_THAT(parse_image_name(""), FailsWith("expected LAYOUT:TAG"));
}

TEST(ImageName, new_tags_keep_to_the_grammar) {
    EXPECT_THAT(check_new_tag("v1.0"), IsOk());
    EXPECT_THAT(check_new_tag("a b"), FailsWith("cannot be a tag"));
}

}  // namespace
}  // namespace ocimg
