#include "runtime/plan/variant_text.hpp"

#include <random>

#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

/// "SIGNATURE VALUE" of a text, or its error.
std::string read(std::string_view text) {
    const auto value = parse_variant_text(text);
    return value ? value->signature + " " + to_text(*value) : "error: " + value.error().text;
}

TEST(VariantText, numbers_have_the_type_they_name_or_int32) {
    EXPECT_EQ(read("15"), "i 15");
    EXPECT_EQ(read("-0x10"), "i -16");
    EXPECT_EQ(read("017"), "i 15");
    EXPECT_EQ(read("uint64 18446744073709551615"), "t uint64 18446744073709551615");
    EXPECT_EQ(read("int64 -9223372036854775808"), "x int64 -9223372036854775808");
    EXPECT_EQ(read("byte 0xff"), "y byte 255");
    EXPECT_EQ(read("int16 -1"), "n int16 -1");
    EXPECT_EQ(read("uint16 1"), "q uint16 1");
    EXPECT_EQ(read("uint32 1"), "u uint32 1");
    EXPECT_EQ(read("@x 3"), "x int64 3");
    EXPECT_EQ(read("2.5"), "d 2.5");
    EXPECT_EQ(read("double 2"), "d 2");
    EXPECT_EQ(read("1e3"), "d 1000");
}

TEST(VariantText, numbers_out_of_range_are_errors) {
    for (const char* text :
         {"byte 256", "byte -1", "int16 32768", "uint32 4294967296", "2147483648",
          "uint64 18446744073709551616", "int64 9223372036854775808", "08", "0x", "uint32 2.5"})
        EXPECT_THAT(read(text), testing::StartsWith("error: ")) << text;
}

TEST(VariantText, booleans_and_strings) {
    EXPECT_EQ(read(" true "), "b true");
    EXPECT_EQ(read("'it'"), "s 'it'");
    EXPECT_EQ(read(R"("a\"\n\u00e4\U0001F600")"), "s 'a\"\n\xc3\xa4\xf0\x9f\x98\x80'");
    EXPECT_EQ(read("objectpath '/a/b'"), "o '/a/b'");
    EXPECT_EQ(read("signature 'a{sv}'"), "g 'a{sv}'");
    EXPECT_EQ(read("@s 'x'"), "s 'x'");
    EXPECT_EQ(read("b'a\\001'"), "ay [byte 97, byte 1, byte 0]");
}

TEST(VariantText, arrays_agree_on_a_type) {
    EXPECT_EQ(read("['a', 'b']"), "as ['a', 'b']");
    EXPECT_EQ(read("[1, uint64 2]"), "at [uint64 1, uint64 2]");
    EXPECT_EQ(read("@as []"), "as []");
    EXPECT_EQ(read("[[], [byte 1]]"), "aay [[], [byte 1]]");
    EXPECT_EQ(read("[('/dev/null', uint64 5), ('/x', 6)]"),
              "a(st) [('/dev/null', uint64 5), ('/x', uint64 6)]");
    EXPECT_THAT(read("[1, 'a']"), testing::HasSubstr("different types"));
    EXPECT_THAT(read("[]"), testing::HasSubstr("empty array"));
}

TEST(VariantText, tuples_dictionaries_and_variants) {
    EXPECT_EQ(read("(1, 'a', true)"), "(isb) (1, 'a', true)");
    EXPECT_EQ(read("(1,)"), "(i) (1)");
    EXPECT_EQ(read("{'a': <1>, 'b': <'x'>}"), "a{sv} [{'a', <1>}, {'b', <'x'>}]");
    EXPECT_EQ(read("<(1, [true])>"), "v <(1, [true])>");
    EXPECT_EQ(read("@a{sv} {}"), "a{sv} []");
    EXPECT_EQ(read("@a(sv) [('k', <@u 1>)]"), "a(sv) [('k', <uint32 1>)]");
}

TEST(VariantText, what_d_bus_cannot_say_is_an_error) {
    EXPECT_THAT(read("just 1"), testing::HasSubstr("maybe"));
    EXPECT_THAT(read("nothing"), testing::HasSubstr("maybe"));
    EXPECT_THAT(read("()"), testing::HasSubstr("does not exist in D-Bus"));
    EXPECT_THAT(read("{1, 2}"), testing::HasSubstr("does not exist in D-Bus"));
    EXPECT_THAT(read("objectpath 'a'"), testing::StartsWith("error: "));
}

TEST(VariantText, syntax_errors_say_where) {
    for (const char* text :
         {"",      "'",        "'a",   "[1",     "[1,",           "(1)",       "<1",        "{1: 2",
          "{1 2}", "1 2",      "@ 1",  "@z 1",   "uint32",        "maybe",     "'\\u12'",   "'\\ud800'",
          "[,]",   "b'\\777'", "\xff", "@i 'a'", "int32 int64 1", "@au ['x']", "true false"})
        EXPECT_THAT(read(text), testing::StartsWith("error: ")) << text;
    EXPECT_THAT(parse_variant_text("[1 2]"), FailsWith("at character 4"));
    EXPECT_THAT(parse_variant_text(std::string(5000, '[')), FailsWith("too deeply"));
}

/// Damaged texts are refused or read, never a crash.
TEST(VariantText, survives_damage) {
    const std::string good = "@a{sv} {'a': <[1, 2]>, \"b\": <(byte 1, 2.5, b'x\\000', '\\u00e4')>}";
    ASSERT_THAT(parse_variant_text(good), IsOk());
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        std::string text = good;
        for (int change = 0; change < 3; ++change) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0) text[at] = good[random() % good.size()];
            if (random() % 4 == 0) text.erase(at, 1);
        }
        const auto value = parse_variant_text(text);
        if (value) {
            EXPECT_EQ(complete_type_length(value->signature), value->signature.size()) << text;
        }
    }
}

TEST(BusSignature, complete_types) {
    EXPECT_EQ(complete_type_length("sas"), 1U);
    EXPECT_EQ(complete_type_length("a(sv)u"), 5U);
    EXPECT_EQ(complete_type_length("a{s(ii)}"), 8U);
    for (const char* none : {"", "a", "(", "()", "(s", "a{s}", "a{vs}", "a{sss}", "{sv}", "z", ")"})
        EXPECT_EQ(complete_type_length(none), 0U) << none;
    EXPECT_EQ(complete_type_length(std::string(100, 'a') + "s"), 0U);
    EXPECT_THAT(split_signature("sa{sv}(u)"), testing::ElementsAre("s", "a{sv}", "(u)"));
}

}  // namespace
}  // namespace ocirun
