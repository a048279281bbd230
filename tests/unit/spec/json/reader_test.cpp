#include "spec/json/reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

struct Inner {
    std::uint16_t small = 0;
    std::int64_t large = 0;
};

struct Outer {
    std::string name;
    std::optional<bool> flag;
    std::vector<Inner> inners;
    std::map<std::string, Inner> named;
    std::uint64_t huge = 0;
    std::optional<std::vector<std::string>> words;
};

}  // namespace

template <>
struct FieldsOf<Inner> {
    static constexpr const char* section = "inner.md";
    static void list(auto& fields, auto& self) {
        fields.required("small", self.small);
        fields.optional("large", self.large);
    }
};

template <>
struct FieldsOf<Outer> {
    static constexpr const char* section = "outer.md";
    static void list(auto& fields, auto& self) {
        fields.required("name", self.name);
        fields.optional("flag", self.flag);
        fields.optional("inners", self.inners);
        fields.optional("named", self.named);
        fields.optional("huge", self.huge);
        fields.optional("words", self.words);
    }
};

namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

TEST(ReadJson, fills_every_kind_of_member) {
    const auto outer = read_json<Outer>(
        R"({"name":"n","flag":false,"inners":[{"small":65535,"large":-9223372036854775808}],
            "named":{"a.b":{"small":1}},"huge":18446744073709551615,"words":[],"unknown":{"x":1}})",
        "f");
    ASSERT_THAT(outer, IsOk());
    EXPECT_EQ(outer->name, "n");
    EXPECT_EQ(outer->flag, std::optional<bool>(false));
    ASSERT_EQ(outer->inners.size(), 1U);
    EXPECT_EQ(outer->inners[0].small, 65535);
    EXPECT_EQ(outer->inners[0].large, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(outer->named.at("a.b").small, 1);
    EXPECT_EQ(outer->huge, std::numeric_limits<std::uint64_t>::max());
    ASSERT_TRUE(outer->words.has_value());
    EXPECT_TRUE(outer->words->empty());
}

TEST(ReadJson, null_counts_as_absent) {
    const auto outer = read_json<Outer>(R"({"name":"n","flag":null,"inners":null,"huge":null})", "f");
    ASSERT_THAT(outer, IsOk());
    EXPECT_FALSE(outer->flag.has_value());
    EXPECT_THAT(read_json<Outer>(R"({"name":null})", "f"), FailsWith("name: is required"));
}

TEST(ReadJson, says_where_what_and_what_is_allowed) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"[]", "f:1:1: is an array, must be an object (outer.md)"},
        {"{\"flag\":true}", "f:1:1: name: is required (outer.md)"},
        {"{\"name\":\n 7}", "f:2:2: name: is the number 7, must be a string (outer.md)"},
        {R"({"name":"n","flag":"x"})", "f:1:20: flag: is the string \"x\", must be true or false"},
        {R"({"name":"n","inners":{}})", "inners: is an object, must be an array"},
        {R"({"name":"n","inners":[{"small":1},{}]})", "f:1:35: inners[1].small: is required (inner.md)"},
        {R"({"name":"n","inners":[null]})", "inners[0]: is null, must be an object"},
        {R"({"name":"n","inners":[{"small":65536}]})",
         "inners[0].small: is the number 65536, must be an integer from 0 to 65535 (inner.md)"},
        {R"({"name":"n","inners":[{"small":-1}]})", "is the number -1, must be an integer from 0 to 65535"},
        {R"({"name":"n","inners":[{"small":1.0}]})", "is the number 1.0, must be an integer"},
        {R"({"name":"n","inners":[{"small":1e2}]})", "is the number 1e2, must be an integer"},
        {R"({"name":"n","inners":[{"small":"1"}]})", "is the string \"1\", must be an integer"},
        {R"({"name":"n","inners":[{"small":1,"large":9223372036854775808}]})",
         "inners[0].large: is the number 9223372036854775808, must be an integer from -9223372036854775808"},
        {R"({"name":"n","huge":18446744073709551616})", "huge: is the number 18446744073709551616"},
        {R"({"name":"n","named":{"a.b":{"small":true}}})", "named[\"a.b\"].small: is true, must be"},
        {R"({"name":"n","named":{"ab":[]}})", "f:1:27: named.ab: is an array, must be an object (inner.md)"},
        {R"({"name":"a\u0000b"})", "name: holds a NUL character"},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_THAT(read_json<Outer>(text, "f"), FailsWith(message)) << text;
    }
}

TEST(ReadJson, reports_everything_at_once_one_finding_a_line) {
    const auto outer = read_json<Outer>(R"({"flag":1,"inners":[{},{"small":"x"}]})", "f.json");
    ASSERT_FALSE(outer.has_value());
    EXPECT_EQ(outer.error().code, ErrorCode::invalid);
    EXPECT_EQ(
        outer.error().text,
        "f.json:1:1: name: is required (outer.md)\n"
        "f.json:1:9: flag: is the number 1, must be true or false (outer.md)\n"
        "f.json:1:21: inners[0].small: is required (inner.md)\n"
        "f.json:1:33: inners[1].small: is the string \"x\", must be an integer from 0 to 65535 (inner.md)");
}

TEST(ReadJson, the_number_of_findings_has_a_limit) {
    std::string text = R"({"name":"n","inners":[{})";
    for (int i = 0; i < 1000; ++i) text += ",{}";
    const auto outer = read_json<Outer>(text + "]}", "f");
    ASSERT_FALSE(outer.has_value());
    EXPECT_EQ(std::count(outer.error().text.begin(), outer.error().text.end(), '\n'), 99);
}

TEST(Finding, a_hostile_string_is_printed_safely) {
    const auto outer = read_json<Outer>(R"({"name":"n","flag":"\u001b[2J\nx"})", "f");
    ASSERT_FALSE(outer.has_value());
    EXPECT_EQ(outer.error().text.find('\x1b'), std::string::npos);
    EXPECT_EQ(outer.error().text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace oci::spec
