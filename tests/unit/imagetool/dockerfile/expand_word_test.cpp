#include "imagetool/dockerfile/expand_word.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

const std::map<std::string, std::string, std::less<>>& variables() {
    static const std::map<std::string, std::string, std::less<>> values = {
        {"a", "abc"},   {"empty", ""},  {"path", "/usr/local/bin"}, {"name", "a.tar.gz"},
        {"two", "x y"}, {"uni", "äöü"}, {"cdr", "abcabc"},          {"star", "a*c"}};
    return values;
}

oci::Result<Expansion> expand(std::string_view word, const WordRules& rules = {}) {
    const Lookup lookup = [](std::string_view name) -> std::optional<std::string> {
        const auto found = variables().find(name);
        if (found == variables().end()) return std::nullopt;
        return found->second;
    };
    ExpansionBudget budget;
    return expand_word(word, lookup, rules, budget);
}

struct Case {
    const char* word;
    const char* text;
};

class ExpandWord : public ::testing::TestWithParam<Case> {};

TEST_P(ExpandWord, gives) {
    const auto expansion = expand(GetParam().word);
    ASSERT_THAT(expansion, IsOk()) << GetParam().word;
    EXPECT_EQ(expansion->text, GetParam().text) << GetParam().word;
}

INSTANTIATE_TEST_SUITE_P(Plain, ExpandWord,
                         ::testing::Values(Case{"", ""}, Case{"plain", "plain"}, Case{"$a", "abc"},
                                           Case{"${a}", "abc"}, Case{"x$a", "xabc"}, Case{"$a.x", "abc.x"},
                                           Case{"$ax", ""}, Case{"${a}x", "abcx"}, Case{"$", "$"},
                                           Case{"x$", "x$"}, Case{"$ ", "$ "}, Case{"$1x", "x"},
                                           Case{"$12", ""}, Case{"$unset", ""}, Case{"$empty", ""},
                                           Case{"$a$a", "abcabc"}, Case{"a b", "a b"}));

INSTANTIATE_TEST_SUITE_P(Quotes, ExpandWord,
                         ::testing::Values(Case{"'$a'", "$a"}, Case{"\"$a\"", "abc"}, Case{"'a'b", "ab"},
                                           Case{"\"\"", ""}, Case{"\"a\\\"b\"", "a\"b"},
                                           Case{"\"\\$a\"", "$a"}, Case{"\"a\\b\"", "a\\b"},
                                           Case{"\"\\\\\"", "\\"}, Case{"'\\'", "\\"}, Case{"\\$a", "$a"},
                                           Case{"\\a", "a"}, Case{"\\\\", "\\"}, Case{"x\\", "x"},
                                           Case{"\\'", "'"}, Case{"\"'$a'\"", "'abc'"}, Case{"'\"'", "\""}));

INSTANTIATE_TEST_SUITE_P(
    Defaults, ExpandWord,
    ::testing::Values(Case{"${a:-x}", "abc"}, Case{"${unset:-x}", "x"}, Case{"${empty:-x}", "x"},
                      Case{"${unset-x}", "x"}, Case{"${empty-x}", ""}, Case{"${a:+x}", "x"},
                      Case{"${unset:+x}", ""}, Case{"${empty:+x}", ""}, Case{"${empty+x}", "x"},
                      Case{"${unset+x}", ""}, Case{"${a:?x}", "abc"}, Case{"${a?x}", "abc"},
                      Case{"${empty?x}", ""}, Case{"${unset:-}", ""}, Case{"${unset:-$a}", "abc"},
                      Case{"${unset:-${empty:-${a}}}", "abc"}, Case{"${unset:-\"}\"}", "}"},
                      Case{"${unset:-a\\}b}", "a}b"}, Case{"${unset:-x y}", "x y"},
                      Case{"${unset:-'$a'}", "$a"}));

INSTANTIATE_TEST_SUITE_P(Patterns, ExpandWord,
                         ::testing::Values(Case{"${path#*/}", "usr/local/bin"}, Case{"${path##*/}", "bin"},
                                           Case{"${path%/*}", "/usr/local"}, Case{"${path%%/*}", ""},
                                           Case{"${name%.*}", "a.tar"}, Case{"${name%%.*}", "a"},
                                           Case{"${name#*.}", "tar.gz"}, Case{"${name##*.}", "gz"},
                                           Case{"${a#a}", "bc"}, Case{"${a#x}", "abc"}, Case{"${a%c}", "ab"},
                                           Case{"${a#?}", "bc"}, Case{"${a#??}", "c"}, Case{"${uni#?}", "öü"},
                                           Case{"${uni%?}", "äö"}, Case{"${star#a\\*}", "c"},
                                           Case{"${a#a\\*}", "abc"}, Case{"${unset#x}", ""},
                                           Case{"${a#}", "abc"}, Case{"${a##}", "abc"}, Case{"${a#$a}", ""},
                                           Case{"${a%%*}", ""}, Case{"${a%*}", "abc"}));

