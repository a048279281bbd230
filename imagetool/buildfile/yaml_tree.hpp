#pragma once
// YAML text as a tree of values that know their place. Anchors, aliases and tags are refused. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/dockerfile/finding.hpp"

namespace ocimg::buildfile {

enum class YamlKind : std::uint8_t { null, scalar, list, map };

struct YamlEntry;

struct YamlNode {
    YamlKind kind = YamlKind::null;
    std::string text;    // of a scalar
    bool plain = false;  // a scalar without quotes: true, 3 and null mean what they say
    dockerfile::Place place;
    std::vector<YamlNode> items;     // of a list
    std::vector<YamlEntry> entries;  // of a map, in order; no key twice

    /// The value of a key; null when it is not there.
    [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
    std::string key;
    YamlNode value;
};

/// One document. Errors show file, line and column. A tree has at most 200,000 values and a nesting of 64.
oci::Result<YamlNode> parse_yaml(std::string_view text, const std::string& file);

}  // namespace ocimg::buildfile
