#include "imagetool/buildfile/build_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "imagetool/dockerfile/describe.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg::buildfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

oci::Result<BuildFile> read(std::string_view text, const std::map<std::string, std::string>& included = {}) {
    return parse_build_file(text, "build.yaml", [&](const std::string& path) -> oci::Result<std::string> {
        const auto found = included.find(path);
        if (found == included.end()) return oci::failure("there is no " + path);
        return found->second;
    });
}

/// The steps of one stage.
oci::Result<BuildFile> read_steps(std::string_view steps) {
    return read("images:\n  a:\n    stages:\n      - from: x\n        steps:\n" + std::string(steps));
}

std::string step_text(std::string_view steps) {
    const auto file = read_steps(steps);
    EXPECT_THAT(file, IsOk());
    return file ? describe(file->images.front().file.stages.front().instructions.front()) : "";
}

void expect_same(const dockerfile::Dockerfile& a, const dockerfile::Dockerfile& b, const std::string& yaml) {
    EXPECT_EQ(a.directives, b.directives) << yaml;
    ASSERT_EQ(a.global_args.size(), b.global_args.size()) << yaml;
    for (std::size_t i = 0; i < a.global_args.size(); ++i)
        EXPECT_TRUE(same_meaning(a.global_args[i], b.global_args[i])) << yaml;
    ASSERT_EQ(a.stages.size(), b.stages.size()) << yaml;
    for (std::size_t i = 0; i < a.stages.size(); ++i) {
        EXPECT_TRUE(same_meaning(a.stages[i].from_line, b.stages[i].from_line)) << yaml;
        ASSERT_EQ(a.stages[i].instructions.size(), b.stages[i].instructions.size()) << yaml;
        for (std::size_t j = 0; j < a.stages[i].instructions.size(); ++j) {
            EXPECT_TRUE(same_meaning(a.stages[i].instructions[j], b.stages[i].instructions[j]))
                << describe(a.stages[i].instructions[j]) << "\nbecame\n"
                << describe(b.stages[i].instructions[j]) << "\nin\n"
                << yaml;
        }
    }
}

TEST(BuildFile, every_dockerfile_is_the_same_after_conversion) {
    std::size_t converted = 0;
    for (const auto& entry : std::filesystem::directory_iterator(OCI_GOLDEN_DIRECTORY)) {
        if (entry.path().extension() != ".Dockerfile") continue;
        std::ifstream stream(entry.path(), std::ios::binary);
        std::stringstream text;
        text << stream.rdbuf();
        const auto original = dockerfile::parse_dockerfile(text.str(), entry.path().filename());
        if (!original) continue;
        const std::string yaml = to_build_file(*original, "image");
        const auto again = read(yaml);
        ASSERT_THAT(again, IsOk()) << yaml;
        expect_same(*original, again->images.front().file, yaml);
        ++converted;
    }
    EXPECT_GE(converted, 40U);
}

TEST(BuildFile, has_many_images_with_platforms_and_arguments) {
    const auto file = read(R"(version: 1
arguments:
  - {name: VERSION, default: "12"}
images:
  app:
    platforms: [linux/amd64, linux/arm64]
    arguments: [OTHER]
    stages:
      - {from: "debian:$VERSION", name: build, platform: $BUILDPLATFORM, steps: [run: make]}
      - from: scratch
        steps:
          - copy: {from: build, sources: [/out], to: /}
  tool:
    stages:
      - from: app-base
)");
    ASSERT_THAT(file, IsOk());
    ASSERT_EQ(file->images.size(), 2U);
    const BuildImage& app = file->images.front();
    EXPECT_EQ(app.name, "app");
    EXPECT_EQ(app.platforms, (std::vector<std::string>{"linux/amd64", "linux/arm64"}));
    EXPECT_EQ(app.file.global_args.size(), 2U);
    EXPECT_EQ(app.file.stages.size(), 2U);
    EXPECT_EQ(app.file.stages[0].from.name, "build");
    EXPECT_EQ(app.file.stages[1].instructions[0].lines.first, 12U);
    EXPECT_EQ(file->images[1].name, "tool");
}

TEST(BuildFile, steps_become_the_instructions_of_a_dockerfile) {
    EXPECT_EQ(step_text("          - run: make install\n"), "RUN shell \"make install\"");
    EXPECT_EQ(step_text("          - run: [make, install]\n"), "RUN exec \"make\" \"install\"");
    EXPECT_EQ(step_text(R"(          - run:
              command: make
              mounts: [{type: cache, target: /c, sharing: locked}, "type=tmpfs,target=/t"]
              network: none
)"),
              "RUN shell \"make\"\n    mount cache rw target \"/c\" id \"/c\" sharing \"locked\"\n"
              "    mount tmpfs rw target \"/t\"\n    network \"none\"");
    EXPECT_EQ(step_text("          - env: {A: b, C: d e}\n"), "ENV\n    \"A\" = \"b\"\n    \"C\" = \"d e\"");
    EXPECT_EQ(step_text("          - import: {source: https://h/x, hash: 'sha256:" + std::string(64, '0') +
                        "', to: /x, mode: '644', unpack: true}\n"),
              "ADD\n    checksum \"sha256:" + std::string(64, '0') +
                  "\"\n    unpack true\n    chmod \"644\"\n    source \"https://h/x\"\n    to \"/x\"");
    EXPECT_EQ(step_text("          - healthcheck: none\n"), "HEALTHCHECK none");
}

