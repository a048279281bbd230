#pragma once
// Writing planned values into cgroup files, in the order the kernel accepts. Host process.

#include <functional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"

namespace ocirun {

/// An open cgroup directory and its name for messages. Closed: this host has none for the controller.
struct OpenCgroup {
    oci::BorrowedFd fd;
    std::string path;
};

struct ResourceTarget {
    std::function<OpenCgroup(const std::string& controller)> directory_of;
    /// Why a file of that controller is not there.
    std::function<std::string(const CgroupWrite& write)> explain_missing;
};

/// Performs the writes in order. One that the kernel refuses for a value that another write of the list
/// is about to change (memory+swap below memory, quota beyond what the period allows) is tried again
/// after the others. Errors name the property, the file and the value.
oci::Result<void> write_resources(const std::vector<CgroupWrite>& writes, const ResourceTarget& target);

/// The writes that bring back what the files of the list say now; files that are not there are left out, and
/// so are those that cannot be read back (devices.allow).
oci::Result<std::vector<CgroupWrite>> read_resources(const std::vector<CgroupWrite>& writes,
                                                     const ResourceTarget& target);

}  // namespace ocirun
