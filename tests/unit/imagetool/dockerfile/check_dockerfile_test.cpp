// One test a check: a file that it finds, and one that it leaves alone.

#include "imagetool/dockerfile/check_dockerfile.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

CheckRequest a_request() {
    CheckRequest request;
    request.arguments.target_platform = {.architecture = "amd64", .os = "linux"};
    request.arguments.build_platform = request.arguments.target_platform;
    return request;
}

CheckReport check(std::string_view text, CheckRequest request = a_request()) {
    const auto file = parse_dockerfile(text, "Dockerfile");
    EXPECT_THAT(file, IsOk());
    if (!file) return {};
    if (!file->directives.check.empty()) request.options = *parse_check_options(file->directives.check);
    return check_dockerfile(*file, request);
}

/// "Rule:line:column" of every finding.
std::vector<std::string> found(const CheckReport& report) {
    std::vector<std::string> all;
    for (const Finding& one : report.findings)
        all.push_back(one.rule + ":" + std::to_string(one.place.line) + ":" +
                      std::to_string(one.place.column));
    return all;
}
std::vector<std::string> found(std::string_view text) {
    return found(check(text));
}
using Strings = std::vector<std::string>;

TEST(Check, there_are_22_rules) {
    EXPECT_EQ(check_rules().size(), 22U);
}

