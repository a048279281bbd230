#include <gtest/gtest.h>

#include "imagetool/image/set_config.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

Image base() {
    return empty_image(oci::spec::parse_platform("linux/amd64").value(), {});
}

oci::spec::Descriptor layer(std::string_view media_type) {
    oci::spec::Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = "sha256:" + std::string(64, '1');
    descriptor.size = 5;
    return descriptor;
}

oci::Result<Image> changed(const ConfigChanges& changes) {
    return set_config(base(), changes, {.created_by = "test"}, {});
}

TEST(EditImage, empty_image_is_valid_and_without_layers) {
    const Image image = base();
    EXPECT_THAT(oci::spec::parse_image_config(to_json(image.config), "c"), IsOk());
    EXPECT_TRUE(image.manifest.layers.empty());
    EXPECT_EQ(image.config.created, "1970-01-01T00:00:00Z");
}

TEST(EditImage, appended_layer_has_diff_id_and_history) {
    const Image image = append_layer(base(), layer(oci::spec::media_type::layer_tar_gzip), "sha256:d", "made",
                                     {.seconds = 5});
    EXPECT_EQ(image.config.rootfs.diff_ids, std::vector<std::string>{"sha256:d"});
    ASSERT_EQ(image.config.history.size(), 1U);
    EXPECT_EQ(image.config.history[0].created_by, "made");
    EXPECT_FALSE(image.config.history[0].empty_layer);
    EXPECT_EQ(image.config.created, "1970-01-01T00:00:05Z");
}

TEST(EditImage, docker_media_types_become_those_of_oci) {
    Image image = base();
    image.manifest.media_type = oci::spec::media_type::docker_manifest;
    image.manifest.layers.push_back(layer(oci::spec::media_type::docker_layer_gzip));
    image.config.rootfs.diff_ids.emplace_back("sha256:a");
    image = append_layer(image, layer(oci::spec::media_type::layer_tar_zstd), "sha256:b", "made", {});
    EXPECT_EQ(image.manifest.media_type, oci::spec::media_type::manifest);
    EXPECT_EQ(image.manifest.layers[0].media_type, oci::spec::media_type::layer_tar_gzip);
    EXPECT_EQ(image.manifest.layers[1].media_type, oci::spec::media_type::layer_tar_zstd);
}

