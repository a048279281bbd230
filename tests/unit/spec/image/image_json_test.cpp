#include "spec/image/image_json.hpp"

#include <gtest/gtest.h>

#include "spec/image/media_type.hpp"
#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using test::FailsWith;
using test::IsOk;

const std::string digest = "sha256:" + std::string(64, 'a');

std::string descriptor(const std::string& media_type, const std::string& more = "") {
    return R"({"mediaType":")" + media_type + R"(","digest":")" + digest + R"(","size":7)" + more + "}";
}

std::string manifest_text(const std::string& more = "") {
    return R"({"schemaVersion":2,"config":)" + descriptor(std::string(media_type::config)) +
           R"(,"layers":[)" + descriptor(std::string(media_type::layer_tar_gzip)) + "]" + more + "}";
}

TEST(ManifestJson, reads_and_writes_the_same) {
    const auto manifest = parse_manifest(manifest_text(R"(,"annotations":{"a":"b"})"), "m");
    ASSERT_THAT(manifest, IsOk());
    EXPECT_EQ(manifest->layers.at(0).size, 7);
    EXPECT_EQ(to_json(*manifest), manifest_text(R"(,"annotations":{"a":"b"})"));
}

TEST(ManifestJson, broken_json_has_line_and_column) {
    EXPECT_THAT(parse_manifest("{\n  \"schemaVersion\": 2,\n  oops\n}", "m.json"), FailsWith("m.json:3:3"));
}

TEST(ManifestJson, every_problem_is_reported_at_once) {
    const auto manifest = parse_manifest(R"({"schemaVersion":"2","config":{"size":"x"},"layers":{}})", "m");
    EXPECT_THAT(manifest, FailsWith("schemaVersion"));
    EXPECT_THAT(manifest, FailsWith("config.mediaType: is required"));
    EXPECT_THAT(manifest, FailsWith("config.digest: is required"));
    EXPECT_THAT(manifest, FailsWith("config.size"));
    EXPECT_THAT(manifest, FailsWith("layers"));
}

TEST(ManifestJson, wrong_values_have_their_place) {
    const std::string text =
        "{\"schemaVersion\":2,\n\"config\":{\"mediaType\":\"a/b\",\"digest\":\"md5\",\n"
        "\"size\":-1},\"layers\":[]}";
    const auto manifest = parse_manifest(text, "m");
    EXPECT_THAT(manifest, FailsWith("m:2:"));
    EXPECT_THAT(manifest, FailsWith("config.digest: is \"md5\""));
    EXPECT_THAT(manifest, FailsWith("m:3:"));
    EXPECT_THAT(manifest, FailsWith("config.size: is -1"));
}

TEST(ManifestJson, schema_version_must_be_2) {
    std::string text = manifest_text();
    text.replace(text.find(":2"), 2, ":1");
    EXPECT_THAT(parse_manifest(text, "m"), FailsWith("schemaVersion: is 1"));
}

TEST(ManifestJson, must_be_what_its_descriptor_says) {
    const std::string text = manifest_text(R"(,"mediaType":"application/vnd.oci.image.manifest.v1+json")");
    EXPECT_THAT(parse_manifest(text, "m", media_type::manifest), IsOk());
    EXPECT_THAT(parse_manifest(text, "m", media_type::docker_manifest), FailsWith("as its descriptor says"));
    EXPECT_THAT(parse_manifest(manifest_text(), "m", media_type::manifest), IsOk());
}

TEST(ManifestJson, must_not_be_readable_as_an_index_too) {
    EXPECT_THAT(parse_manifest(manifest_text(R"(,"manifests":[])"), "m"), FailsWith("manifests: is there"));
    EXPECT_THAT(parse_index(R"({"schemaVersion":2,"manifests":[],"layers":[]})", "i"),
                FailsWith("layers: is there"));
}

TEST(ManifestJson, layers_may_be_null_but_not_absent) {
    const std::string start = R"({"schemaVersion":2,"config":)" + descriptor("a/b");
    EXPECT_THAT(parse_manifest(start + R"(,"layers":null})", "m"), IsOk());
    EXPECT_THAT(parse_manifest(start + "}", "m"), FailsWith("layers: is required"));
}

