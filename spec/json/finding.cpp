#include "spec/json/finding.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace oci::spec {

namespace {

bool is_plain_word(std::string_view key) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !key.empty() && std::all_of(key.begin(), key.end(), is_plain);
}

}  // namespace

std::string property_path(std::string_view parent, std::string_view key) {
    std::string path(parent);
    if (!is_plain_word(key)) return path + "[" + quote(key) + "]";
    if (!path.empty()) path += '.';
    return path.append(key);
}

std::string item_path(std::string_view parent, std::size_t index) {
    return std::string(parent) + "[" + std::to_string(index) + "]";
}

std::string to_text(const Finding& finding) {
    std::string text = finding.file;
    if (finding.line > 0) {
        text += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
    }
    if (!text.empty()) text += ": ";
    if (!finding.path.empty()) text += finding.path + ": ";
    text += finding.found;
    if (!finding.allowed.empty()) text += ", must be " + finding.allowed;
    if (!finding.section.empty()) text += " (" + finding.section + ")";
    return text;
}

Error to_error(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) {
        if (!text.empty()) text += '\n';
        text += to_text(finding);
    }
    return failure(ErrorCode::invalid, std::move(text));
}

}  // namespace oci::spec
