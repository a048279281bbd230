#include "imagetool/store/find_image.hpp"

#include <gtest/gtest.h>

#include "imagetool/store/host_platform.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/store/test_layout.hpp"

namespace ocimg {
namespace {

using oci::spec::Descriptor;
using oci::test::FailsWith;
using oci::test::IsOk;
using test::TestLayout;

oci::spec::Platform platform(const char* text) {
    return oci::spec::parse_platform(text).value();
}

/// Makes `tag` name an index of the given entries.
Descriptor tag_index(TestLayout& made, const std::string& tag, const std::vector<Descriptor>& entries) {
    oci::spec::ImageIndex inner;
    inner.media_type = oci::spec::media_type::index;
    inner.manifests = entries;
    Descriptor descriptor =
        made.layout.write_blob(oci::spec::to_json(inner), oci::spec::media_type::index).value();
    descriptor.annotations[oci::spec::ref_name_annotation] = tag;
    oci::spec::ImageIndex index;
    index.manifests = {descriptor};
    made.set_index(index);
    return descriptor;
}

TEST(FindImage, by_tag) {
    TestLayout made;
    made.save("a");
    const Descriptor wanted = made.save("b", "linux/s390x");
    const auto found = find_image(made.layout, {.tag = "b"});
    ASSERT_THAT(found, IsOk());
    EXPECT_EQ(found->descriptor.digest, wanted.digest);
    EXPECT_EQ(found->config.architecture, "s390x");
}

TEST(FindImage, absent_tag_lists_the_others) {
    TestLayout made;
    made.save("b");
    made.save("a", "linux/arm64");
    EXPECT_THAT(find_image(made.layout, {.tag = "x"}), FailsWith("has no tag \"x\"; its tags: a, b"));
}

TEST(FindImage, empty_layout_says_so) {
    TestLayout made;
    EXPECT_THAT(find_image(made.layout, {.tag = "x"}), FailsWith("no tags at all"));
    EXPECT_THAT(find_image(made.layout, {}), FailsWith("holds no image"));
}

TEST(FindImage, tag_may_be_left_out_when_there_is_one_image) {
    TestLayout made;
    made.save("a");
    EXPECT_THAT(find_image(made.layout, {}), IsOk());
    made.save("b", "linux/arm64");
    EXPECT_THAT(find_image(made.layout, {}),
                FailsWith("several images: name one as LAYOUT:TAG; its tags: a, b"));
}

TEST(FindImage, tag_for_two_images_of_one_platform_is_ambiguous) {
    TestLayout made;
    const Descriptor first = made.save("a", "linux/amd64");
    auto index = made.layout.index().value();
    oci::spec::ImageConfig config = read_image(made.layout, first)->config;
    config.author = "somebody else";
    oci::spec::Manifest manifest;
    manifest.config = made.layout.write_blob(to_json(config), oci::spec::media_type::config).value();
    Descriptor second = made.layout.write_blob(to_json(manifest), oci::spec::media_type::manifest).value();
    second.annotations = first.annotations;
    index.manifests.push_back(second);
    made.set_index(index);
    EXPECT_THAT(find_image(made.layout, {.tag = "a", .platform = platform("linux/amd64")}),
                FailsWith("is ambiguous"));
}

TEST(FindImage, index_is_searched_for_the_platform) {
    TestLayout made;
    const Descriptor arm = made.save("x", "linux/arm64");
    const Descriptor amd = made.save("y", "linux/amd64");
    const Descriptor s390 = made.save("z", "linux/s390x");
    tag_index(made, "all", {arm, amd, s390});
    const auto found = find_image(made.layout, {.tag = "all", .platform = platform("linux/s390x")});
    ASSERT_THAT(found, IsOk());
    EXPECT_EQ(found->descriptor.digest, s390.digest);
    EXPECT_TRUE(found->chosen_among_platforms);
}

TEST(FindImage, platform_of_the_config_counts_where_the_descriptor_has_none) {
    TestLayout made;
    Descriptor arm = made.save("x", "linux/arm64");
    Descriptor s390 = made.save("z", "linux/s390x");
    arm.platform.reset();
    s390.platform.reset();
    tag_index(made, "all", {arm, s390});
    const auto found = find_image(made.layout, {.tag = "all", .platform = platform("linux/s390x")});
    ASSERT_THAT(found, IsOk());
    EXPECT_EQ(found->descriptor.digest, s390.digest);
}

TEST(FindImage, no_fitting_platform_lists_those_there_are) {
    TestLayout made;
    const Descriptor arm = made.save("x", "linux/arm64");
    const Descriptor s390 = made.save("z", "linux/s390x");
    tag_index(made, "all", {s390, arm});
    EXPECT_THAT(find_image(made.layout, {.tag = "all", .platform = platform("linux/riscv64")}),
                FailsWith("no image for linux/riscv64, only for linux/arm64, linux/s390x"));
}

TEST(FindImage, wanted_platform_must_fit_a_single_image_too) {
    TestLayout made;
    made.save("a", "linux/arm64");
    EXPECT_THAT(find_image(made.layout, {.tag = "a", .platform = platform("linux/amd64")}),
                FailsWith("only for linux/arm64"));
}

TEST(FindImage, indexes_may_be_nested) {
    TestLayout made;
    const Descriptor image = made.save("a");
    Descriptor inner = tag_index(made, "inner", {image});
    inner.annotations.clear();
    tag_index(made, "outer", {inner});
    EXPECT_EQ(find_image(made.layout, {.tag = "outer"})->descriptor.digest, image.digest);
}

TEST(FindImage, deep_nesting_ends) {
    TestLayout made;
    Descriptor next = made.save("a");
    for (int i = 0; i < 10; ++i) next = tag_index(made, "deep", {next});
    EXPECT_THAT(find_image(made.layout, {.tag = "deep"}), FailsWith("nested more than 8 deep"));
}

TEST(FindImage, unknown_media_type_is_no_image) {
    TestLayout made;
    Descriptor other = made.layout.write_blob("<a/>", "application/xml").value();
    other.annotations[oci::spec::ref_name_annotation] = "a";
    oci::spec::ImageIndex index;
    index.manifests = {other};
    made.set_index(index);
    EXPECT_THAT(find_image(made.layout, {.tag = "a"}), FailsWith("media type \"application/xml\""));
}

TEST(FindImage, artifact_is_no_container_image) {
    TestLayout made;
    oci::spec::Manifest manifest;
    manifest.artifact_type = "application/example";
    manifest.config = made.layout.write_blob("{}", oci::spec::media_type::empty).value();
    Descriptor descriptor =
        made.layout.write_blob(to_json(manifest), oci::spec::media_type::manifest).value();
    descriptor.annotations[oci::spec::ref_name_annotation] = "a";
    oci::spec::ImageIndex index;
    index.manifests = {descriptor};
    made.set_index(index);
    EXPECT_THAT(find_image(made.layout, {.tag = "a"}), FailsWith("not a container image"));
}

TEST(FindImage, layers_and_diff_ids_must_be_as_many) {
    TestLayout made;
    Image image = empty_image(platform("linux/amd64"), {});
    image.config.rootfs.diff_ids.push_back("sha256:" + std::string(64, '0'));
    const LayoutLock lock = made.layout.lock().value();
    ASSERT_THAT(save_image(made.layout, lock, "a", image.manifest, image.config, ExistingTag::replace),
                IsOk());
    EXPECT_THAT(find_image(made.layout, {.tag = "a"}),
                FailsWith("has 0 layers, but its config has 1 diff id"));
}

TEST(SaveImage, replaces_the_tag_in_its_place) {
    TestLayout made;
    made.save("a");
    made.save("b");
    const Descriptor again = made.save("a", "linux/arm64");
    const auto index = made.layout.index().value();
    ASSERT_EQ(index.manifests.size(), 2U);
    EXPECT_EQ(index.manifests[0].digest, again.digest);
}

TEST(SaveImage, can_refuse_an_existing_tag) {
    TestLayout made;
    made.save("a");
    const Image image = empty_image(host_platform(), {});
    const LayoutLock lock = made.layout.lock().value();
    EXPECT_THAT(save_image(made.layout, lock, "a", image.manifest, image.config, ExistingTag::refuse),
                FailsWith("exists already"));
}

TEST(SaveImage, does_not_replace_an_index_by_one_image) {
    TestLayout made;
    const Descriptor arm = made.save("x", "linux/arm64");
    tag_index(made, "all", {arm});
    const Image image = empty_image(host_platform(), {});
    const LayoutLock lock = made.layout.lock().value();
    EXPECT_THAT(save_image(made.layout, lock, "all", image.manifest, image.config, ExistingTag::replace),
                FailsWith("names several images"));
}

}  // namespace
}  // namespace ocimg
