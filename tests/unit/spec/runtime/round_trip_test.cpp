// Every example of the specification (examples/*.json) is read, written and read again.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "spec/json/parse.hpp"
#include "spec/runtime/config_json.hpp"
#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using oci::test::IsOk;

/// The document with sorted keys, without properties that say nothing: what must survive writing.
std::string essence_of(const Document& document, const Value& value) {
    std::string text;
    switch (value.kind) {
        case ValueKind::null:
        case ValueKind::boolean:
            return value.boolean ? "true" : "";
        case ValueKind::number:
            return value.text == "0" ? "" : std::string(value.text);
        case ValueKind::string:
            return value.text.empty() ? "" : "'" + std::string(value.text) + "'";
        case ValueKind::array:
            for (const Value* item = document.first_child(value); item; item = document.next_sibling(*item)) {
                text += essence_of(document, *item) + ",";
            }
            return text.empty() ? "" : "[" + text + "]";
        case ValueKind::object:
            break;
    }
    std::map<std::string, std::string> properties;
    for (const Value* item = document.first_child(value); item; item = document.next_sibling(*item)) {
        const std::string content = essence_of(document, *item);
        if (!content.empty()) properties[std::string(item->key)] = content;
    }
    for (const auto& [key, content] : properties) text += key + ":" + content + ";";
    return text.empty() ? "" : "{" + text + "}";
}

std::string essence_of(const std::string& text) {
    const auto document = parse_json(text, "text");
    return document.has_value() ? essence_of(*document, document->root()) : document.error().text;
}

std::vector<std::string> examples(const std::string& prefix) {
    std::vector<std::string> names =
        list_directory(open_file("examples", O_RDONLY | O_DIRECTORY).value()).value();
    std::erase_if(names, [&](const std::string& name) { return !name.starts_with(prefix); });
    std::sort(names.begin(), names.end());
    return names;
}

template <class Parse>
void expect_identity(const std::string& prefix, Parse parse) {
    const std::vector<std::string> names = examples(prefix);
    ASSERT_FALSE(names.empty());
    for (const std::string& name : names) {
        SCOPED_TRACE(name);
        const std::string text = read_file(current_directory, "examples/" + name, 1 << 20).value();
        const auto first = parse(text, name);
        ASSERT_THAT(first, IsOk());
        const std::string written = to_json(*first);
        EXPECT_EQ(essence_of(written), essence_of(text));
        const auto second = parse(to_json(*first, "  "), name);
        ASSERT_THAT(second, IsOk());
        EXPECT_EQ(to_json(*second), written);
    }
}

TEST(RoundTrip, every_example_of_config_json_survives) {
    expect_identity("config_", parse_runtime_config);
}
TEST(RoundTrip, every_example_of_the_state_survives) {
    expect_identity("state_", parse_state);
}
TEST(RoundTrip, every_example_of_features_survives) {
    expect_identity("features_", parse_features);
}

TEST(RoundTrip, the_complete_example_is_valid) {
    std::size_t complete = 0;
    for (const std::string& name : examples("config_")) {
        const std::string text = read_file(current_directory, "examples/" + name, 1 << 20).value();
        if (text.find("\"args\"") == std::string::npos || text.find("\"mount\"") == std::string::npos)
            continue;
        EXPECT_THAT(load_runtime_config(text, name), IsOk());
        ++complete;
    }
    EXPECT_EQ(complete, 1U);
}

}  // namespace
}  // namespace oci::spec
