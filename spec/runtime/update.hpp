#pragma once
// What `update` reads: a resources object, and beside it what this runtime adds to it.

#include <vector>

#include "spec/runtime/config.hpp"

namespace oci::spec {

/// The properties of linux.resources at the top level, as engines send them, and with them "mounts" (as in
/// config.json) and "deviceNodes" (as linux.devices) that the running container is to get.
struct Update {
    Resources resources;
    std::vector<Mount> mounts;
    std::vector<Device> device_nodes;
};

}  // namespace oci::spec