TEST(Check, StageNameCasing) {
    EXPECT_EQ(found("FROM a AS Build\n"), Strings{"StageNameCasing:1:11"});
    EXPECT_EQ(found("FROM a AS build\n"), Strings{});
}
TEST(Check, FromAsCasing) {
    EXPECT_EQ(found("FROM a as build\n"), Strings{"FromAsCasing:1:8"});
    EXPECT_EQ(found("from a AS build\n"), Strings{"FromAsCasing:1:8"});
    EXPECT_EQ(found("from a as build\n"), Strings{});
}
TEST(Check, NoEmptyContinuation) {
    EXPECT_EQ(found("FROM a\nRUN x \\\n\n  y\n"), Strings{"NoEmptyContinuation:3:0"});
    EXPECT_EQ(found("FROM a\nRUN x \\\n# c\n  y\n"), Strings{});
}
TEST(Check, ConsistentInstructionCasing) {
    EXPECT_EQ(found("FROM a\nrun x\nUSER y\n"), Strings{"ConsistentInstructionCasing:2:1"});
    EXPECT_EQ(found("from a\nrun x\nUSER y\n"), Strings{"ConsistentInstructionCasing:3:1"});
    EXPECT_EQ(found("FROM a\nRun x\n"), Strings{"ConsistentInstructionCasing:2:1"});
}
TEST(Check, DuplicateStageName) {
    EXPECT_EQ(found("FROM a AS b\nFROM a AS b\n"), Strings{"DuplicateStageName:2:11"});
}
TEST(Check, ReservedStageName) {
    EXPECT_EQ(found("FROM a AS scratch\n"), Strings{"ReservedStageName:1:11"});
    EXPECT_EQ(found("FROM a AS context\n"), Strings{"ReservedStageName:1:11"});
}
TEST(Check, JSONArgsRecommended) {
    EXPECT_EQ(found("FROM a\nCMD x\nENTRYPOINT y\n"),
              (Strings{"JSONArgsRecommended:2:1", "JSONArgsRecommended:3:1"}));
    EXPECT_EQ(found("FROM a\nCMD [\"x\"]\n"), Strings{});
    EXPECT_EQ(found("FROM a AS b\nSHELL [\"/bin/bash\", \"-c\"]\nCMD x\nFROM b\nCMD y\n"), Strings{});
}
TEST(Check, MaintainerDeprecated) {
    EXPECT_EQ(found("FROM a\nMAINTAINER me\n"), Strings{"MaintainerDeprecated:2:1"});
}
TEST(Check, UndefinedArgInFrom) {
    const auto report = check("ARG VERSION=1\nFROM a:$VERSOIN\n");
    EXPECT_EQ(found(report), (Strings{"InvalidDefaultArgInFrom:2:6", "UndefinedArgInFrom:2:9"}));
    EXPECT_NE(report.findings[1].message.find("did you mean VERSION?"), std::string::npos);
    EXPECT_EQ(found("ARG VERSION=1\nFROM a:$VERSION-$TARGETARCH\n"), Strings{});
}
TEST(Check, WorkdirRelativePath) {
    EXPECT_EQ(found("FROM a\nWORKDIR app\n"), Strings{"WorkdirRelativePath:2:9"});
    EXPECT_EQ(found("FROM a\nWORKDIR /app\nWORKDIR x\n"), Strings{});
}
TEST(Check, UndefinedVar) {
    EXPECT_EQ(found("FROM scratch\nCOPY $foo .\n"), Strings{"UndefinedVar:2:7"});
    EXPECT_EQ(found("FROM scratch\nARG foo\nCOPY $foo ${bar:-x} .\nENV PATH=/x:$PATH\n"), Strings{});
    EXPECT_EQ(found("FROM scratch AS b\nENV x=1\nFROM b\nUSER $x$y\n"), Strings{"UndefinedVar:4:9"});
    // What an image that is not at hand defines is not known; a slip of the pen is.
    EXPECT_EQ(found("FROM a\nENV JAVA=$JAVA_HOME/bin PORT=1\nEXPOSE $PROT\n"), Strings{"UndefinedVar:3:9"});
    CheckRequest request = a_request();
    request.base_facts = [](const std::string&, const oci::spec::Platform&) {
        return std::optional(BaseFacts{{"JAVA_HOME=/j"}, std::nullopt});
    };
    EXPECT_EQ(found(check("FROM a\nENV J=$JAVA_HOME K=$OTHER\n", request)), Strings{"UndefinedVar:2:21"});
}
TEST(Check, MultipleInstructionsDisallowed) {
    EXPECT_EQ(found("FROM a\nCMD [\"x\"]\nCMD [\"y\"]\n"), Strings{"MultipleInstructionsDisallowed:2:1"});
    EXPECT_EQ(found("FROM a\nHEALTHCHECK NONE\nHEALTHCHECK CMD x\n"),
              Strings{"MultipleInstructionsDisallowed:2:1"});
    EXPECT_EQ(found("FROM a\nENTRYPOINT [\"x\"]\nFROM a\nENTRYPOINT [\"x\"]\n"), Strings{});
}
TEST(Check, LegacyKeyValueFormat) {
    EXPECT_EQ(found("FROM a\nENV x y\nLABEL x y\n"),
              (Strings{"LegacyKeyValueFormat:2:1", "LegacyKeyValueFormat:3:1"}));
}
TEST(Check, InvalidBaseImagePlatform) {
    CheckRequest request = a_request();
    request.base_facts = [](const std::string&, const oci::spec::Platform&) {
        return std::optional(BaseFacts{{}, oci::spec::Platform{.architecture = "arm64", .os = "linux"}});
    };
    EXPECT_EQ(found(check("FROM a\n", request)), Strings{"InvalidBaseImagePlatform:1:6"});
    EXPECT_EQ(found(check("FROM --platform=linux/arm64 a AS arm64\n", request)), Strings{});
}
TEST(Check, RedundantTargetPlatform) {
    EXPECT_EQ(found("FROM --platform=$TARGETPLATFORM a\n"), Strings{"RedundantTargetPlatform:1:6"});
    EXPECT_EQ(found("FROM --platform=$BUILDPLATFORM a\n"), Strings{});
}
TEST(Check, SecretsUsedInArgOrEnv) {
    EXPECT_EQ(found("FROM a\nARG API_TOKEN\nENV GITHUB_KEY=x\n"),
              (Strings{"SecretsUsedInArgOrEnv:2:5", "SecretsUsedInArgOrEnv:3:5"}));
    EXPECT_EQ(found("FROM a\nARG PUBLIC_KEY TOKEN_FILE MONKEY KEYBOARD\n"), Strings{});
}
TEST(Check, InvalidDefaultArgInFrom) {
    EXPECT_EQ(found("ARG TAG\nFROM a:$TAG\n"), Strings{"InvalidDefaultArgInFrom:2:6"});
    EXPECT_EQ(found("ARG TAG=1\nFROM a:$TAG\n"), Strings{});
    CheckRequest request = a_request();
    request.arguments.values["IMAGE"] = "b";
    EXPECT_EQ(found(check("ARG IMAGE\nFROM $IMAGE\n", request)), Strings{"InvalidDefaultArgInFrom:2:6"});
}
TEST(Check, FromPlatformFlagConstDisallowed) {
    EXPECT_EQ(found("FROM --platform=linux/amd64 a AS b\n"), Strings{"FromPlatformFlagConstDisallowed:1:6"});
    EXPECT_EQ(found("FROM --platform=linux/amd64 a AS b-amd64\n"), Strings{});
}
TEST(Check, CopyIgnoredFile) {
    const IgnoreMatcher ignore = *IgnoreMatcher::compile({"secret", "*.tmp"});
    CheckRequest request = a_request();
    request.ignore = &ignore;
    EXPECT_EQ(found(check("FROM a\nCOPY ./secret/x y\nADD z.tmp /\nCOPY ok /\n", request)),
              (Strings{"CopyIgnoredFile:2:6", "CopyIgnoredFile:3:5"}));
    EXPECT_EQ(found(check("FROM a AS b\nFROM a\nCOPY --from=b secret /\nADD https://h/z.tmp /\n", request)),
              Strings{});
    const IgnoreMatcher with_exceptions = *IgnoreMatcher::compile({"secret", "!secret/x"});
    request.ignore = &with_exceptions;
    EXPECT_EQ(found(check("FROM a\nCOPY secret /\n", request)), Strings{});
}
TEST(Check, InvalidDefinitionDescription) {
    const std::string text =
        "# an image\nFROM a AS b\n# x is right\nARG x\n# wrong\nARG y\n\n# far\n\nARG z\n";
    EXPECT_EQ(found(text), Strings{});
    EXPECT_EQ(found("# check=experimental=all\n" + text),
              (Strings{"InvalidDefinitionDescription:3:1", "InvalidDefinitionDescription:7:1"}));
    EXPECT_EQ(found("# check=experimental=InvalidDefinitionDescription\n# no\nFROM a AS b\n"),
              Strings{"InvalidDefinitionDescription:3:1"});
}
TEST(Check, ExposeProtoCasing) {
    EXPECT_EQ(found("FROM a\nEXPOSE 80/TcP 81/udp\n"), Strings{"ExposeProtoCasing:2:8"});
}
TEST(Check, ExposeInvalidFormat) {
    EXPECT_EQ(found("FROM a\nEXPOSE 127.0.0.1:80:80 5000:5000 ${p:-80}\n"),
              (Strings{"ExposeInvalidFormat:2:8", "ExposeInvalidFormat:2:24"}));
}

