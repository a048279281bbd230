#include "imagetool/dockerfile/scope.hpp"

#include <gtest/gtest.h>

#include "imagetool/dockerfile/parse_dockerfile.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using Strings = std::vector<std::string>;

BuildArguments arguments(std::map<std::string, std::string, std::less<>> values = {}) {
    return {.values = std::move(values),
            .target_platform = {.architecture = "arm", .os = "linux", .variant = "v7"},
            .build_platform = {.architecture = "amd64", .os = "linux"}};
}

/// A file's first stage entered line by line, on a base with the given environment.
struct Entered {
    explicit Entered(std::string_view text, BuildArguments given = arguments(), const Strings& base_env = {})
        : globals(std::move(given)), scope(globals, base_env) {
        const auto file = parse_dockerfile(text, "Dockerfile");
        EXPECT_THAT(file, IsOk());
        for (const Instruction& arg : file->global_args)
            EXPECT_THAT(globals.define(arg, '\\', budget), IsOk());
        from =
            std::get<From>(expand_instruction(file->stages.front().from_line, globals.lookup(), '\\', budget)
                               ->instruction.body);
        scope = StageScope(globals, base_env);
        for (const Instruction& line : file->stages.front().instructions) {
            auto expanded = scope.enter(line, file->directives.escape, budget);
            if (!expanded) {
                error = expanded.error().text;
                return;
            }
            lines.push_back(std::move(*expanded));
        }
    }
    ExpansionBudget budget;
    GlobalScope globals;
    StageScope scope;
    From from;
    std::vector<Expanded> lines;
    std::string error;
};

TEST(Scope, from_sees_global_and_platform_arguments) {
    const Entered entered(
        "ARG tag=1\nARG image=a:$tag\nFROM --platform=$BUILDPLATFORM $image-$TARGETARCH$TARGETVARIANT\n");
    EXPECT_EQ(entered.from.image, "a:1-armv7");
    EXPECT_EQ(entered.from.platform, "linux/amd64");
}

TEST(Scope, build_arguments_win_over_defaults) {
    const Entered entered(
        "ARG tag=${nope:?never read}\nFROM a:$tag\nARG tag=3\nARG own=${nope:?never read}\n",
        arguments({{"tag", "2"}, {"own", "x"}}));
    EXPECT_EQ(entered.from.image, "a:2");
    EXPECT_EQ(entered.scope.find("tag"), "2");
    EXPECT_EQ(entered.scope.find("own"), "x");
    EXPECT_EQ(entered.error, "");
}

TEST(Scope, global_arguments_reach_a_stage_only_when_it_asks) {
    const Entered entered("ARG a=1\nARG b=2\nFROM x\nARG b\nARG c\nARG TARGETPLATFORM\n");
    EXPECT_EQ(entered.scope.find("a"), std::nullopt);
    EXPECT_EQ(entered.scope.find("b"), "2");
    EXPECT_EQ(entered.scope.find("c"), std::nullopt);
    EXPECT_EQ(entered.scope.find("TARGETPLATFORM"), "linux/arm/v7");
    EXPECT_EQ(entered.scope.find("TARGETOS"), std::nullopt);
}

TEST(Scope, every_platform_argument_is_there) {
    const Entered entered("FROM x\n");
    for (const char* name :
         {"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "TARGETOSVERSION", "BUILDPLATFORM",
          "BUILDOS", "BUILDARCH", "BUILDVARIANT", "BUILDOSVERSION", "TARGETSTAGE"})
        EXPECT_TRUE(entered.globals.find(name).has_value()) << name;
    EXPECT_EQ(entered.globals.find("TARGETSTAGE"), "default");
}

TEST(Scope, env_wins_over_arg_always) {
    EXPECT_EQ(Entered("FROM x\nARG a=arg\nENV a=env\n").scope.find("a"), "env");
    EXPECT_EQ(Entered("FROM x\nENV a=env\nARG a=arg\n").scope.find("a"), "env");
    const Entered on_base("FROM x\nARG a=arg\n", arguments({{"a", "given"}}), {"a=base"});
    EXPECT_EQ(on_base.scope.find("a"), "base");
    EXPECT_EQ(on_base.scope.args(), Strings{});
    EXPECT_EQ(on_base.scope.history_args(), Strings{"a=base"});
}

TEST(Scope, env_sees_the_values_of_before_its_line) {
    const Entered entered("FROM x\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\n");
    EXPECT_EQ(entered.scope.env(), (Strings{"abc=bye", "def=hello", "ghi=bye"}));
}

TEST(Scope, arg_defaults_see_the_arguments_before_them) {
    const Entered entered("FROM x\nARG a=1 b=$a c=${a}${b}\n");
    EXPECT_EQ(entered.scope.args(), (Strings{"a=1", "b=1", "c=11"}));
}

TEST(Scope, an_argument_counts_from_its_line_on) {
    const Entered entered("FROM x\nUSER ${user:-some}\nARG user\nUSER $user\n", arguments({{"user", "me"}}));
    EXPECT_EQ(std::get<User>(entered.lines[0].instruction.body).user, "some");
    EXPECT_EQ(std::get<User>(entered.lines[2].instruction.body).user, "me");
}

TEST(Scope, a_stage_inherits_the_arguments_of_its_base_stage) {
    const Entered base("FROM x AS base\nARG a=1\nENV e=2\n");
    const StageScope scope(base.globals, base.scope);
    EXPECT_EQ(scope.find("a"), "1");
    EXPECT_EQ(scope.find("e"), "2");
}

