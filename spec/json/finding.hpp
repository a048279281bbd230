#pragma once
// A problem found in a document: where it is, what was found there, and what is allowed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace oci::spec {

struct Finding {
    std::string file;          // as the caller named it; empty for a value that was not read from a file
    std::uint32_t line = 0;    // from 1; 0: position unknown
    std::uint32_t column = 0;  // from 1, in bytes
    std::string path;          // "process.args[1]"; empty for the whole document
    std::string found;         // "is required", "is a number (7)"
    std::string allowed;       // "a string"; empty when `found` says it all
    std::string section;       // `config.md "User"`; may be empty
};

/// "parent.key", or `parent["a.b"]` when the key is not a plain word.
std::string property_path(std::string_view parent, std::string_view key);
/// "parent[3]".
std::string item_path(std::string_view parent, std::size_t index);

/// One line: `config.json:3:7: process.user.gid: is required (config.md "User")`.
std::string to_text(const Finding& finding);

/// An error of code `invalid` whose text holds one finding a line, the first one on the first line.
/// `findings` must not be empty.
Error to_error(const std::vector<Finding>& findings);

}  // namespace oci::spec
