#pragma once
// Groups of the resctrl file system: classes of service for caches and memory bandwidth. Runs in the host
// process.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/rdt_plan.hpp"

namespace ocirun {

/// Where a container's resctrl groups are, as recorded before anything is created. All empty: it has none.
struct ResctrlLocation {
    std::string group;     // absolute directory of its class of service
    bool created = false;  // made for this container alone: removed with it
    std::string monitor;   // absolute directory of its monitoring group; always the container's own
};

/// Looks for the mounted file system and the group; creates nothing.
oci::Result<ResctrlLocation> locate_resctrl(const RdtPlan& plan, const std::string& container_id);
/// Makes what is missing, writes the schemata of a new group, compares those of one that was there. `made`
/// says whether the group is new. What was made before a failure is removed.
oci::Result<void> create_resctrl(const RdtPlan& plan, const ResctrlLocation& location, bool& made);
/// Puts a process into the groups.
oci::Result<void> add_to_resctrl(const ResctrlLocation& location, pid_t pid);
/// Removes the monitoring group, and the class of service with `group_too`. What is gone already is no error.
oci::Result<void> remove_resctrl(const ResctrlLocation& location, bool group_too);

/// The lines of the file "schemata" as they are.
oci::Result<std::vector<std::string>> read_schemata(const ResctrlLocation& location);
/// Writes lines into it, one after the other.
oci::Result<void> write_schemata(const ResctrlLocation& location, const std::vector<std::string>& lines);

}  // namespace ocirun
