#include "imagetool/dockerfile/ignore_file.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using Patterns = std::vector<std::string>;

bool ignored(const Patterns& patterns, std::string_view path) {
    const auto matcher = IgnoreMatcher::compile(patterns);
    EXPECT_THAT(matcher, IsOk());
    return matcher.has_value() && matcher->is_ignored(path);
}

struct Case {
    const char* pattern;
    const char* path;
    bool matches;
};

class IgnorePattern : public ::testing::TestWithParam<Case> {};

TEST_P(IgnorePattern, matches_as_patternmatcher) {
    EXPECT_EQ(ignored({GetParam().pattern}, GetParam().path), GetParam().matches)
        << GetParam().pattern << " on " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Names, IgnorePattern,
    ::testing::Values(Case{"a", "a", true}, Case{"a", "a/b/c", true}, Case{"a", "ab", false},
                      Case{"a", "b/a", false}, Case{"a/b", "a/b", true}, Case{"a/b", "a", false},
                      Case{"/a", "a", true}, Case{"a/", "a", true}, Case{"./a", "a", true},
                      Case{"a/./b", "a/b", true}, Case{"x/../a", "a", true}, Case{"a.b", "acb", false},
                      Case{"a+b", "a+b", true}, Case{"(a)", "(a)", true}, Case{"a$", "a$", true},
                      Case{"", "a", false}, Case{".", "a", false}));

INSTANTIATE_TEST_SUITE_P(
    Stars, IgnorePattern,
    ::testing::Values(Case{"*", "a", true}, Case{"*", "a/b", true}, Case{"*.go", "x.go", true},
                      Case{"*.go", "d/x.go", false}, Case{"*.go", "x.go/d", true}, Case{"*/x", "a/x", true},
                      Case{"*/x", "a/b/x", false}, Case{"a*b", "ab", true}, Case{"a*b", "a/b", false},
                      Case{"*/*", "a", false}, Case{"*/*", "a/b/c", true}, Case{"a/*.c", "a/x.c", true},
                      Case{"?", "a", true}, Case{"?", "ä", true}, Case{"?", "ab", false},
                      Case{"a?b", "a/b", false}, Case{"a*", "äa", false}, Case{"*ä", "öä", true}));

INSTANTIATE_TEST_SUITE_P(
    DoubleStars, IgnorePattern,
    ::testing::Values(Case{"**", "a/b/c", true}, Case{"**/x", "x", true}, Case{"**/x", "a/b/x", true},
                      Case{"**/x", "a/xx", false}, Case{"**/x", "a/x/b", true}, Case{"**/*.go", "x.go", true},
                      Case{"**/*.go", "a/b/x.go", true}, Case{"a/**", "a/b", true}, Case{"a/**", "a", false},
                      Case{"a/**/b", "a/b", true}, Case{"a/**/b", "a/x/y/b", true},
                      Case{"a/**/b", "a/xb", false}, Case{"a**", "abc", true}, Case{"a**", "a/b", true},
                      Case{"**a", "xa", true}, Case{"**a", "x/ya", true}, Case{"**a", "x/ya/z", true},
                      Case{"**a", "ab", false}, Case{"**/a/**", "x/a/y", true}, Case{"**/a/**", "a/y", true},
                      Case{"**/a/**", "x/a", false}, Case{"a/**/*", "a/b", true},
                      Case{"**/b/*.c", "a/b/x.c", true}, Case{"**/b/*.c", "b/x.c", true},
                      Case{"x/**.txt", "x/a/.txt", true}, Case{"**/**/x", "x", true},
                      Case{"**/node_modules", "p/node_modules/q", true}, Case{"**/.git", ".git", true},
                      Case{"**/.git", ".github", false}));

INSTANTIATE_TEST_SUITE_P(ClassesAndEscapes, IgnorePattern,
                         ::testing::Values(Case{"[a-c]", "b", true}, Case{"[a-c]", "d", false},
                                           Case{"[^a]", "b", true}, Case{"[^a]", "a", false},
                                           Case{"x[^a]y", "x/y", true}, Case{"[ä-ö]", "ö", true},
                                           Case{"a\\*b", "a*b", true}, Case{"a\\*b", "axb", false},
                                           Case{"\\[a]", "[a]", true}, Case{"[\\]]", "]", true},
                                           Case{"[a\\-]", "-", true}));

