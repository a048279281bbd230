#include "base/command_line.hpp"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.hpp"

namespace oci::cli {
namespace {

using test::FailsWith;
using test::IsOk;
using testing::ElementsAre;
using testing::HasSubstr;

Program a_program() {
    Program program{.name = "tool", .summary = "does things"};
    program.options = {{.name = "root", .kind = OptionKind::value, .value_name = "DIR", .help = "where"},
                       {.name = "debug", .help = "tell more"}};
    Command run{.name = "run", .summary = "runs", .arguments = "ID"};
    run.options = {{.name = "bundle",
                    .short_name = "b",
                    .kind = OptionKind::value,
                    .value_name = "DIR",
                    .help = "the bundle",
                    .default_value = "."},
                   {.name = "detach", .short_name = "d", .help = "in the background"},
                   {.name = "env",
                    .short_name = "e",
                    .kind = OptionKind::list,
                    .value_name = "K=V",
                    .help = "a variable"},
                   {.name = "secret", .help = "not shown", .hidden = true}};
    run.least_arguments = 1;
    run.most_arguments = 1;
    run.examples = {"tool run x"};
    run.aliases = {"go", "r"};
    Command exec{.name = "exec", .summary = "executes", .arguments = "ID CMD"};
    exec.options = {{.name = "tty", .short_name = "t", .help = "a terminal"}};
    exec.least_arguments = 1;
    exec.most_arguments = many_arguments;
    exec.ordering = Ordering::stop_at_first_argument;
    program.commands = {run, exec};
    return program;
}

const Program& program() {
    static const Program table = a_program();
    return table;
}

Result<Invocation> parse(const std::vector<std::string>& words) {
    return parse_command_line(program(), words);
}

TEST(CommandLine, values_come_attached_or_as_the_next_word) {
    for (const auto& words : std::vector<std::vector<std::string>>{{"run", "--bundle", "/b", "x"},
                                                                   {"run", "--bundle=/b", "x"},
                                                                   {"run", "-b", "/b", "x"},
                                                                   {"run", "-b=/b", "x"},
                                                                   {"run", "-bundle", "/b", "x"},
                                                                   {"run", "x", "--bundle", "/b"}}) {
        const auto invocation = parse(words);
        ASSERT_THAT(invocation, IsOk());
        EXPECT_EQ(invocation->values.get("bundle"), "/b");
        EXPECT_THAT(invocation->values.arguments(), ElementsAre("x"));
    }
}

TEST(CommandLine, an_alias_is_the_command) {
    for (const char* name : {"run", "go", "r"}) {
        const auto invocation = parse({name, "x"});
        ASSERT_THAT(invocation, IsOk());
        EXPECT_EQ(invocation->command->name, "run");
    }
    EXPECT_THAT(program_help(program()), HasSubstr("run, go, r"));
    EXPECT_THAT(command_help(program(), program().commands[0]), HasSubstr("ALIASES:\n   go, r\n"));
    EXPECT_THAT(command_man_page(program(), program().commands[0], "1"), HasSubstr(".SH ALIASES\ngo, r\n"));
    EXPECT_THAT(program_man_page(program(), "1"), HasSubstr("\\fBrun\\fR, \\fBgo\\fR, \\fBr\\fR"));
    EXPECT_THAT(bash_completion(program()), HasSubstr("run|go|r)"));
    EXPECT_THAT(zsh_completion(program()), HasSubstr("'go:runs'"));
    EXPECT_THAT(fish_completion(program()), HasSubstr("__fish_seen_subcommand_from run go r"));
}

TEST(CommandLine, the_last_value_counts_and_lists_keep_all) {
    const auto invocation = parse({"run", "-b", "1", "-b", "2", "-e", "A=1", "--env=B=2", "x"});
    ASSERT_THAT(invocation, IsOk());
    EXPECT_EQ(invocation->values.get("bundle"), "2");
    EXPECT_THAT(invocation->values.all("env"), ElementsAre("A=1", "B=2"));
}

TEST(CommandLine, defaults_stand_in) {
    EXPECT_EQ(parse({"run", "x"})->values.get("bundle"), ".");
    EXPECT_EQ(parse({"run", "x"})->values.get("env"), "");
}

TEST(CommandLine, booleans_take_a_value_only_when_it_is_attached) {
    EXPECT_TRUE(parse({"run", "-d", "x"})->values.has("detach"));
    EXPECT_FALSE(parse({"run", "--detach=false", "x"})->values.has("detach"));
    EXPECT_TRUE(parse({"run", "--detach=true", "x"})->values.has("detach"));
    EXPECT_FALSE(parse({"run", "x"})->values.has("detach"));
    EXPECT_THAT(parse({"run", "--detach=maybe", "x"}),
                FailsWith("invalid boolean value \"maybe\" for -detach"));
}

TEST(CommandLine, global_options_stand_before_the_command) {
    const auto invocation = parse({"--root", "/r", "--debug", "run", "x"});
    ASSERT_THAT(invocation, IsOk());
    EXPECT_EQ(invocation->global.get("root"), "/r");
    EXPECT_TRUE(invocation->global.has("debug"));
    EXPECT_THAT(parse({"run", "--root", "/r", "x"}), FailsWith("flag provided but not defined: -root"));
}

TEST(CommandLine, exec_leaves_the_rest_to_the_command_inside) {
    const auto invocation = parse({"exec", "-t", "id", "ls", "-t", "--no-such"});
    ASSERT_THAT(invocation, IsOk());
    EXPECT_TRUE(invocation->values.has("tty"));
    EXPECT_THAT(invocation->values.arguments(), ElementsAre("id", "ls", "-t", "--no-such"));
}

TEST(CommandLine, two_dashes_end_the_options) {
    EXPECT_THAT(parse({"run", "--", "-x"})->values.arguments(), ElementsAre("-x"));
    EXPECT_THAT(parse({"run", "-"})->values.arguments(), ElementsAre("-"));
}

TEST(CommandLine, errors_have_the_known_words) {
    EXPECT_THAT(parse({"run", "--nope", "x"}), FailsWith("flag provided but not defined: -nope"));
    EXPECT_THAT(parse({"run", "x", "--bundle"}), FailsWith("flag needs an argument: --bundle"));
    EXPECT_THAT(parse({"run"}), FailsWith("\"tool run\" requires exactly 1 argument(s)"));
    EXPECT_THAT(parse({"run", "a", "b"}), FailsWith("requires exactly 1 argument(s)"));
    EXPECT_THAT(parse({"exec"}), FailsWith("requires a minimum of 1 argument(s)"));
    EXPECT_THAT(parse({"nope"}), FailsWith("'nope'"));
}

TEST(CommandLine, help_and_version_are_asked_for_in_several_ways) {
    EXPECT_TRUE(parse({})->help);
    EXPECT_TRUE(parse({"--help"})->help);
    EXPECT_TRUE(parse({"-v"})->version);
    const auto help = parse({"help", "run"});
    ASSERT_THAT(help, IsOk());
    EXPECT_TRUE(help->help);
    EXPECT_EQ(help->command->name, "run");
    EXPECT_TRUE(parse({"run", "--help"})->help);
    EXPECT_TRUE(parse({"run", "-h"})->help);
}

TEST(CommandLine, one_table_makes_every_text) {
    const Command& run = program().commands.front();
    for (const std::string& text :
         {command_help(program(), run), command_man_page(program(), run, "1"), bash_completion(program()),
          zsh_completion(program()), fish_completion(program())}) {
        EXPECT_THAT(text, HasSubstr("bundle"));
        EXPECT_THAT(text, HasSubstr("detach"));
        EXPECT_THAT(text, testing::Not(HasSubstr("secret")));
    }
    EXPECT_THAT(program_help(program()), HasSubstr("executes"));
    EXPECT_THAT(program_man_page(program(), "1"), HasSubstr("tool\\-run"));
}

}  // namespace
}  // namespace oci::cli
