#pragma once
// Checks a layer's content against image-spec layer.md, without unpacking it anywhere.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "spec/json/finding.hpp"

namespace ocimg {

/// What is wrong with a layer: its compression, its archive, its diff id (a finding with the path
/// "diff_id"; an empty `diff_id` is not checked), entries that a layer must not have. `on_read` is
/// told of each part of the blob that was read, on another thread.
std::vector<oci::spec::Finding> check_layer(oci::BorrowedFd blob, const std::string& media_type,
                                            const std::string& diff_id,
                                            const std::function<void(std::uint64_t bytes)>& on_read = {});

}  // namespace ocimg
