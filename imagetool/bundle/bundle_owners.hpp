#pragma once
// Whose the files of a bundle are: decided from the command line and from who runs ocimg, kept in ocimg.json,
// and told to the runtime in config.json.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/bundle/to_runtime_config.hpp"
#include "imagetool/bundle/user_namespace.hpp"
#include "imagetool/layer/owners.hpp"

namespace ocimg {

/// What the user asked for. Nothing is usual: root takes owners as they are, others become rootless.
struct OwnerRequest {
    bool rootless = false;
    IdMaps maps;
    bool overlay = false;  // the root is going to be mounted
};

/// How the ids in a bundle relate to those of the host.
struct BundleOwners {
    /// Written by somebody who is no real root: owners that are not mapped are notes, devices are empty
    /// files.
    bool rootless = false;
    /// From the container's ids to the host's; empty: no user namespace, each id is itself.
    IdMaps maps;

    [[nodiscard]] bool are_plain() const { return maps.empty(); }
};

/// The decision, and whether this process has to enter a user namespace with the maps first.
struct OwnerPlan {
    BundleOwners owners;
    bool enters_namespace = false;
};

/// One "CONTAINER:HOST[:SIZE]" of --uid-map or --gid-map; the size is 1 when it is left out.
oci::Result<oci::spec::IdMapping> parse_id_map(const std::string& text);

/// Decides. `subordinate` are the maps that the system gives to the user.
oci::Result<OwnerPlan> plan_owners(const OwnerRequest& request, const OwnIds& own, const IdMaps& subordinate);

/// The same for a bundle that is there, whose owners are known.
oci::Result<OwnerPlan> plan_owners_again(const BundleOwners& owners, const OwnIds& own);

/// Looks up who runs this process, decides, and enters the namespace. Call it before any thread starts.
oci::Result<BundleOwners> enter_for(const OwnerRequest& request);
oci::Result<void> enter_again(const BundleOwners& owners);

/// For the process that enter_for() or enter_again() left behind; none when ids are plain.
std::optional<Owners> owners_of_files(const BundleOwners& bundle);

/// Lets config.json describe a container with these maps, and, when rootless, without what its user may not
/// have: limits, a network of its own, mounts for other owners (as `runc spec --rootless`).
void map_container(Conversion& conversion, const BundleOwners& owners);

}  // namespace ocimg