TEST(Check, rules_are_skipped_for_the_file_or_one_line) {
    EXPECT_EQ(found("# check=skip=maintainerdeprecated,JSONArgsRecommended\nFROM a\nMAINTAINER x\nCMD x\n"),
              Strings{});
    EXPECT_EQ(found("# check=skip=all\nFROM a\nMAINTAINER x\n"), Strings{});
    EXPECT_EQ(found("FROM a\n# check=skip=LegacyKeyValueFormat\nENV a b\nENV c d\n"),
              Strings{"LegacyKeyValueFormat:4:1"});
}

TEST(Check, warnings_become_errors_when_asked) {
    EXPECT_FALSE(check("FROM a\nMAINTAINER x\n").failed);
    EXPECT_TRUE(check("# check=error=true\nFROM a\nMAINTAINER x\n").failed);
    EXPECT_FALSE(check("# check=error=true;skip=all\nFROM a\nMAINTAINER x\n").failed);
    EXPECT_THAT(parse_check_options("error=maybe"), FailsWith("is no option of check"));
    EXPECT_THAT(parse_check_options("skipp=x"), FailsWith("is no option of check"));
}

TEST(Check, what_a_build_would_stop_at_is_told) {
    const auto report = check("FROM a\nUSER ${x:?say who}\n");
    EXPECT_TRUE(report.failed);
    EXPECT_NE(report.error.find("Dockerfile:2:1: x: say who"), std::string::npos);
}

TEST(Check, findings_are_shown_with_their_line) {
    const auto file = parse_dockerfile("FROM a\nCOPY x \\\n  y\nWORKDIR app\n", "Dockerfile");
    const auto report = check_dockerfile(*file, a_request());
    EXPECT_EQ(
        to_text(report, *file),
        "Dockerfile:4:9: WorkdirRelativePath: \"app\" depends on the working directory that the base image "
        "happens to have\n   4 | WORKDIR app\n     |         ^\nDockerfile: 1 warning\n");
    EXPECT_EQ(to_json(report, *file), R"({
  "file": "Dockerfile",
  "warnings": [
    {
      "ruleName": "WorkdirRelativePath",
      "description": "the first WORKDIR of a stage is absolute",
      "detail": "\"app\" depends on the working directory that the base image happens to have",
      "location": {
        "ranges": [
          {
            "start": {
              "line": 4,
              "character": 8
            },
            "end": {
              "line": 4
            }
          }
        ]
      }
    }
  ]
}
)");
}

TEST(Check, several_findings_each_have_their_own_line) {
    const auto file = parse_dockerfile("FROM a\n\n  MAINTAINER b\nCMD c\nCMD d", "Dockerfile");
    const std::string text = to_text(check_dockerfile(*file, a_request()), *file);
    EXPECT_NE(text.find("   3 |   MAINTAINER b\n     |   ^\n"), std::string::npos) << text;
    EXPECT_NE(text.find("   4 | CMD c\n     | ^\n"), std::string::npos) << text;
    EXPECT_NE(text.find("   5 | CMD d\n     | ^\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace ocimg::dockerfile
