#include "imagetool/bundle/to_runtime_config.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "spec/runtime/config_json.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using oci::spec::ExecutionConfig;
using oci::spec::ImageConfig;
using oci::test::FailsWith;
using oci::test::IsOk;

ImageConfig an_image(ExecutionConfig execution = {}) {
    ImageConfig image;
    image.os = "linux";
    image.architecture = "amd64";
    image.rootfs.type = "layers";
    image.config = std::move(execution);
    return image;
}

oci::spec::RuntimeConfig convert(const ImageConfig& image) {
    return to_runtime_config(image, {}).value().config;
}

TEST(ToRuntimeConfig, result_is_a_valid_config) {
    ExecutionConfig execution;
    execution.volumes["/data"] = {};
    const std::string text = oci::spec::to_json(convert(an_image(execution)));
    EXPECT_THAT(oci::spec::parse_runtime_config(text, "config.json"), IsOk());
}

TEST(ToRuntimeConfig, cmd_follows_entrypoint) {
    ExecutionConfig execution;
    execution.entrypoint = {"/app"};
    execution.cmd = {"-a", "b"};
    EXPECT_EQ(convert(an_image(execution)).process->args, (std::vector<std::string>{"/app", "-a", "b"}));
}

TEST(ToRuntimeConfig, image_without_command_gets_a_shell) {
    EXPECT_EQ(convert(an_image()).process->args, std::vector<std::string>{"sh"});
    ImageConfig image = an_image();
    image.config.reset();
    EXPECT_EQ(convert(image).process->args, std::vector<std::string>{"sh"});
}

TEST(ToRuntimeConfig, environment_is_verbatim_and_path_is_only_added) {
    ExecutionConfig execution;
    execution.env = {"B=1", "A=2"};
    const auto env = convert(an_image(execution)).process->env;
    ASSERT_EQ(env.size(), 3U);
    EXPECT_TRUE(env[0].starts_with("PATH="));
    EXPECT_EQ(env[1], "B=1");
    execution.env = {"PATH=/bin"};
    EXPECT_EQ(convert(an_image(execution)).process->env, std::vector<std::string>{"PATH=/bin"});
}

TEST(ToRuntimeConfig, directory_and_user) {
    ExecutionConfig execution;
    execution.working_dir = "/srv";
    oci::spec::User user;
    user.uid = 5;
    user.additional_gids = {7};
    const auto config = to_runtime_config(an_image(execution), user).value().config;
    EXPECT_EQ(config.process->cwd, "/srv");
    EXPECT_EQ(config.process->user.uid, 5U);
    EXPECT_EQ(config.process->user.additional_gids, std::vector<std::uint32_t>{7});
    EXPECT_EQ(convert(an_image()).process->cwd, "/");
}

TEST(ToRuntimeConfig, annotations_say_what_the_image_says_and_nothing_else) {
    ExecutionConfig execution;
    execution.stop_signal = "SIGINT";
    execution.exposed_ports["80/tcp"] = {};
    execution.exposed_ports["443"] = {};
    ImageConfig image = an_image(execution);
    image.variant = "v3";
    image.os_features = {"a", "b"};
    const std::map<std::string, std::string> expected{
        {"org.opencontainers.image.os", "linux"},
        {"org.opencontainers.image.architecture", "amd64"},
        {"org.opencontainers.image.variant", "v3"},
        {"org.opencontainers.image.os.features", "a,b"},
        {"org.opencontainers.image.stopSignal", "SIGINT"},
        {"org.opencontainers.image.exposedPorts", "443,80/tcp"},
    };
    EXPECT_EQ(convert(image).annotations, expected);
}

TEST(ToRuntimeConfig, labels_win_over_implicit_annotations) {
    ExecutionConfig execution;
    execution.labels["org.opencontainers.image.os"] = "mine";
    execution.labels["free"] = "";
    const auto annotations = convert(an_image(execution)).annotations;
    EXPECT_EQ(annotations.at("org.opencontainers.image.os"), "mine");
    EXPECT_EQ(annotations.at("free"), "");
}

TEST(ToRuntimeConfig, labels_that_steer_runtimes_are_left_out_with_a_warning) {
    ExecutionConfig execution;
    for (const char* name : {"org.systemd.property.ExecStart", "run.oci.handler", "org.criu.config",
                             "io.containerd.runc", "io.podman.annotations.x", "ocirun.anything"}) {
        execution.labels[name] = "x";
    }
    const auto conversion = to_runtime_config(an_image(execution), {});
    ASSERT_THAT(conversion, IsOk());
    EXPECT_EQ(conversion->warnings.size(), 6U);
    for (const auto& [name, value] : conversion->config.annotations) {
        EXPECT_TRUE(name.starts_with("org.opencontainers.image.")) << name;
    }
}

TEST(ToRuntimeConfig, volumes_are_mounts_with_the_images_content) {
    ExecutionConfig execution;
    execution.volumes["/var/lib/data"] = {};
    const auto mounts = convert(an_image(execution)).mounts;
    const auto& mount = mounts.back();
    EXPECT_EQ(mount.destination, "/var/lib/data");
    EXPECT_EQ(mount.type, "tmpfs");
    EXPECT_NE(std::find(mount.options.begin(), mount.options.end(), "tmpcopyup"), mount.options.end());
}

TEST(ToRuntimeConfig, what_no_runtime_could_use_is_refused) {
    ExecutionConfig execution;
    execution.working_dir = "srv";
    EXPECT_THAT(to_runtime_config(an_image(execution), {}), FailsWith("config.WorkingDir"));
    execution = {};
    execution.env = {"OK=1", "broken"};
    EXPECT_THAT(to_runtime_config(an_image(execution), {}), FailsWith("config.Env[1]"));
    for (const char* volume : {"data", "/../etc", "/", "/a/../../etc"}) {
        execution = {};
        execution.volumes[volume] = {};
        EXPECT_THAT(to_runtime_config(an_image(execution), {}), FailsWith("config.Volumes")) << volume;
    }
    ImageConfig windows = an_image();
    windows.os = "windows";
    EXPECT_THAT(to_runtime_config(windows, {}), FailsWith("only linux"));
}

}  // namespace
}  // namespace ocimg
