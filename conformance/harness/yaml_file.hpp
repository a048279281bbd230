#pragma once
// YAML files as JSON values, so that nothing else of the suite knows of YAML.

#include "conformance/harness/json.hpp"

namespace conformance {

/// The one document of a YAML file; scalars are strings. Errors name the file and the line.
oci::Result<Json> read_yaml(const std::string& path);

}  // namespace conformance
