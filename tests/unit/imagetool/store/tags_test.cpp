#include "imagetool/store/tags.hpp"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/store/test_layout.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using testing::ElementsAre;

oci::spec::Descriptor entry(const std::string& tag, char digit) {
    oci::spec::Descriptor descriptor;
    descriptor.digest = "sha256:" + std::string(64, digit);
    if (!tag.empty()) descriptor.annotations[oci::spec::ref_name_annotation] = tag;
    return descriptor;
}

oci::spec::ImageIndex an_index() {
    oci::spec::ImageIndex index;
    index.manifests = {entry("a", '1'), entry("b", '2'), entry("", '2'), entry("a", '3')};
    return index;
}

TEST(Tags, entries_are_found_by_tag_digest_or_both) {
    const test::TestLayout layout;
    const auto named = [&](const ImageQuery& query) {
        return entries_named(layout.layout, an_index(), query);
    };
    const auto two = oci::spec::Digest::parse("sha256:" + std::string(64, '2')).value();
    EXPECT_EQ(named({.tag = "a"})->size(), 2U);
    EXPECT_EQ(named({.tag = "", .digest = two})->size(), 2U);
    EXPECT_EQ(named({.tag = "b", .digest = two})->size(), 1U);
    EXPECT_EQ(named({})->size(), 4U);
    EXPECT_THAT(named({.tag = "a", .digest = two}), FailsWith("with the tag \"a\""));
    EXPECT_THAT(named({.tag = "c"}), FailsWith("has no tag \"c\"; its tags: a, b"));
}

TEST(Tags, a_set_tag_names_nothing_else) {
    oci::spec::ImageIndex index = an_index();
    set_tag(index, "a", {entry("b", '2')});
    EXPECT_THAT(tags_of(index), ElementsAre("a", "b"));
    EXPECT_EQ(index.manifests.size(), 3U);
    EXPECT_EQ(tag_of(index.manifests.back()), "a");
}

TEST(Tags, removal_takes_only_what_has_both_tag_and_digest) {
    oci::spec::ImageIndex index = an_index();
    remove_entries(index, {entry("b", '2')});
    EXPECT_THAT(tags_of(index), ElementsAre("a"));
    EXPECT_EQ(index.manifests.size(), 3U);
}

TEST(Tags, digits_find_one_digest) {
    EXPECT_EQ(find_by_digits(an_index(), "2222")->text(), "sha256:" + std::string(64, '2'));
    EXPECT_THAT(find_by_digits(an_index(), "abcd"), FailsWith("no digest begins with"));
    oci::spec::ImageIndex index = an_index();
    index.manifests.push_back(entry("", '1'));
    index.manifests.back().digest.back() = '4';
    EXPECT_THAT(find_by_digits(index, "1111"), FailsWith("2 digests begin with"));
    EXPECT_TRUE(may_be_digits("00ff"));
    EXPECT_FALSE(may_be_digits("fff"));
    EXPECT_FALSE(may_be_digits("fffg"));
}

}  // namespace
}  // namespace ocimg
