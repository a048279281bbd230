#pragma once
// How commands print: columns, sizes as people read them, short digests, JSON.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

/// Rows as columns with two spaces between; no spaces at the end of a line. Cells are made printable.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

/// "512 B", "1.4 kB", "38.2 MB": powers of 1000, as Docker writes sizes.
std::string human_size(std::uint64_t bytes);

/// The first twelve digits of a digest, without its algorithm: "3b1c...".
std::string short_digest(std::string_view digest);

/// "1 file", "12 files".
std::string files_of(std::size_t number);

/// `"name": "text"` in an object; bytes that are no UTF-8 become U+FFFD.
void json_field(oci::spec::JsonWriter& out, std::string_view name, std::string_view text);
void json_number(oci::spec::JsonWriter& out, std::string_view name, std::uint64_t number);

/// The descriptor of a new image under its tag, for --json of commands that write.
std::string written_as_json(const std::string& tag, const oci::spec::Descriptor& descriptor);

}  // namespace ocimg