TEST(ManifestJson, an_empty_config_needs_an_artifact_type) {
    const std::string start = R"({"schemaVersion":2,"config":)" + descriptor(std::string(media_type::empty));
    EXPECT_THAT(parse_manifest(start + R"(,"layers":[]})", "m"), FailsWith("artifactType: is absent"));
    EXPECT_THAT(parse_manifest(start + R"(,"layers":[],"artifactType":"a/b"})", "m"), IsOk());
}

TEST(IndexJson, reads_platforms_and_annotations) {
    const std::string text =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
        descriptor(std::string(media_type::manifest),
                   R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"},)"
                   R"("platform":{"architecture":"arm64","os":"linux","variant":"v8"})") +
        "]}";
    const auto index = parse_index(text, "i");
    ASSERT_THAT(index, IsOk());
    EXPECT_EQ(index->manifests[0].platform->variant, "v8");
    EXPECT_EQ(index->manifests[0].annotations.at(ref_name_annotation), "v1");
    EXPECT_EQ(to_json(*index), text);
}

TEST(IndexJson, unknown_media_types_and_properties_are_no_error) {
    EXPECT_THAT(
        parse_index(R"({"schemaVersion":2,"x":1,"manifests":[)" + descriptor("application/xml") + "]}", "i"),
        IsOk());
}

TEST(IndexJson, duplicate_keys_are_refused) {
    EXPECT_THAT(parse_index(R"({"schemaVersion":2,"manifests":[],"manifests":[]})", "i"),
                FailsWith("manifests"));
}

TEST(ImageConfigJson, spec_example_reads_and_writes_the_same) {
    const std::string text =
        R"({"created":"2015-10-31T22:22:56.015925234Z","author":"Alyssa P. Hacker","architecture":"amd64",)"
        R"("os":"linux","config":{"User":"alice","ExposedPorts":{"8080/tcp":{}},"Env":["FOO=bar"],)"
        R"("Entrypoint":["/bin/app"],"Cmd":["--foreground"],"Volumes":{"/var/log":{}},)"
        R"("WorkingDir":"/home/alice","Labels":{"a":"b"}},"rootfs":{"type":"layers","diff_ids":[")" +
        digest +
        R"("]},"history":[{"created":"2015-10-31T22:22:54.690851953Z","created_by":"ADD"},)"
        R"({"created_by":"CMD","empty_layer":true}]})";
    const auto config = parse_image_config(text, "c");
    ASSERT_THAT(config, IsOk());
    EXPECT_EQ(config->config->exposed_ports.count("8080/tcp"), 1U);
    EXPECT_TRUE(config->history[1].empty_layer);
    EXPECT_EQ(to_json(*config), text);
}

TEST(ImageConfigJson, null_counts_as_absent) {
    const auto config = parse_image_config(
        R"({"architecture":"amd64","os":"linux","config":{"Cmd":null,"Env":null,"Labels":null},)"
        R"("created":null,"history":null,"rootfs":{"type":"layers","diff_ids":null}})",
        "c");
    ASSERT_THAT(config, IsOk());
    EXPECT_FALSE(config->config->cmd.has_value());
}

TEST(ImageConfigJson, required_properties) {
    const auto config = parse_image_config("{}", "c");
    EXPECT_THAT(config, FailsWith("architecture: is required"));
    EXPECT_THAT(config, FailsWith("os: is required"));
    EXPECT_THAT(config, FailsWith("rootfs: is required"));
    EXPECT_THAT(parse_image_config(R"({"architecture":"a","os":"l","rootfs":{"type":"layers"}})", "c"),
                FailsWith("rootfs.diff_ids: is required"));
}

TEST(ImageConfigJson, unknown_rootfs_type_and_broken_values_are_refused) {
    const auto config = parse_image_config(
        R"({"architecture":"a","os":"l","created":"yesterday","rootfs":{"type":"tarsum","diff_ids":["x"]}})",
        "c");
    EXPECT_THAT(config, FailsWith("rootfs.type: is \"tarsum\""));
    EXPECT_THAT(config, FailsWith("rootfs.diff_ids[0]: is \"x\""));
    EXPECT_THAT(config, FailsWith("created: is \"yesterday\""));
}

TEST(LayoutJson, version_is_required) {
    EXPECT_THAT(parse_layout("{}", "oci-layout"), FailsWith("imageLayoutVersion: is required"));
    EXPECT_EQ(parse_layout(R"({"imageLayoutVersion":"1.0.0","more":1})", "l")->image_layout_version, "1.0.0");
}

}  // namespace
}  // namespace oci::spec
