#pragma once
// Chain ids (image-spec config.md "Layer ChainID"): the name of a layer applied on top of others. Pure.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg {

/// The chain id of a layer on top of the chain `below`; an empty `below` means that it is the lowest.
std::string chain_id(std::string_view below, std::string_view diff_id);

/// The chain ids of an image's layers, bottom first. A diff id that is no sha256 or sha512 digest is an
/// error.
oci::Result<std::vector<std::string>> chain_ids(std::span<const std::string> diff_ids);

}  // namespace ocimg
