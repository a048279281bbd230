#pragma once
// Container ids: what they may look like.

#include <string>

#include "base/result.hpp"

namespace ocirun {

/// Letters, digits, '_', '+', '.' and '-', at most 1024 bytes, not beginning with a dot; otherwise runc's
/// words "invalid container ID format" and what is allowed.
oci::Result<void> check_container_id(const std::string& id);

}  // namespace ocirun
