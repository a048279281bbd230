// What a broken file is told: place, sentence, line and caret.

#include <gtest/gtest.h>

#include "imagetool/dockerfile/finding.hpp"
#include "imagetool/dockerfile/parse_dockerfile.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

oci::Result<Dockerfile> parse(std::string_view text) {
    return parse_dockerfile(text, "Dockerfile");
}

/// The text behind a FROM line, so that its first line is line 2.
oci::Result<Dockerfile> parse_stage(std::string_view text) {
    return parse("FROM a\n" + std::string(text));
}

TEST(ParseErrors, show_the_line_and_a_caret) {
    const auto file = parse("FROM a\nCOPY --form=b /x /y\n");
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().text,
              "Dockerfile:2:6: unknown flag \"--form\" of COPY (did you mean --from?)\n"
              "   2 | COPY --form=b /x /y\n"
              "     |      ^");
}

TEST(ParseErrors, find_their_column_inside_a_continuation) {
    const auto file =
        parse("FROM a\nRUN --mount=type=cache,target=/x \\\n\t# comment\n\t--mount=tipe=bind \\\n  true\n");
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().text,
              "Dockerfile:4:2: unknown option \"tipe\" in \"tipe=bind\" of a mount (did you mean type?)\n"
              "   4 | \t--mount=tipe=bind \\\n"
              "     | \t^");
}

TEST(ParseErrors, unknown_instructions_name_the_nearest) {
    EXPECT_THAT(parse("FORM a\n"),
                FailsWith("Dockerfile:1:1: unknown instruction \"FORM\" (did you mean FROM?)"));
    EXPECT_THAT(parse_stage("\n  entripoint x\n"),
                FailsWith("Dockerfile:3:3: unknown instruction \"ENTRIPOINT\" (did you mean ENTRYPOINT?)"));
    EXPECT_THAT(parse_stage("ELEPHANT x\n"), FailsWith("unknown instruction \"ELEPHANT\"\n"));
}

TEST(ParseErrors, hostile_bytes_do_not_reach_the_terminal) {
    const auto file = parse_stage("RUN --\x1b[31mx true\n");
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().text.find('\x1b'), std::string::npos);
}

TEST(ParseErrors, long_lines_are_cut_around_the_place) {
    const auto file = parse_stage("RUN " + std::string(300, ' ') + "--bad=1 " + std::string(300, 'x') + "\n");
    ASSERT_FALSE(file.has_value());
    EXPECT_THAT(file, FailsWith("Dockerfile:2:305: unknown flag"));
    EXPECT_LT(file.error().text.size(), 600U);
}

TEST(ParseErrors, of_flags) {
    EXPECT_THAT(parse_stage("COPY --from a b\n"), FailsWith("--from needs a value"));
    EXPECT_THAT(parse_stage("COPY --from=a --from=b x y\n"), FailsWith("the flag --from is given twice"));
    EXPECT_THAT(parse_stage("COPY --link=yes x y\n"),
                FailsWith("--link is \"yes\", it can be true or false"));
    EXPECT_THAT(parse_stage("COPY --chmod=999 x y\n"), FailsWith("\"999\" is no mode"));
    EXPECT_THAT(parse_stage("COPY --from=$x a b\n"), FailsWith("--from takes no variables"));
    EXPECT_THAT(parse_stage("ADD --checksum=md5:abc a b\n"), FailsWith("--checksum: "));
    EXPECT_THAT(parse_stage("ADD --checksum=0123abcd a b c\n"), FailsWith("exactly one source"));
    EXPECT_THAT(parse_stage("ADD --parents a b\n"), FailsWith("ADD has --chown"));
    EXPECT_THAT(parse_stage("ENV --x a=b\n"), FailsWith("ENV has no flags"));
    EXPECT_THAT(parse_stage("RUN --network=hsot x\n"), FailsWith("did you mean host?"));
    EXPECT_THAT(parse_stage("RUN --device=gpu x\n"), FailsWith("is no device"));
    EXPECT_THAT(parse_stage("HEALTHCHECK --interval=1us CMD x\n"), FailsWith("0 or at least 1ms"));
    EXPECT_THAT(parse_stage("HEALTHCHECK --retries=-1 CMD x\n"), FailsWith("a number from 0"));
    EXPECT_THAT(parse("FROM --platfrom=x a\n"), FailsWith("did you mean --platform?"));
}

