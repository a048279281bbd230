#pragma once
// The part of config.json that no image says: mounts, namespaces, capabilities, protected paths. Pure.

#include "spec/runtime/config.hpp"

namespace ocimg {

/// The defaults of `runc spec` with a writable root, a cgroup namespace and no terminal.
oci::spec::RuntimeConfig default_runtime_config();

}  // namespace ocimg