INSTANTIATE_TEST_SUITE_P(Replacements, ExpandWord,
                         ::testing::Values(Case{"${cdr/b/X}", "aXcabc"}, Case{"${cdr//b/X}", "aXcaXc"},
                                           Case{"${cdr/b/}", "acabc"}, Case{"${cdr//b/}", "acac"},
                                           Case{"${cdr/a*c/X}", "X"}, Case{"${cdr//?/X}", "XXXXXX"},
                                           Case{"${path//\\//-}", "-usr-local-bin"},
                                           Case{"${cdr/x/Y}", "abcabc"}, Case{"${unset/x/y}", ""},
                                           Case{"${cdr/b/$a}", "aabccabc"}, Case{"${a/$a/x}", "x"},
                                           Case{"${cdr//b/X/}", "aX/caX/c"}));

TEST(ExpandWordErrors, tell_what_is_wrong) {
    EXPECT_THAT(expand("${unset:?say it}"), FailsWith("unset: say it"));
    EXPECT_THAT(expand("${unset?}"), FailsWith("unset is not set"));
    EXPECT_THAT(expand("${empty:?}"), FailsWith("empty is empty"));
    EXPECT_THAT(expand("${a"), FailsWith("no }"));
    EXPECT_THAT(expand("${a:-x"), FailsWith("no }"));
    EXPECT_THAT(expand("${}"), FailsWith("no name"));
    EXPECT_THAT(expand("${:-x}"), FailsWith("no name"));
    EXPECT_THAT(expand("${{a}}"), FailsWith("no name"));
    EXPECT_THAT(expand("${a^^}"), FailsWith("no known modifier"));
    EXPECT_THAT(expand("${a:#x}"), FailsWith("no known modifier"));
    EXPECT_THAT(expand("${a:%x}"), FailsWith("no known modifier"));
    EXPECT_THAT(expand("${a/b}"), FailsWith("no /"));
    EXPECT_THAT(expand("\"a"), FailsWith("not closed"));
    EXPECT_THAT(expand("'a"), FailsWith("not closed"));
    EXPECT_THAT(expand("${a#\\q}"), FailsWith("can stand before"));
}

TEST(ExpandWordRules, the_escape_may_be_a_backtick) {
    EXPECT_EQ(expand("`$a\\b", {.escape = '`'})->text, "$a\\b");
    EXPECT_EQ(expand("\"`\"\"", {.escape = '`'})->text, "\"");
}

TEST(ExpandWordRules, heredocs_keep_their_quotes) {
    EXPECT_EQ(expand("it's \"$a\" \\$a", {.keep_quotes = true})->text, "it's \"abc\" $a");
}

TEST(ExpandWordWords, blanks_of_values_divide_unless_quoted) {
    EXPECT_EQ(expand("$two", {.divide = true})->words, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(expand("\"$two\"", {.divide = true})->words, (std::vector<std::string>{"x y"}));
    EXPECT_EQ(expand("a$two b", {.divide = true})->words, (std::vector<std::string>{"ax", "y", "b"}));
    EXPECT_EQ(expand("a\\ b", {.divide = true})->words, (std::vector<std::string>{"a b"}));
    EXPECT_EQ(expand("$empty", {.divide = true})->words, std::vector<std::string>{});
    EXPECT_EQ(expand("''", {.divide = true})->words, std::vector<std::string>{""});
}

TEST(ExpandWordNames, unset_ones_are_told_unless_a_modifier_cares) {
    EXPECT_EQ(expand("$unset$a${other}")->unset, (std::set<std::string>{"unset", "other"}));
    EXPECT_EQ(expand("${unset:-x}${b-x}${c:+x}${d+x}")->unset, std::set<std::string>{});
    EXPECT_EQ(expand("${unset#x}")->unset, std::set<std::string>{"unset"});
    EXPECT_EQ(expand("$a'$path'")->used, std::set<std::string>{"a"});
}

TEST(ExpandWordBudget, B17_doubling_ends_at_ten_mebibytes) {
    std::string value = "0123456789";
    const Lookup lookup = [&](std::string_view) { return std::optional<std::string>(value); };
    ExpansionBudget budget;
    for (int round = 0; round < 40; ++round) {
        const auto expansion = expand_word("${a}${a}", lookup, {}, budget);
        if (!expansion) {
            EXPECT_THAT(expansion, FailsWith("10 MiB"));
            return;
        }
        value = expansion->text;
        ASSERT_LT(value.size(), std::size_t{20} << 20);
    }
    FAIL() << "forty doublings were allowed";
}

TEST(ExpandWordBudget, B17_a_replacement_cannot_multiply_a_value_beyond_it) {
    const Lookup lookup = [](std::string_view name) {
        return std::optional<std::string>(std::string(name == "r" ? 4000 : 100'000, 'a'));
    };
    ExpansionBudget budget;
    EXPECT_THAT(expand_word("${v//a/$r}", lookup, {}, budget), FailsWith("10 MiB"));
}

TEST(ExpandWordBudget, B17_patterns_take_bounded_time) {
    const std::string value(1'000'000, 'a');
    const Lookup lookup = [&](std::string_view) { return std::optional<std::string>(value); };
    ExpansionBudget budget;
    EXPECT_THAT(expand_word("${v//a*a*a*a*b/x}", lookup, {}, budget), FailsWith("takes too long"));
}

TEST(ExpandWordBudget, B17_nesting_is_bounded) {
    std::string word;
    for (int i = 0; i < 10'000; ++i) word += "${x:-";
    EXPECT_THAT(expand(word), FailsWith("nested too deep"));
}

}  // namespace
}  // namespace ocimg::dockerfile