TEST(Scope, proxies_reach_run_but_not_its_history) {
    const Entered hidden("FROM x\n", arguments({{"HTTP_PROXY", "p"}, {"no_proxy", "q"}, {"other", "o"}}));
    EXPECT_EQ(hidden.scope.hidden_args(), (Strings{"HTTP_PROXY=p", "no_proxy=q"}));
    EXPECT_EQ(hidden.scope.history_args(), Strings{});
    const Entered declared("FROM x\nARG HTTP_PROXY\n", arguments({{"HTTP_PROXY", "p"}}));
    EXPECT_EQ(declared.scope.hidden_args(), Strings{});
    EXPECT_EQ(declared.scope.history_args(), Strings{"HTTP_PROXY=p"});
}

TEST(Scope, history_shows_arguments_without_value_too) {
    EXPECT_EQ(Entered("FROM x\nARG a\nARG b=1\nARG b=2\n").scope.history_args(), (Strings{"a=", "b=2"}));
}

TEST(Scope, an_argument_without_default_keeps_its_value) {
    EXPECT_EQ(Entered("FROM x\nARG a=1\nARG a\n").scope.find("a"), "1");
}

TEST(Expansion, happens_in_the_words_of_these_instructions) {
    const Entered entered(
        "FROM x\nENV v=val p=80 s=TERM\nADD --chown=$v --chmod=${m:-755} $v/a /$v\nCOPY --exclude=$v $v "
        "/$v/\nEXPOSE $p\n"
        "LABEL $v=\"$v\" b='$v'\nSTOPSIGNAL SIG$s\nUSER $v\nVOLUME /$v [x]\nWORKDIR /$v\n"
        "RUN --mount=type=cache,target=/$v,id=$v --network=${n:-none} echo $v\nCMD echo $v\nENTRYPOINT "
        "[\"$v\"]\n");
    ASSERT_EQ(entered.error, "");
    const auto& add = std::get<Add>(entered.lines[1].instruction.body).transfer;
    EXPECT_EQ(add.chown, "val");
    EXPECT_EQ(add.chmod.value->apply(0, false), 0755U);
    EXPECT_EQ(add.sources, Strings{"val/a"});
    EXPECT_EQ(add.destination, "/val");
    EXPECT_EQ(std::get<Copy>(entered.lines[2].instruction.body).transfer.excludes, Strings{"val"});
    EXPECT_EQ(std::get<Expose>(entered.lines[3].instruction.body).ports, Strings{"80"});
    const auto& labels = std::get<Label>(entered.lines[4].instruction.body).labels;
    EXPECT_EQ(labels, (std::vector<KeyValue>{{"val", "val"}, {"b", "$v"}}));
    EXPECT_EQ(std::get<StopSignal>(entered.lines[5].instruction.body).signal, "SIGTERM");
    EXPECT_EQ(std::get<User>(entered.lines[6].instruction.body).user, "val");
    EXPECT_EQ(std::get<Volume>(entered.lines[7].instruction.body).paths, (Strings{"/val", "[x]"}));
    EXPECT_EQ(std::get<Workdir>(entered.lines[8].instruction.body).path, "/val");
    const auto& run = std::get<dockerfile::Run>(entered.lines[9].instruction.body);
    EXPECT_EQ(run.mounts.front().value->target, "/val");
    EXPECT_EQ(run.network.value, RunNetwork::none);
    EXPECT_EQ(run.command.words, Strings{"echo $v"});
    EXPECT_EQ(std::get<Cmd>(entered.lines[10].instruction.body).command.words, Strings{"echo $v"});
    EXPECT_EQ(std::get<Entrypoint>(entered.lines[11].instruction.body).command.words, Strings{"$v"});
}

TEST(Expansion, heredoc_files_are_expanded_unless_their_name_is_quoted) {
    const Entered entered("FROM x\nENV v=val\nCOPY <<a <<\"b\" /d/\n\"$v\" \\$v\na\n$v\nb\n");
    const auto& files = std::get<Copy>(entered.lines[1].instruction.body).transfer.files;
    EXPECT_EQ(files[0].content, "\"val\" $v\n");
    EXPECT_EQ(files[1].content, "$v\n");
}

TEST(Expansion, values_that_make_no_sense_are_errors) {
    EXPECT_THAT(Entered("FROM x\nARG s=NOPE\nSTOPSIGNAL $s\n").error, ::testing::HasSubstr("is no signal"));
    EXPECT_THAT(Entered("FROM x\nCOPY --chmod=$m a b\n").error, ::testing::HasSubstr("is no mode"));
    EXPECT_THAT(Entered("FROM x\nVOLUME $m\n").error, ::testing::HasSubstr("path is empty"));
    EXPECT_THAT(Entered("FROM x\nCOPY a $m\n").error, ::testing::HasSubstr("destination is empty"));
    EXPECT_THAT(Entered("FROM x\nENV $m=1\n").error, ::testing::HasSubstr("name is empty"));
    EXPECT_THAT(Entered("FROM x\nRUN --mount=type=$t,target=/a x\n").error,
                ::testing::HasSubstr("no mount type"));
}

TEST(Expansion, B16_a_platform_is_words_between_slashes) {
    ExpansionBudget budget;
    const GlobalScope globals{arguments()};
    const auto file = parse_dockerfile("FROM --platform=../../x a\n", "Dockerfile");
    EXPECT_THAT(expand_instruction(file->stages[0].from_line, globals.lookup(), '\\', budget),
                FailsWith("--platform"));
}

TEST(Expansion, B17_a_variable_that_doubles_itself_ends_in_an_error) {
    std::string text = "FROM x\nENV a=0123456789\n";
    for (int i = 0; i < 40; ++i) text += "ENV a=${a}${a}\n";
    EXPECT_THAT(Entered(text).error, ::testing::HasSubstr("10 MiB"));
}

}  // namespace
}  // namespace ocimg::dockerfile
