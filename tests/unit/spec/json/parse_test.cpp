#include "spec/json/parse.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

TEST(ParseJson, tells_kinds_and_content_apart) {
    const auto document = parse_json(R"({"a":null,"b":true,"c":-12.5e3,"d":"x","e":[1],"f":{}})", "f");
    ASSERT_THAT(document, IsOk());
    const Value& root = document->root();
    EXPECT_EQ(root.kind, ValueKind::object);
    EXPECT_EQ(document->find(root, "a")->kind, ValueKind::null);
    EXPECT_TRUE(document->find(root, "b")->boolean);
    EXPECT_EQ(document->find(root, "c")->text, "-12.5e3");
    EXPECT_EQ(document->find(root, "d")->text, "x");
    EXPECT_EQ(document->find(root, "e")->kind, ValueKind::array);
    EXPECT_EQ(document->first_child(*document->find(root, "e"))->text, "1");
    EXPECT_EQ(document->first_child(*document->find(root, "f")), nullptr);
    EXPECT_EQ(document->find(root, "g"), nullptr);
}

TEST(ParseJson, resolves_escapes_in_keys_and_strings) {
    const auto document = parse_json(R"({"a\"b":"\\\u00e9\n","c":"plain"})", "f");
    ASSERT_THAT(document, IsOk());
    EXPECT_EQ(document->find(document->root(), "a\"b")->text, "\\\xc3\xa9\n");
    EXPECT_EQ(document->find(document->root(), "c")->text, "plain");
}

TEST(ParseJson, finds_the_end_of_strings_that_are_full_of_escapes) {
    const auto document = parse_json(R"(["\\\\", "\\\"", "\\", "\"", "", "\\a\\", 7])", "f");
    ASSERT_THAT(document, IsOk());
    std::string contents;
    for (const Value* item = document->first_child(document->root()); item;
         item = document->next_sibling(*item)) {
        contents += std::string(item->text) + "|";
    }
    EXPECT_EQ(contents, R"(\\|\"|\|"||\a\|7|)");
    EXPECT_EQ(document->position_of(document->locate("[6]")).column, 43U);
}

TEST(ParseJson, keeps_its_text_when_moved) {
    auto parsed = parse_json(R"(["short", "a\tb"])", "f");
    ASSERT_THAT(parsed, IsOk());
    const Document moved = std::move(parsed).value();
    const Value* first = moved.first_child(moved.root());
    EXPECT_EQ(first->text, "short");
    EXPECT_EQ(moved.next_sibling(*first)->text, "a\tb");
}

TEST(ParseJson, knows_where_each_value_begins) {
    const std::string text =
        "{\n  \"a\" : [ 1,\n\t-2.5 ,\"x\\\"y\",true],\n  \"b\":{\"c\":null , \"d\":\"\"}\n}";
    const auto document = parse_json(text, "f");
    ASSERT_THAT(document, IsOk());
    const std::vector<std::pair<std::string, std::pair<unsigned, unsigned>>> places = {
        {"", {1, 1}},     {"a", {2, 9}},      {"a[0]", {2, 11}},  {"a[1]", {3, 2}},
        {"a[2]", {3, 8}}, {"a[3]", {3, 15}},  {"b", {4, 7}},      {"b.c", {4, 12}},
        {"b.d", {4, 23}}, {"b.gone", {4, 7}}, {"a[9].x", {2, 9}},
    };
    for (const auto& [path, place] : places) {
        const Position position = document->position_of(document->locate(path));
        EXPECT_EQ(position.line, place.first) << path;
        EXPECT_EQ(position.column, place.second) << path;
    }
}

TEST(ParseJson, locates_keys_that_are_no_plain_words) {
    const auto document = parse_json(R"({"m":{"a":1,"a.b":2,"":3,"x\"y":4}})", "f");
    ASSERT_THAT(document, IsOk());
    EXPECT_EQ(document->locate("m[\"a.b\"]").text, "2");
    EXPECT_EQ(document->locate("m[\"\"]").text, "3");
    EXPECT_EQ(document->locate("m[\"x\\\"y\"]").text, "4");
    EXPECT_EQ(document->locate("m.a").text, "1");
}

TEST(ParseJson, refuses_what_is_not_strict_json) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "f:1:1: the document is empty"},
        {" \n ", "f:2:2: the document is empty"},
        {"{\n  \"a\": }", "f:2:8: syntax error while parsing value - unexpected '}'"},
        {"{\"a\":1,}", "f:1:8: syntax error while parsing object key - unexpected '}'"},
        {"{\"a\":1\n\"b\":2}", "f:2:1: syntax error while parsing object - unexpected string literal"},
        {"[1,,2]", "f:1:4: syntax error while parsing value - unexpected ','"},
        {"[1 2]", "f:1:4: syntax error while parsing array - unexpected number literal"},
        {"{\"a\":tru}", "f:1:9: syntax error while parsing value - invalid literal"},
        {"{\"a\":1", "f:1:7: syntax error while parsing object - unexpected end of input"},
        {"{'a':1}", "f:1:2: syntax error while parsing object key - invalid literal"},
        {"[01]", "f:1:3: syntax error while parsing array - unexpected number literal"},
        {"[NaN]", "f:1:2: syntax error while parsing value - invalid literal"},
        {"[1e999]", "the number is out of range"},
        {"// note\n1", "f:1:1: syntax error"},
        {"{} x", "f:1:4: syntax error while parsing value - invalid literal"},
        {"{}\n{}", "f:2:1: syntax error while parsing value - unexpected '{'; expected end of input"},
        {"[\"\xff\"]", "f:1:3: syntax error while parsing value - invalid string: ill-formed UTF-8 byte"},
        {"[\"a\nb\"]", "invalid string: control character U+000A"},
        {"[\"\\ud800\"]", "invalid string: surrogate"},
        {std::string("[1]\0", 4), "f:1:4: the document holds a NUL byte"},
        {"\xEF\xBB\xBF{}", "f:1:1: the document begins with a byte order mark"},
        {"{\"a\":1,\n \"b\":2, \"a\":3}", "f:2:9: the property \"a\" appears twice in one object"},
        {"{\"a\":1, \"\\u0061\":3}", "f:1:9: the property \"a\" appears twice in one object"},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_THAT(parse_json(text, "f"), FailsWith(message)) << text;
    }
}

TEST(ParseJson, finds_the_first_repeated_key_of_a_large_object) {
    std::string text = "{";
    for (int i = 0; i < 1000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
    EXPECT_THAT(parse_json(text + "\"k7\":1,\"k3\":1}", "f"), FailsWith("\"k7\" appears twice"));
    EXPECT_THAT(parse_json(text + "\"new\":1}", "f"), IsOk());
}

TEST(ParseJson, the_same_key_in_different_objects_is_fine) {
    EXPECT_THAT(parse_json(R"([{"a":{"a":1}},{"a":2}])", "f"), IsOk());
}

TEST(ParseJson, nesting_has_a_limit) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_THAT(parse_json(nested(deepest_nesting), "f"), IsOk());
    EXPECT_THAT(parse_json(nested(deepest_nesting + 1), "f"), FailsWith("f:1:65: values are nested deeper"));
    EXPECT_THAT(parse_json(std::string(1'000'000, '['), "f"), FailsWith("f:1:65: values are nested deeper"));
}

TEST(ParseJson, the_number_of_values_has_a_limit) {
    std::string text = "[0";
    for (int i = 0; i < 500'000; ++i) text += ",0";
    EXPECT_THAT(parse_json(text + "]", "f"), FailsWith("more than 500000 values"));
}

}  // namespace
}  // namespace oci::spec