TEST(IgnoreMatcher, the_last_pattern_that_matches_wins) {
    const Patterns patterns = {"*.md", "!README*.md", "README-secret.md"};
    EXPECT_TRUE(ignored(patterns, "x.md"));
    EXPECT_FALSE(ignored(patterns, "README.md"));
    EXPECT_TRUE(ignored(patterns, "README-secret.md"));
    EXPECT_FALSE(ignored({"*.md", "README-secret.md", "!README*.md"}, "README-secret.md"));
}

TEST(IgnoreMatcher, an_exception_takes_back_below_a_directory_that_is_left_out) {
    const auto matcher = IgnoreMatcher::compile({"dir", "!dir/keep/x"});
    ASSERT_THAT(matcher, IsOk());
    EXPECT_TRUE(matcher->is_ignored("dir"));
    EXPECT_TRUE(matcher->is_ignored("dir/other"));
    EXPECT_FALSE(matcher->is_ignored("dir/keep/x"));
    EXPECT_FALSE(matcher->is_ignored("dir/keep/x/deep"));
    EXPECT_TRUE(matcher->may_hold_exceptions("dir"));
    EXPECT_TRUE(matcher->may_hold_exceptions("dir/keep"));
    EXPECT_FALSE(matcher->may_hold_exceptions("dir/other"));
    EXPECT_FALSE(matcher->may_hold_exceptions("di"));
}

TEST(IgnoreMatcher, an_exception_with_wildcards_keeps_directories_open) {
    const auto anywhere = IgnoreMatcher::compile({"*", "!**/*.go"});
    EXPECT_FALSE(anywhere->is_ignored("a/b/x.go"));
    EXPECT_TRUE(anywhere->may_hold_exceptions("a/b"));
    const auto below = IgnoreMatcher::compile({"*", "!src/*/x"});
    EXPECT_TRUE(below->may_hold_exceptions("src"));
    EXPECT_TRUE(below->may_hold_exceptions("src/a"));
    EXPECT_FALSE(below->may_hold_exceptions("srcs"));
    EXPECT_FALSE(below->may_hold_exceptions("lib"));
}

TEST(IgnoreMatcher, one_without_patterns_matches_nothing) {
    EXPECT_TRUE(IgnoreMatcher().empty());
    EXPECT_FALSE(IgnoreMatcher().is_ignored("a"));
}

TEST(IgnoreMatcher, bad_patterns_are_told) {
    EXPECT_THAT(IgnoreMatcher::compile({"!"}), FailsWith("lone !"));
    EXPECT_THAT(IgnoreMatcher::compile({"[a-"}), FailsWith("not closed"));
    EXPECT_THAT(IgnoreMatcher::compile({"[]"}), FailsWith("not closed"));
    EXPECT_THAT(IgnoreMatcher::compile({"a\\"}), FailsWith("lone \\"));
}

TEST(IgnoreFile, lines_are_trimmed_cleaned_and_comments_left_out) {
    const auto patterns = parse_ignore_file(
        "\xEF\xBB\xBF# comment\n  a/./b/ \r\n\n#x\n # no comment\n/rooted\n! /kept/x/..\n!!odd\n/\n../up\n",
        ".dockerignore");
    ASSERT_THAT(patterns, IsOk());
    EXPECT_EQ(*patterns, (Patterns{"a/b", "# no comment", "rooted", "!kept", "!!odd", "/", "../up"}));
}

TEST(IgnoreFile, errors_have_their_line) {
    EXPECT_THAT(parse_ignore_file("a\n!\n", ".dockerignore"),
                FailsWith(".dockerignore:2:1: a lone ! is no pattern\n   2 | !\n     | ^"));
    EXPECT_THAT(parse_ignore_file("a\n\nx[\n", ".dockerignore"), FailsWith(".dockerignore:3:1: \"x[\""));
}

TEST(IgnoreFile, B17_two_hundred_double_stars_do_not_blow_up) {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "**/";
    std::string path;
    for (int i = 0; i < 1000; ++i) path += "a/";
    EXPECT_FALSE(ignored({pattern + "x*y"}, path + "z"));
    EXPECT_TRUE(ignored({pattern + "x*y"}, path + "xy"));
}

}  // namespace
}  // namespace ocimg::dockerfile
