#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "base/file.hpp"
#include "spec/image/image_json.hpp"

namespace oci::spec {
namespace {

/// Writes a document of the kind that the file's name begins with, or the error of reading it.
std::string read_and_write(const std::string& kind, const std::string& text) {
    const auto written = [](const auto& parsed) {
        return parsed.has_value() ? to_json(*parsed) : "error: " + parsed.error().text;
    };
    if (kind == "config") return written(parse_image_config(text, kind));
    if (kind == "index") return written(parse_index(text, kind));
    if (kind == "layout") return written(parse_layout(text, kind));
    return written(parse_manifest(text, kind));
}

std::string without_spaces(const std::string& text) {
    std::string rest;
    for (const char c : text) {
        if (c != ' ' && c != '\n') rest.push_back(c);
    }
    std::sort(rest.begin(), rest.end());
    return rest;
}

// The examples of image-spec 1.1, one file each, named after their kind of document. Properties may change
// their order on the way, so the characters are compared sorted; the second round must change nothing.
TEST(SpecExamples, reading_and_writing_is_identity) {
    int examples = 0;
    for (const auto& entry : std::filesystem::directory_iterator("examples")) {
        const std::string name = entry.path().filename();
        const std::string kind = name.substr(0, name.find('-'));
        const std::string text = read_file(current_directory, entry.path(), 1U << 20U).value();
        const std::string once = read_and_write(kind, text);
        EXPECT_EQ(without_spaces(once), without_spaces(text)) << name << ": " << once;
        EXPECT_EQ(read_and_write(kind, once), once) << name;
        ++examples;
    }
    EXPECT_GE(examples, 5);
}

}  // namespace
}  // namespace oci::spec
