#include <gmock/gmock.h>

#include <atomic>

#include "imagetool/transfer/convert_documents.hpp"
#include "imagetool/transfer/run_parallel.hpp"
#include "imagetool/transfer/transfer_plan.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {
namespace {

using oci::spec::Descriptor;
using oci::spec::Manifest;
using ::testing::HasSubstr;
namespace media_type = oci::spec::media_type;

Descriptor blob(std::string_view type, char letter) {
    Descriptor descriptor;
    descriptor.media_type = type;
    descriptor.digest = "sha256:" + std::string(64, letter);
    descriptor.size = 5;
    return descriptor;
}

Manifest an_image() {
    Manifest manifest;
    manifest.media_type = media_type::manifest;
    manifest.config = blob(media_type::config, 'a');
    manifest.layers = {blob(media_type::layer_tar_gzip, 'b'), blob(media_type::layer_tar_gzip, 'c')};
    return manifest;
}

std::vector<std::string> digests(const std::vector<Descriptor>& blobs) {
    std::vector<std::string> texts;
    for (const Descriptor& one : blobs) texts.push_back(one.digest.substr(7, 1));
    return texts;
}

TEST(TransferPlan, every_blob_once_in_order) {
    Manifest other = an_image();
    other.layers.push_back(blob(media_type::layer_tar, 'd'));
    const auto blobs = plan_blobs({to_document(an_image()), to_document(other)}).value();
    EXPECT_EQ(digests(blobs), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST(TransferPlan, N01_foreign_layers_stay_where_they_are) {
    Manifest manifest = an_image();
    manifest.layers[0].media_type = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    manifest.layers[0].urls = {"http://elsewhere/"};
    EXPECT_EQ(digests(plan_blobs({to_document(manifest)}).value()), (std::vector<std::string>{"a", "c"}));
}

TEST(TransferPlan, platforms_are_chosen_or_listed) {
    oci::spec::ImageIndex index;
    for (const char* const name : {"linux/amd64", "linux/arm64", "linux/arm/v7"}) {
        index.manifests.push_back(
            blob(media_type::manifest, static_cast<char>('a' + index.manifests.size())));
        index.manifests.back().platform = oci::spec::parse_platform(name).value();
    }
    const auto wanted = [](const char* text) { return oci::spec::parse_platform(text).value(); };
    EXPECT_EQ(digests(choose_platforms(index, {wanted("linux/arm64"), wanted("linux/amd64")}).value()),
              (std::vector<std::string>{"b", "a"}));
    EXPECT_THAT(choose_platforms(index, {wanted("linux/s390x")}).error().text,
                HasSubstr("linux/amd64, linux/arm64, linux/arm/v7"));
}

TEST(ConvertDocuments, there_and_back_is_the_same) {
    const Manifest docker = convert_manifest(an_image(), ImageFormat::docker).value();
    EXPECT_EQ(docker.media_type, media_type::docker_manifest);
    EXPECT_EQ(docker.config.media_type, media_type::docker_config);
    EXPECT_EQ(docker.layers[0].media_type, media_type::docker_layer_gzip);
    EXPECT_EQ(to_document(convert_manifest(docker, ImageFormat::oci).value()).digest,
              to_document(an_image()).digest);
}

TEST(ConvertDocuments, what_docker_cannot_say_is_refused) {
    Manifest zstd = an_image();
    zstd.layers[0].media_type = media_type::layer_tar_zstd;
    EXPECT_THAT(convert_manifest(zstd, ImageFormat::docker).error().text, HasSubstr("--compression gzip"));
    Manifest signature = an_image();
    signature.subject = blob(media_type::manifest, 'e');
    EXPECT_FALSE(convert_manifest(signature, ImageFormat::docker).has_value());
}

TEST(RunParallel, every_job_runs_once) {
    std::atomic<int> sum = 0;
    ASSERT_TRUE(run_parallel(100, 4, [&](std::size_t i) -> oci::Result<void> {
                    sum += static_cast<int>(i);
                    return {};
                }).has_value());
    EXPECT_EQ(sum, 4950);
}

TEST(RunParallel, the_first_failure_stops_the_rest) {
    std::atomic<int> ran = 0;
    const auto outcome = run_parallel(1000, 2, [&](std::size_t i) -> oci::Result<void> {
        ++ran;
        if (i == 3) return oci::failure("no");
        return {};
    });
    EXPECT_EQ(outcome.error().text, "no");
    EXPECT_LT(ran, 1000);
}

}  // namespace
}  // namespace ocimg
