#pragma once
// The user namespace in which an ordinary user unpacks: root there, with the ids that /etc/subuid and
// /etc/subgid give, or with the user's own alone.

#include <string>

#include "base/result.hpp"
#include "imagetool/layer/owners.hpp"

namespace ocimg {

/// What this process may map.
struct OwnIds {
    uid_t uid = 0;
    gid_t gid = 0;
    /// Whether every id exists here: this is no user namespace made by somebody.
    bool has_all_ids = false;
    /// The ids that exist here, each mapped to itself.
    IdMaps existing;
};

oci::Result<OwnIds> look_up_own_ids();

/// The user's own id as 0, followed by what /etc/subuid and /etc/subgid give to the user. Without an entry
/// there, or without newuidmap and newgidmap, the user's own id alone.
oci::Result<IdMaps> plan_subordinate_ids(const OwnIds& own);

/// The maps from 0 to the user's own ids, one each.
IdMaps map_own_ids(const OwnIds& own);

/// Moves this process, which must have no other threads, into a new user namespace with these maps. All
/// capabilities are had there, over files whose owners are mapped. One's own id alone needs no help;
/// everything else is mapped by newuidmap and newgidmap, or directly by root.
oci::Result<void> enter_user_namespace(const IdMaps& maps, const OwnIds& own);

}  // namespace ocimg
