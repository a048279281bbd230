#include "base/text.hpp"

#include <gmock/gmock.h>

namespace oci {
namespace {

using testing::ElementsAre;

TEST(Text, split_keeps_empty_parts) {
    EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
    EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Text, words_skip_runs_of_blanks) {
    EXPECT_THAT(words("  a\t b \n"), ElementsAre("a", "b"));
    EXPECT_TRUE(words(" \t").empty());
}

TEST(Text, join_is_the_inverse_of_split) {
    EXPECT_EQ(join(split("a,,b", ','), ","), "a,,b");
    EXPECT_EQ(join({}, ","), "");
}

TEST(Text, trim_takes_blanks_off_both_ends) {
    EXPECT_EQ(trim(" \ta b\r\n"), "a b");
    EXPECT_EQ(trim(" "), "");
}

TEST(Text, integers_are_whole_strings_in_range) {
    EXPECT_EQ(parse_integer<int>("-12"), -12);
    EXPECT_EQ(parse_integer<unsigned>("0644", 8), 0644U);
    for (const char* bad : {"", " 1", "1 ", "+1", "0x10", "1e3", "-", "4294967296"}) {
        EXPECT_FALSE(parse_integer<std::uint32_t>(bad).has_value()) << bad;
    }
    EXPECT_FALSE(parse_integer<std::uint32_t>("-1").has_value());
    EXPECT_EQ(parse_integer<std::uint64_t>("18446744073709551615"), ~std::uint64_t{0});
    EXPECT_FALSE(parse_integer<std::uint64_t>("18446744073709551616").has_value());
}

TEST(Text, quoted_text_is_safe_on_a_terminal) {
    EXPECT_EQ(quote("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(quote("a\nb\tc"), R"("a\nb\tc")");
    EXPECT_EQ(quote(std::string_view("\x1b[2J\0", 5)), R"("\x1b[2J\x00")");
    EXPECT_EQ(quote("\xc3\xa4"), "\"\xc3\xa4\"");
    EXPECT_EQ(quote("\xff"), R"("\xff")");
}

TEST(Text, quoted_text_is_cut) {
    const std::string quoted = quote(std::string(1000, 'x'));
    EXPECT_EQ(quoted.size(), 205U);
    EXPECT_TRUE(quoted.ends_with("...\""));
}

TEST(Text, bytes_that_are_no_utf8_are_replaced) {
    EXPECT_EQ(to_utf8("caf\xc3\xa9"), "caf\xc3\xa9");
    EXPECT_EQ(to_utf8("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(to_utf8(""), "");
}

TEST(Text, utf8_is_checked_strictly) {
    for (const char* good : {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                            "\xf5\x80\x80\x80", "a\xe2\x82"}) {
        EXPECT_FALSE(is_utf8(bad));
    }
}

TEST(Text, counts_have_a_plural) {
    EXPECT_EQ(count_of(1, "error"), "1 error");
    EXPECT_EQ(count_of(0, "error"), "0 errors");
}

}  // namespace
}  // namespace oci
