#include "spec/json/writer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "spec/json/parse.hpp"
#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

struct Item {
    std::string name;
    bool on = false;
    std::optional<bool> maybe;
    std::vector<std::string> list;
    std::map<std::string, std::int64_t> map;
    std::uint32_t count = 0;
};

}  // namespace

template <>
struct FieldsOf<Item> {
    static constexpr const char* section = "item.md";
    static void list(auto& fields, auto& self) {
        fields.required("name", self.name);
        fields.optional("on", self.on);
        fields.optional("maybe", self.maybe);
        fields.always("list", self.list);
        fields.optional("map", self.map);
        fields.optional("count", self.count);
    }
};

namespace {

TEST(WriteJson, leaves_out_optional_members_without_a_value) {
    EXPECT_EQ(write_json(Item{}), R"({"name":"","list":[]})");
}

TEST(WriteJson, writes_in_the_listed_order) {
    Item item{"n", true, false, {"a", "b"}, {{"z", -1}, {"a.b", 2}}, 7};
    EXPECT_EQ(write_json(item),
              R"({"name":"n","on":true,"maybe":false,"list":["a","b"],"map":{"a.b":2,"z":-1},"count":7})");
}

TEST(WriteJson, indents_each_level) {
    Item item;
    item.list = {"a"};
    EXPECT_EQ(write_json(item, "  "), "{\n  \"name\": \"\",\n  \"list\": [\n    \"a\"\n  ]\n}");
    EXPECT_EQ(write_json(Item{}, "\t"), "{\n\t\"name\": \"\",\n\t\"list\": []\n}");
}

TEST(JsonWriter, escapes_what_json_asks_for_and_keeps_utf8) {
    JsonWriter out;
    out.string("a\"\\\n\r\t\x01\x7f/\xc3\xa9");
    EXPECT_EQ(out.take(), "\"a\\\"\\\\\\n\\r\\t\\u0001\\u007f/\xc3\xa9\"");
}

TEST(JsonWriter, writes_every_byte_so_that_it_reads_back) {
    std::string all;
    for (char c = 1; c < 127; ++c) all += c;
    JsonWriter out;
    out.string(all);
    const auto document = parse_json(out.take(), "f");
    ASSERT_THAT(document, test::IsOk());
    EXPECT_EQ(document->root().text, all);
}

TEST(JsonWriter, writes_tokens_of_every_kind) {
    JsonWriter out;
    out.begin_array();
    out.number(std::numeric_limits<std::int64_t>::min());
    out.number(std::numeric_limits<std::uint64_t>::max());
    out.number(0.25);
    out.null();
    out.boolean(false);
    out.begin_object();
    out.end_object();
    out.raw("{\"x\":1}");
    out.end_array();
    EXPECT_EQ(out.take(), R"([-9223372036854775808,18446744073709551615,0.25,null,false,{},{"x":1}])");
    EXPECT_EQ(out.take(), "");
}

}  // namespace
}  // namespace oci::spec
