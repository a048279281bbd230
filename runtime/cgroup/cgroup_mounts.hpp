#pragma once
// What /proc says about cgroups, as values. Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocirun {

/// One mounted cgroup file system.
struct CgroupMount {
    bool unified = false;                  // cgroup2
    std::vector<std::string> controllers;  // v1: "cpu", "cpuacct" or "name=systemd"
    std::string root;                      // the part of the tree that is mounted: "/"
    std::string mount_point;
    unsigned device_major = 0;  // of the file system, to tell a mount from one that hides it
    unsigned device_minor = 0;
};

/// The cgroup mounts in the text of /proc/PID/mountinfo, in order.
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo);
/// Controller list ("cpu,cpuacct", "" for v2) -> path, from the text of /proc/PID/cgroup.
std::map<std::string, std::string> parse_cgroup_membership(std::string_view text);
/// The visible cgroup mounts of this process.
oci::Result<std::vector<CgroupMount>> visible_cgroup_mounts();

}  // namespace ocirun