TEST(ParseErrors, of_missing_and_extra_words) {
    EXPECT_THAT(parse("FROM\n"), FailsWith("FROM needs an image"));
    EXPECT_THAT(parse("FROM a b\n"), FailsWith("Dockerfile:1:8: FROM needs"));
    EXPECT_THAT(parse("FROM a IS b\n"), FailsWith("expected AS"));
    EXPECT_THAT(parse("FROM a AS 1b\n"), FailsWith("cannot be a stage's name"));
    EXPECT_THAT(parse("FROM a AS b/c\n"), FailsWith("cannot be a stage's name"));
    EXPECT_THAT(parse_stage("RUN\n"), FailsWith("RUN needs a command"));
    EXPECT_THAT(parse_stage("RUN []\n"), FailsWith("RUN needs a command"));
    EXPECT_THAT(parse_stage("COPY a\n"), FailsWith("needs a source and a destination"));
    EXPECT_THAT(parse_stage("ENV a\n"), FailsWith("has no value"));
    EXPECT_THAT(parse_stage("ENV a=b c\n"), FailsWith("has no '='"));
    EXPECT_THAT(parse_stage("ENV =b\n"), FailsWith("name before '=' is empty"));
    EXPECT_THAT(parse_stage("LABEL\n"), FailsWith("LABEL needs a name"));
    EXPECT_THAT(parse_stage("ARG =x\n"), FailsWith("name before '=' is empty"));
    EXPECT_THAT(parse_stage("EXPOSE\n"), FailsWith("EXPOSE needs a port"));
    EXPECT_THAT(parse_stage("VOLUME\n"), FailsWith("VOLUME needs a path"));
    EXPECT_THAT(parse_stage("VOLUME [\"\"]\n"), FailsWith("path is empty"));
    EXPECT_THAT(parse_stage("SHELL /bin/sh -c\n"), FailsWith("SHELL needs a JSON array"));
    EXPECT_THAT(parse_stage("SHELL []\n"), FailsWith("SHELL needs a JSON array"));
    EXPECT_THAT(parse_stage("WORKDIR\n"), FailsWith("WORKDIR needs a directory"));
    EXPECT_THAT(parse_stage("HEALTHCHECK\n"), FailsWith("HEALTHCHECK needs CMD"));
    EXPECT_THAT(parse_stage("HEALTHCHECK NONE x\n"), FailsWith("takes no arguments"));
    EXPECT_THAT(parse_stage("HEALTHCHECK CMD\n"), FailsWith("needs a command"));
}

TEST(ParseErrors, of_json_forms) {
    EXPECT_THAT(parse_stage("CMD [\"a\", 1]\n"),
                FailsWith("Dockerfile:2:11: a JSON array of CMD may hold strings only"));
    EXPECT_THAT(parse_stage("RUN [\"a\", [\"b\"]]\n"), FailsWith("strings only"));
    EXPECT_THAT(parse_stage("COPY [\"a\", null]\n"), FailsWith("strings only"));
}

TEST(ParseErrors, of_heredocs) {
    EXPECT_THAT(parse_stage("RUN <<EOF\necho\n"),
                FailsWith("Dockerfile:2:1: the heredoc \"EOF\" has no end"));
    EXPECT_THAT(parse_stage("COPY a <<EOF\nx\nEOF\n"), FailsWith("a heredoc cannot be the destination"));
    EXPECT_THAT(parse_stage("COPY <<../x /\nx\n../x\n"), FailsWith("cannot be the name of a file"));
}

TEST(ParseErrors, of_onbuild) {
    EXPECT_THAT(parse_stage("ONBUILD\n"), FailsWith("ONBUILD needs an instruction"));
    EXPECT_THAT(parse_stage("ONBUILD ONBUILD RUN x\n"), FailsWith("cannot be triggered by ONBUILD"));
    EXPECT_THAT(parse_stage("ONBUILD FROM x\n"), FailsWith("cannot be triggered by ONBUILD"));
    EXPECT_THAT(parse_stage("ONBUILD MAINTAINER x\n"), FailsWith("cannot be triggered by ONBUILD"));
    EXPECT_THAT(parse_stage("ONBUILD RNU x\n"), FailsWith("Dockerfile:2:9: unknown instruction"));
}

