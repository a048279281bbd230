#pragma once
// The tags of an index.json as a value: find, set, remove. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/store/find_image.hpp"
#include "spec/image/index.hpp"

namespace ocimg {

/// The entries that a tag or a digest (of the entry itself) names; with both, those that have both. Without
/// either all of them. None is an error that lists the tags there are.
oci::Result<std::vector<oci::spec::Descriptor>> entries_named(const Layout& layout,
                                                              const oci::spec::ImageIndex& index,
                                                              const ImageQuery& query);

/// Makes `tag` name these entries, and no others.
void set_tag(oci::spec::ImageIndex& index, const std::string& tag,
             std::vector<oci::spec::Descriptor> entries);

/// Takes out the entries that have both tag and digest of one of `entries`.
void remove_entries(oci::spec::ImageIndex& index, const std::vector<oci::spec::Descriptor>& entries);

/// The one entry whose digest begins with these hex digits (4 to 64). None: not found; several: an error.
oci::Result<oci::spec::Digest> find_by_digits(const oci::spec::ImageIndex& index, std::string_view digits);

/// Whether the text could be the beginning of a digest: 4 to 64 lower-case hex digits.
bool may_be_digits(std::string_view text);

}  // namespace ocimg
