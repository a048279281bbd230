#include "imagetool/build/plan_build.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::build {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// An image with one layer, as if it were in a store.
oci::Result<BaseImage> resolve(const std::string& name, const oci::spec::Platform& /*platform*/) {
    if (name == "absent") return oci::failure(oci::ErrorCode::not_found, "image \"absent\": not there");
    BaseImage image{.name = name, .layout = "/store", .manifest = {}, .config = {}};
    image.manifest.layers.resize(1);
    image.config.rootfs.diff_ids = {"sha256:" + std::string(64, 'a')};
    image.config.config = oci::spec::ExecutionConfig{};
    image.config.config->env = {"PATH=/bin"};
    image.config.config->cmd = std::vector<std::string>{"sh"};
    if (name == "trigger") image.config.config->on_build = {"RUN triggered", "COPY --from=tools /a /b"};
    return image;
}

oci::Result<BuildGraph> plan(const std::string& text, PlanRequest request = {}) {
    request.arguments.target_platform = {.architecture = "amd64", .os = "linux"};
    request.arguments.build_platform = request.arguments.target_platform;
    return plan_build(TRY(dockerfile::parse_dockerfile(text, "Dockerfile")), request, resolve);
}

TEST(PlanBuild, stages_that_the_target_does_not_need_are_left_out) {
    const auto graph = plan("FROM base AS a\nFROM absent AS b\nFROM a\nRUN x\n");
    ASSERT_TRUE(graph) << graph.error().text;
    EXPECT_TRUE(graph->stages[0].needed);
    EXPECT_FALSE(graph->stages[1].needed);
    EXPECT_EQ(graph->target, 2U);
    EXPECT_THAT(graph->stages[2].needs, ElementsAre(0U));
}

TEST(PlanBuild, run_sees_env_and_the_arguments_in_effect) {
    const auto graph = plan("FROM base\nENV A=1\nARG B=2\nARG A=3\nRUN x\n");
    ASSERT_TRUE(graph) << graph.error().text;
    const auto& run = std::get<RunStep>(graph->stages[0].steps.back().action);
    EXPECT_THAT(run.env, ElementsAre("PATH=/bin", "A=1", "B=2"));
    EXPECT_THAT(run.argv, ElementsAre("/bin/sh", "-c", "x"));
}

TEST(PlanBuild, entrypoint_resets_the_bases_cmd_but_not_an_own_one) {
    const auto inherited = plan("FROM base\nENTRYPOINT [\"e\"]\n");
    ASSERT_TRUE(inherited);
    EXPECT_FALSE(inherited->stages[0].config.cmd.has_value());
    const auto own = plan("FROM base\nCMD [\"c\"]\nENTRYPOINT [\"e\"]\n");
    ASSERT_TRUE(own);
    EXPECT_TRUE(own->stages[0].config.cmd.has_value());
}

TEST(PlanBuild, workdir_chains_and_makes_targets_absolute) {
    const auto graph =
        plan("FROM base\nWORKDIR /a\nWORKDIR b\nCOPY x ./y/\nRUN --mount=type=tmpfs,target=t x\n");
    ASSERT_TRUE(graph) << graph.error().text;
    const auto& steps = graph->stages[0].steps;
    EXPECT_EQ(std::get<CopyStep>(steps[2].action).transfer.destination, "/a/b/y/");
    EXPECT_EQ(std::get<RunStep>(steps[3].action).mounts[0].mount.target, "/a/b/t");
    EXPECT_EQ(graph->stages[0].config.working_dir, "/a/b");
}

TEST(PlanBuild, triggers_run_first_and_may_need_stages) {
    const auto graph = plan("FROM base AS tools\nFROM trigger\nRUN own\n");
    ASSERT_TRUE(graph) << graph.error().text;
    const PlannedStage& stage = graph->stages[1];
    ASSERT_EQ(stage.steps.size(), 3U);
    EXPECT_THAT(stage.steps[0].created_by, HasSubstr("triggered"));
    EXPECT_THAT(stage.needs, ElementsAre(0U));
    EXPECT_TRUE(stage.config.on_build.empty());
}

TEST(PlanBuild, errors_say_the_line) {
    const auto later = plan("FROM base AS a\nCOPY --from=b /x /y\nFROM base AS b\nFROM a\n");
    ASSERT_FALSE(later);
    EXPECT_THAT(later.error().text, HasSubstr("Dockerfile:2"));
    EXPECT_THAT(later.error().text, HasSubstr("comes later"));
    const auto root = plan("FROM base\nRUN --mount=type=tmpfs,target=/ x\n");
    ASSERT_FALSE(root);
    EXPECT_THAT(root.error().text, HasSubstr("cannot be /"));
    EXPECT_FALSE(plan("FROM base\nCOPY a b /c\n"));
    EXPECT_FALSE(plan("FROM absent\n"));
}

TEST(PlanBuild, B06_insecure_must_be_allowed) {
    EXPECT_FALSE(plan("FROM base\nRUN --security=insecure x\n"));
    EXPECT_TRUE(plan("FROM base\nRUN --security=insecure x\n", {.allow_insecure = true}));
}

TEST(PlanBuild, B14_urls_lose_their_passwords) {
    const auto graph = plan("FROM base\nADD https://user:TOKEN@host/file /x\n");
    ASSERT_TRUE(graph) << graph.error().text;
    EXPECT_THAT(graph->stages[0].steps[0].created_by, testing::Not(HasSubstr("TOKEN")));
    EXPECT_THAT(graph->stages[0].steps[0].text, testing::Not(HasSubstr("TOKEN")));
}

}  // namespace
}  // namespace ocimg::build