TEST(ParseErrors, of_triggers_in_a_base_image) {
    EXPECT_THAT(parse_trigger("RUN <<E\nx\nE", "a"), IsOk());
    EXPECT_THAT(parse_trigger("FROM x", "base a"), FailsWith("base a: FROM cannot be a trigger"));
    EXPECT_THAT(parse_trigger("RUN x\nRUN y", "base a"), FailsWith("more than one instruction"));
    EXPECT_THAT(parse_trigger("", "base a"), FailsWith("base a: the trigger is empty"));
    EXPECT_THAT(parse_trigger("RNU x", "base a"), FailsWith("base a:1:1: unknown instruction"));
}

TEST(ParseErrors, of_the_whole_file) {
    EXPECT_THAT(parse(""), FailsWith("Dockerfile: the file has no instructions"));
    EXPECT_THAT(parse("# comment\n\n"), FailsWith("no instructions"));
    EXPECT_THAT(parse("ARG a\n"), FailsWith("the file has no FROM"));
    EXPECT_THAT(parse("RUN x\nFROM a\n"), FailsWith("RUN stands before the first FROM"));
    EXPECT_THAT(parse("FROM a\nRUN \xff\n"), FailsWith("is not UTF-8"));
    EXPECT_THAT(parse(std::string_view("FROM a\nRUN x\0y\n", 14)),
                FailsWith("Dockerfile:2:6: the line holds a NUL byte"));
}

TEST(ParseErrors, of_directives) {
    EXPECT_THAT(parse("# escape=x\nFROM a\n"), FailsWith("Dockerfile:1:1: \"x\" cannot be the escape"));
    EXPECT_THAT(parse("# escape=`\n# Escape=`\nFROM a\n"), FailsWith("stands in the file twice"));
}

TEST(ParseBudget, B17_a_file_has_at_most_a_mebibyte) {
    EXPECT_THAT(parse("FROM a\n#" + std::string(std::size_t{1} << 20, 'x')),
                FailsWith("at most 1048576 are allowed"));
}

TEST(ParseBudget, B17_a_line_has_at_most_65535_bytes) {
    EXPECT_THAT(parse_stage("RUN " + std::string(65530, 'x') + "\n"), IsOk());
    EXPECT_THAT(parse_stage("RUN " + std::string(65531, 'x') + "\n"), FailsWith("at most 65535 are allowed"));
}

TEST(ParseBudget, B17_a_file_has_at_most_a_thousand_stages) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "FROM a\n";
    EXPECT_THAT(parse(text), IsOk());
    EXPECT_THAT(parse(text + "FROM a\n"), FailsWith("more than 1000 stages"));
}

TEST(ParseBudget, B17_a_heredoc_without_end_is_an_error_at_once) {
    std::string text = "FROM a\n";
    for (int i = 0; i < 5000; ++i) text += "RUN <<E" + std::to_string(i) + "\n";
    EXPECT_THAT(parse(text), FailsWith("has no end"));
}

TEST(PlaceOfMessage, is_below_the_word_that_is_quoted) {
    constexpr std::string_view text = "FROM a\n  EXPOSE 80 \\\n  abc\n";
    const Place lines{.line = 2, .last_line = 3};
    EXPECT_EQ(place_of_message(text, lines, "\"abc\" is no port"), (Place{3, 3, 3}));
    EXPECT_EQ(place_of_message(text, lines, "the \"unknown\" port is \"80\""), (Place{2, 10, 3}));
    EXPECT_EQ(place_of_message(text, lines, "too many ports"), (Place{2, 3, 3}));
}

TEST(PlaceOfMessage, is_at_an_open_variable) {
    EXPECT_EQ(place_of_message("FROM a\nENV A=${B\n", {.line = 2, .last_line = 2}, "a ${ has no }"),
              (Place{2, 7, 2}));
}

}  // namespace
}  // namespace ocimg::dockerfile
