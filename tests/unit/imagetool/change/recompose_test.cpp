#include "imagetool/change/recompose.hpp"

#include <gmock/gmock.h>

#include "imagetool/change/artifact.hpp"
#include "spec/image/image_json.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using testing::ElementsAre;

FinishedLayer layer(char digit) {
    FinishedLayer finished;
    finished.descriptor.media_type = "application/vnd.oci.image.layer.v1.tar";
    finished.descriptor.digest = "sha256:" + std::string(64, digit);
    finished.descriptor.size = 1;
    finished.diff_id = "sha256:" + std::string(64, digit);
    return finished;
}

Image with(Image image, char digit) {
    const FinishedLayer one = layer(digit);
    return append_layer(std::move(image), one.descriptor, one.diff_id, std::string("step ") + digit, {});
}

Image empty() {
    return empty_image({.architecture = "amd64", .os = "linux"}, {});
}

std::vector<std::string> steps(const Image& image) {
    std::vector<std::string> texts;
    for (const auto& line : image.config.history)
        texts.push_back((line.empty_layer ? "-" : "+") + line.created_by);
    return texts;
}

std::string digits(const Image& image) {
    std::string text;
    for (const std::string& id : image.config.rootfs.diff_ids) text += id.back();
    return text;
}

TEST(Recompose, squashed_layers_keep_their_history_as_steps_without_a_layer) {
    const Image image = with_squashed_layer(with(with(with(empty(), '1'), '2'), '3'), 1, layer('9'), {});
    EXPECT_EQ(digits(image), "19");
    EXPECT_THAT(steps(image), ElementsAre("+step 1", "-step 2", "-step 3", "+ocimg squash: 2 layers"));
}

TEST(Recompose, a_split_layer_has_a_line_for_each_part) {
    const Image image = with_split_layer(with(with(empty(), '1'), '2'), 0, {layer('7'), layer('8')}, {});
    EXPECT_EQ(digits(image), "782");
    EXPECT_THAT(steps(image), ElementsAre("+step 1", "+step 1", "+step 2"));
    EXPECT_EQ(image.config.history[1].comment, "part 2 of 2 of that layer");
}

TEST(Recompose, a_rebased_image_stands_on_the_new_base) {
    const Image old_base = with(empty(), '1');
    const Image new_base = with(with(empty(), '5'), '6');
    const auto image = rebase_image(with(with(old_base, '2'), '3'), old_base, new_base, {});
    ASSERT_THAT(image, IsOk());
    EXPECT_EQ(digits(*image), "5623");
    EXPECT_THAT(steps(*image), ElementsAre("+step 5", "+step 6", "+step 2", "+step 3"));
    EXPECT_THAT(rebase_image(with(new_base, '2'), old_base, new_base, {}), FailsWith("layer 0 of the image"));
    EXPECT_THAT(rebase_image(empty(), old_base, new_base, {}), FailsWith("it is not built on that base"));
    Image other = new_base;
    other.config.architecture = "arm64";
    EXPECT_THAT(rebase_image(with(old_base, '2'), old_base, other, {}),
                FailsWith("the new base for linux/arm64"));
}

TEST(Recompose, history_that_tells_of_another_base_is_cut_by_layers) {
    Image old_base = with(empty(), '1');
    Image built = with(old_base, '2');
    built.config.history[0].created_by = "told differently";
    const auto image = rebase_image(built, old_base, with(empty(), '5'), {});
    ASSERT_THAT(image, IsOk());
    EXPECT_THAT(steps(*image), ElementsAre("+step 5", "+step 2"));
}

TEST(Artifact, its_manifest_is_valid_and_points_to_the_subject) {
    oci::spec::Descriptor subject = layer('1').descriptor;
    subject.annotations["org.opencontainers.image.ref.name"] = "x";
    const auto manifest = artifact_manifest("application/x.y", {}, subject, {{"a", "b"}});
    const auto read = oci::spec::parse_manifest(to_json(manifest), "m");
    ASSERT_THAT(read, IsOk());
    EXPECT_EQ(read->artifact_type, "application/x.y");
    EXPECT_EQ(read->subject->digest, subject.digest);
    EXPECT_TRUE(read->subject->annotations.empty());
    ASSERT_EQ(read->layers.size(), 1U);
    EXPECT_EQ(read->layers[0].data, "e30=");
}

}  // namespace
}  // namespace ocimg
