#pragma once
// What is done to the root file system: mounts in order, devices, links, masks, the pivot.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"
#include "runtime/plan/host_facts.hpp"
#include "runtime/plan/namespace_plan.hpp"
#include "spec/runtime/config.hpp"

namespace ocirun {

/// The flags of one mount, split by the call that sets them.
struct MountOptions {
    std::uint64_t attributes_set = 0;  // MOUNT_ATTR_* for this mount
    std::uint64_t attributes_clear = 0;
    std::uint64_t recursive_set = 0;  // MOUNT_ATTR_* for this mount and all below it ("rro", ...)
    std::uint64_t recursive_clear = 0;
    unsigned long superblock_flags = 0;  // MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_SILENT,
                                         // MS_I_VERSION, MS_RDONLY when "ro"
    std::vector<unsigned long> propagation;  // MS_SHARED.. optionally with MS_REC, in order of appearance
    bool bind = false;                       // "bind" or "rbind"
    bool recursive_bind = false;             // "rbind"
    bool remount = false;                    // "remount"
    bool copy_up = false;                    // "tmpcopyup"
    bool idmap = false;                      // "idmap" or "ridmap"
    bool recursive_idmap = false;
    std::string idmap_text;             // crun's "idmap=uids=0-1000-1;gids=0-1000-1": the part after "idmap="
    bool source_nofollow = false;       // crun's "src-nofollow"
    bool destination_nofollow = false;  // crun's "dest-nofollow"
    bool copy_symlink = false;          // crun's "copy-symlink"
    std::string data;                   // what remains: options for the file system, comma-separated
};

/// Sorts the option words of a mount. Pure; unknown words become data.
MountOptions parse_mount_options(const std::vector<std::string>& words);
/// Every option word that parse_mount_options knows, sorted (for `features`).
std::vector<std::string> known_mount_options();

/// A v1 hierarchy (or the v2 tree) inside a mount of type "cgroup".
struct CgroupMountEntry {
    std::string name;  // directory below the destination: "cpu,cpuacct"; empty: the destination itself (v2)
    std::vector<std::string> links;  // symbolic links beside it: "cpu", "cpuacct"
    std::string
        filesystem_data;    // mount data for a private cgroup namespace: "cpu,cpuacct", "none,name=systemd"
    std::string host_path;  // what is bound when the container has no cgroup namespace of its own
};

struct PlannedMount {
    enum class Kind {
        bind,        // source is a host path
        filesystem,  // source, type and data go to the kernel
        cgroup,      // `cgroup_entries`, by file system or by bind as `cgroup_by_bind` says
    };
    Kind kind = Kind::filesystem;
    std::string origin;       // "mounts[2]"
    std::string destination;  // absolute, lexically clean, inside the container
    std::string source;       // bind: absolute host path (relative ones were joined to the bundle)
    std::string type;
    MountOptions options;
    IdMapPlan id_map;  // mounts[].uidMappings/gidMappings, or the container's for a bare "idmap"
    bool cgroup_v2 = false;
    bool cgroup_by_bind = false;
    std::vector<CgroupMountEntry> cgroup_entries;
};

struct PlannedDevice {
    std::string path;  // absolute, inside the container
    mode_t type = 0;   // S_IFCHR, S_IFBLK or S_IFIFO
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    mode_t mode = 0666;
    std::uint32_t uid = 0;  // container ids
    std::uint32_t gid = 0;
    std::string origin;  // "linux.devices[0]" or "default"
};

struct PlannedLink {
    std::string path;    // "/dev/fd"
    std::string target;  // "/proc/self/fd"
};

struct RootfsPlan {
    std::string path;  // absolute host path of root.path
    bool readonly = false;
    bool no_pivot = false;
    unsigned long propagation = 0;     // MS_SLAVE|MS_REC unless linux.rootfsPropagation says otherwise
    std::vector<PlannedMount> mounts;  // in order
    bool prepare_dev = true;  // false when a bind mount stands on /dev: then devices and links are left alone
    std::vector<PlannedDevice> devices;
    std::vector<PlannedLink> links;  // /dev/fd, /dev/stdin..., /dev/ptmx -> pts/ptmx
    bool bind_devices = false;       // mknod is not possible (user namespace): bind the host's device
    std::vector<std::string> masked_paths;
    std::vector<std::string> readonly_paths;
    std::string mount_label;
    std::vector<std::string> warnings;
};

/// Pure. `cgroup` says where the container's cgroup will be, `bundle` is absolute.
oci::Result<RootfsPlan> plan_rootfs(const oci::spec::RuntimeConfig& config, const HostFacts& host,
                                    const NamespacePlan& namespaces, const IdMapPlan& id_maps,
                                    const CgroupPlan& cgroup, const std::string& bundle);

}  // namespace ocirun
