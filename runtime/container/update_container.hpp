#pragma once
// `update` and `mounts`: changing a container that lives. Host process.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/container/container.hpp"
#include "spec/runtime/update.hpp"

namespace ocirun {

/// Sets resources, makes mounts and devices: everything, or what was set is set back. The resources are
/// recorded. Returns warnings.
oci::Result<std::vector<std::string>> update_container(const std::string& root, const std::string& id,
                                                       const oci::spec::Update& update,
                                                       const std::vector<std::string>& schemata = {});

/// Adds mounts to a running container, all or none.
oci::Result<void> add_mounts(const std::string& root, const std::string& id,
                             const std::vector<oci::spec::Mount>& mounts);
/// Takes mounts away by their destinations, the last one first.
oci::Result<void> remove_mounts(const std::string& root, const std::string& id,
                                const std::vector<oci::spec::Mount>& mounts);

/// The resources that hold now: of the last update, or of config.json.
oci::Result<oci::spec::Resources> recorded_resources(const StateDirectory& directory);

}  // namespace ocirun