TEST(SetConfig, words_replace_and_variables_are_merged) {
    Image image = changed({.cmd = {{"a"}}, .env = {"A=1", "B=2"}}).value();
    image =
        set_config(image, {.cmd = {{"b", "c"}}, .env = {"A=3=4", "C="}}, {.created_by = "test"}, {}).value();
    EXPECT_EQ(*image.config.config->cmd, (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(image.config.config->env, (std::vector<std::string>{"A=3=4", "B=2", "C="}));
}

TEST(SetConfig, history_line_has_no_layer) {
    const Image image = changed({.user = "1000"}).value();
    EXPECT_TRUE(image.config.history.back().empty_layer);
    EXPECT_EQ(image.config.config->user, "1000");
}

TEST(SetConfig, clearing_comes_first) {
    Image image = changed({.cmd = {{"a"}}, .env = {"A=1"}, .labels = {"x=y"}}).value();
    image = set_config(image, {.clear = {"cmd", "env"}, .env = {"B=2"}}, {.created_by = "test"}, {}).value();
    EXPECT_FALSE(image.config.config->cmd.has_value());
    EXPECT_EQ(image.config.config->env, std::vector<std::string>{"B=2"});
    EXPECT_EQ(image.config.config->labels.at("x"), "y");
}

TEST(SetConfig, platform_author_and_annotations) {
    const Image image = changed({.annotations = {"k=v"},
                                 .author = "me",
                                 .platform = oci::spec::parse_platform("linux/arm/v6").value()})
                            .value();
    EXPECT_EQ(image.config.architecture, "arm");
    EXPECT_EQ(image.config.variant, "v6");
    EXPECT_EQ(image.config.author, "me");
    EXPECT_EQ(image.manifest.annotations.at("k"), "v");
}

TEST(SetConfig, broken_values_name_their_option) {
    EXPECT_THAT(changed({.env = {"A"}}), FailsWith("--env \"A\": expected NAME=VALUE"));
    EXPECT_THAT(changed({.env = {"=A"}}), FailsWith("--env"));
    EXPECT_THAT(changed({.labels = {"x"}}), FailsWith("--label"));
    EXPECT_THAT(changed({.working_dir = "srv"}), FailsWith("--workdir \"srv\": expected an absolute path"));
    EXPECT_THAT(changed({.volumes = {"data"}}), FailsWith("--volume"));
    EXPECT_THAT(changed({.exposed_ports = {"0"}}), FailsWith("--expose"));
    EXPECT_THAT(changed({.exposed_ports = {"80/icmp"}}), FailsWith("--expose"));
    EXPECT_THAT(changed({.stop_signal = "TERM"}), FailsWith("--stop-signal"));
    EXPECT_THAT(changed({.clear = {"everything"}}),
                FailsWith("--clear \"everything\": allowed are annotations"));
}

TEST(SetConfig, same_changes_give_the_same_bytes) {
    const ConfigChanges changes{.cmd = {{"a"}}, .env = {"A=1"}, .labels = {"b=1", "a=2"}};
    EXPECT_EQ(to_json(changed(changes)->config), to_json(changed(changes)->config));
}

TEST(SourceDateEpoch, is_seconds_or_1970) {
    EXPECT_EQ(timestamp_of_epoch("")->seconds, 0);
    EXPECT_EQ(timestamp_of_epoch("1700000000")->seconds, 1700000000);
    EXPECT_THAT(timestamp_of_epoch("-1"), FailsWith("SOURCE_DATE_EPOCH"));
    EXPECT_THAT(timestamp_of_epoch("now"), FailsWith("SOURCE_DATE_EPOCH"));
    EXPECT_THAT(timestamp_of_epoch("99999999999999"), FailsWith("SOURCE_DATE_EPOCH"));
}

TEST(EditImage, durations_are_read_as_docker_writes_them) {
    EXPECT_EQ(parse_check_time("0").value(), 0);
    EXPECT_EQ(parse_check_time("300ms").value(), 300'000'000);
    EXPECT_EQ(parse_check_time("1h1m1s").value(), 3'661'000'000'000);
    EXPECT_EQ(parse_check_time("0.5h").value(), 1'800'000'000'000);
    EXPECT_EQ(parse_check_time("1.5s2us").value(), 1'500'002'000);
    for (const char* text : {"", "1", "s", "-1s", "1 s", "1.s", "99999999999s", "999999999h", "1x", ".5s"}) {
        EXPECT_FALSE(parse_check_time(text).has_value()) << text;
    }
}

TEST(EditImage, one_key_is_unset_and_others_stay) {
    Image image = changed({.env = {"A=1", "AB=2"}, .labels = {"x=1", "y=2"}}).value();
    image = set_config(image, {.unset = {"env=A", "label=x"}}, {.created_by = "t"}, {}).value();
    EXPECT_EQ(image.config.config->env, (std::vector<std::string>{"AB=2"}));
    EXPECT_EQ(image.config.config->labels.size(), 1U);
    EXPECT_THAT(set_config(image, {.unset = {"env=A"}}, {}, {}), FailsWith("no such key"));
    EXPECT_THAT(set_config(image, {.unset = {"cmd=A"}}, {}, {}),
                FailsWith("annotation, env, expose, label, volume"));
}

TEST(EditImage, a_health_check_keeps_what_is_not_changed) {
    Image image = changed({.healthcheck = {.command = "true", .interval = "5s", .retries = "2"}}).value();
    image = set_config(image, {.healthcheck = {.timeout = "1s"}}, {.created_by = "t"}, {}).value();
    EXPECT_EQ(image.config.config->healthcheck->interval, 5'000'000'000);
    EXPECT_EQ(image.config.config->healthcheck->timeout, 1'000'000'000);
    EXPECT_EQ(image.config.config->healthcheck->retries, 2);
    EXPECT_THAT(changed({.healthcheck = {.command = "x", .none = true}}), FailsWith("exclude each other"));
    EXPECT_THAT(changed({.healthcheck = {.retries = "-1"}}), FailsWith("--healthcheck-retries"));
}

TEST(EditImage, a_change_may_leave_no_line_of_history) {
    const Image image =
        set_config(base(), {.user = "1"}, {.created_by = "t", .in_history = false}, {.seconds = 9}).value();
    EXPECT_TRUE(image.config.history.empty());
    EXPECT_EQ(image.config.created, "1970-01-01T00:00:09Z");
}

}  // namespace
}  // namespace ocimg
