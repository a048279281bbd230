#pragma once
// TOML as registries.conf uses it: tables, arrays of tables, inline tables, strings, booleans, integers,
// arrays. Floats, dates and strings of several lines are refused by name. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg {

enum class TomlKind { string, boolean, integer, array, table };

/// A value; which members count is told by `kind`.
struct TomlValue {
    TomlKind kind = TomlKind::table;
    std::string string;
    bool boolean = false;
    std::int64_t integer = 0;
    std::vector<TomlValue> array;
    std::map<std::string, TomlValue> table;
    std::size_t line = 0;
    bool closed = false;  // written as a value: later headers and keys may not add to it
};

/// Reads a document into its root table. Errors name `file` and the line.
oci::Result<TomlValue> parse_toml(std::string_view text, const std::string& file);

}  // namespace ocimg
