#pragma once
// What this build of ocirun can do, told from the tables that its parsers read (runtime-spec
// features.md). Runs in the host process.

#include <string>

#include "spec/runtime/features.hpp"

namespace ocirun {

/// Depends on the build alone, not on the host, as the specification asks.
oci::spec::Features describe_features();

/// The same as JSON text, indented, without a line end.
std::string features_json();

}  // namespace ocirun
