#include "imagetool/buildfile/yaml_reader.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"

namespace ocimg::buildfile {

using oci::quote;
using oci::Result;

Result<void> YamlReader::check_keys(const YamlNode& node, std::string_view what,
                                    std::span<const std::string_view> known) const {
    if (node.kind != YamlKind::map) return fail(node, std::string(what) + " is no map of keys and values");
    for (const auto& [key, value] : node.entries) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        std::string allowed;
        for (const std::string_view one : known) allowed += (allowed.empty() ? "" : ", ") + std::string(one);
        const std::string meant = dockerfile::did_you_mean(key, known);
        return fail(value, quote(key) + " is no key of " + std::string(what) +
                               (meant.empty() ? ": " + allowed + " are" : meant));
    }
    return {};
}

Result<std::string> YamlReader::string(const YamlNode& node, std::string_view what) const {
    if (node.kind == YamlKind::scalar) return node.text;
    return fail(node, std::string(what) + " is no text");
}

Result<bool> YamlReader::boolean(const YamlNode& node, std::string_view what) const {
    if (node.kind == YamlKind::scalar && (node.text == "true" || node.text == "false"))
        return node.text == "true";
    return fail(node, std::string(what) + " is neither true nor false");
}

Result<std::vector<std::string>> YamlReader::strings(const YamlNode& node, std::string_view what) const {
    if (node.kind != YamlKind::list) return fail(node, std::string(what) + " is no list");
    std::vector<std::string> values;
    for (const YamlNode& item : node.items)
        values.push_back(TRY(string(item, "an item of " + std::string(what))));
    return values;
}

Result<std::string> YamlReader::string_of(const YamlNode& map, std::string_view key) const {
    const YamlNode* node = map.find(key);
    return node == nullptr ? Result<std::string>(std::string()) : string(*node, key);
}

Result<std::optional<bool>> YamlReader::boolean_of(const YamlNode& map, std::string_view key) const {
    const YamlNode* node = map.find(key);
    if (node == nullptr) return std::optional<bool>();
    return std::optional<bool>(TRY(boolean(*node, key)));
}

Result<std::vector<std::string>> YamlReader::strings_of(const YamlNode& map, std::string_view key) const {
    const YamlNode* node = map.find(key);
    return node == nullptr ? Result<std::vector<std::string>>(std::vector<std::string>())
                           : strings(*node, key);
}

}  // namespace ocimg::buildfile