TEST(BuildFile, includes_come_first_and_may_include) {
    const auto file = read("include: [sub/a.yaml]\nimages: {c: {stages: [{from: x}]}}\n",
                           {{"sub/a.yaml", "include: [b.yaml]\nimages: {a: {stages: [{from: x}]}}\n"},
                            {"sub/b.yaml", "images: {b: {stages: [{from: x}]}}\n"}});
    ASSERT_THAT(file, IsOk());
    ASSERT_EQ(file->images.size(), 3U);
    EXPECT_EQ(file->images[0].name, "b");
    EXPECT_EQ(file->images[2].name, "c");
}

TEST(BuildFile, includes_stay_below_the_file_and_end) {
    EXPECT_THAT(read("include: [../x.yaml]\n"), FailsWith("cannot be included"));
    EXPECT_THAT(read("include: [/etc/passwd]\n"), FailsWith("cannot be included"));
    EXPECT_THAT(read("include: [a.yaml]\n", {{"a.yaml", "include: [a.yaml]\n"}}), FailsWith("a second time"));
    EXPECT_THAT(read("include: [a.yaml]\n"), FailsWith("build.yaml:1:11: there is no a.yaml"));
    EXPECT_THAT(read("include: [a.yaml]\n", {{"a.yaml", "images: {}\n"}}), FailsWith("there is no image"));
}

TEST(BuildFile, an_image_is_chosen_by_name) {
    const auto file = read("images: {a: {stages: [{from: x}]}, b: {stages: [{from: y}]}}\n");
    ASSERT_THAT(file, IsOk());
    EXPECT_EQ(select_image(*file, "b")->file.stages[0].from.image, "y");
    EXPECT_THAT(select_image(*file, ""), FailsWith("an image has to be named: the build file has a, b"));
    EXPECT_THAT(select_image(*file, "c"), FailsWith("there is no image \"c\""));
    EXPECT_TRUE(is_build_file("x/build.yaml"));
    EXPECT_FALSE(is_build_file("Dockerfile"));
}

TEST(BuildFileErrors, have_line_column_and_caret) {
    const auto file = read_steps("          - cpoy: {sources: [a], to: b}\n");
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().text,
              "build.yaml:6:19: \"cpoy\" is no key of a step (did you mean copy?)\n"
              "   6 |           - cpoy: {sources: [a], to: b}\n"
              "     |                   ^");
}

TEST(BuildFileErrors, of_values) {
    EXPECT_THAT(read_steps("          - run: {command: x, mounts: [{type: cahce, target: /x}]}\n"),
                FailsWith("did you mean cache?"));
    EXPECT_THAT(read_steps("          - run: {network: none}\n"), FailsWith("run has no command"));
    EXPECT_THAT(read_steps("          - copy: {sources: [a]}\n"), FailsWith("destination (to) is missing"));
    EXPECT_THAT(read_steps("          - copy: {sources: [a], to: b, chmod: '999'}\n"),
                FailsWith("is no mode"));
    EXPECT_THAT(read_steps("          - copy: {from: $x, sources: [a], to: b}\n"),
                FailsWith("takes no variables"));
    EXPECT_THAT(read_steps("          - {run: a, user: b}\n"), FailsWith("a second one"));
    EXPECT_THAT(read_steps("          - skip-checks: [all]\n"), FailsWith("names no instruction"));
    EXPECT_THAT(read_steps("          - import: {source: https://h/x, to: /x}\n"), FailsWith("needs a hash"));
    EXPECT_THAT(read_steps("          - onbuild: FROM x\n"), FailsWith("cannot be a trigger"));
    EXPECT_THAT(read_steps("          - healthcheck: {command: x, interval: soon}\n"),
                FailsWith("is no duration"));
    EXPECT_THAT(read("images: {a: {}}\n"), FailsWith("stages, a list of stages, is missing"));
    EXPECT_THAT(read("images: {a: {stages: [{name: x}]}}\n"), FailsWith("a stage has no from"));
    EXPECT_THAT(read("images: {a: {platforms: [../x], stages: [{from: x}]}}\n"),
                FailsWith("is not a platform"));
    EXPECT_THAT(read("version: 2\nimages: {}\n"), FailsWith("1 is known"));
    EXPECT_THAT(read("image: {}\n"), FailsWith("did you mean images?"));
}

TEST(BuildFileErrors, of_the_yaml_itself) {
    EXPECT_THAT(read("images: [\n"), FailsWith("build.yaml:2:1: "));
    EXPECT_THAT(read(""), FailsWith("is empty"));
    EXPECT_THAT(read("a: 1\na: 2\n"), FailsWith("the key \"a\" a second time"));
    EXPECT_THAT(read("a: &x 1\n"), FailsWith("an anchor"));
    EXPECT_THAT(read("a: !!binary x\n"), FailsWith("a tag"));
    EXPECT_THAT(read("a: 1\n---\nb: 2\n"), FailsWith("more than one document"));
    EXPECT_THAT(read("a: \xff\n"), FailsWith("not UTF-8"));
}

TEST(BuildFileErrors, B17_aliases_and_depth_cannot_blow_up) {
    EXPECT_THAT(read("a: &a [x, x]\nb: &b [*a, *a]\n"), FailsWith("an anchor"));
    EXPECT_THAT(read(std::string(5000, '[')), FailsWith("nested too deep"));
    EXPECT_THAT(read("images: {a: {stages: [" + std::string(300'000, '1') + "]}}"), FailsWith("a stage"));
    EXPECT_THAT(read(std::string((std::size_t{1} << 20) + 1, ' ')), FailsWith("larger than 1 MiB"));
}

}  // namespace
}  // namespace ocimg::buildfile
