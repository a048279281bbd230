#include "runtime/container/criu_setting.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "runtime/launch/criu_service.hpp"
#include "runtime/plan/annotations.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

using Mounts = std::vector<std::pair<std::string, std::string>>;

constexpr std::uint32_t oldest_version = 30000;
constexpr const char* usual_configuration = "/etc/criu/runc.conf";
constexpr const char* own_configuration = "/etc/criu/ocirun.conf";

/// "extRootNetNS", the key that runc and crun use.
std::string namespace_key(NamespaceKind kind) {
    return kind == NamespaceKind::network ? "extRootNetNS" : "extRootPidNS";
}

bool is_external_for_criu(NamespaceKind kind) {
    return kind == NamespaceKind::network || kind == NamespaceKind::pid;
}

/// The place with its links resolved, as CRIU finds it in the list of mounts.
std::string resolved(BorrowedFd root, const std::string& root_path, const std::string& place) {
    const auto opened = oci::open_in_root(root, place, O_PATH);
    if (!opened) return place;
    const auto path = oci::path_of(*opened);
    if (!path || !path->starts_with(root_path)) return place;
    std::string inside = path->substr(root_path.size());
    return inside.starts_with('/') ? inside : "/" + inside;
}

/// Each mount that is not a file system of its own: place and source.
Mounts bound_mounts(const RootfsPlan& plan) {
    Mounts mounts;
    for (const PlannedMount& mount : plan.mounts) {
        if (mount.options.remount) continue;
        if (mount.kind == PlannedMount::Kind::bind) mounts.emplace_back(mount.destination, mount.source);
        if (mount.kind != PlannedMount::Kind::cgroup || !mount.cgroup_by_bind) continue;
        for (const CgroupMountEntry& entry : mount.cgroup_entries) {
            const std::string below = entry.name.empty() ? "" : "/" + entry.name;
            mounts.emplace_back(mount.destination + below, entry.host_path);
        }
    }
    for (const PlannedDevice& device : plan.devices) {
        if (plan.prepare_dev) mounts.emplace_back(device.path, device.path);
    }
    return mounts;
}

/// What stands on a tmpfs is in the images: CRIU brings it back with its mount points.
bool is_on_tmpfs(const RootfsPlan& plan, const std::string& place) {
    return std::any_of(plan.mounts.begin(), plan.mounts.end(), [&](const PlannedMount& mount) {
        return mount.kind == PlannedMount::Kind::filesystem && mount.type == "tmpfs" &&
               place.starts_with(mount.destination + "/");
    });
}

Result<void> make_mount_point(BorrowedFd root, const PlannedMount& mount) {
    struct stat source {};
    const bool file = mount.kind == PlannedMount::Kind::bind && ::stat(mount.source.c_str(), &source) == 0 &&
                      !S_ISDIR(source.st_mode);
    if (file) {
        TRY(oci::make_file_in_root(root, mount.destination, 0755, 0755));
    } else {
        TRY(oci::make_directories_in_root(root, mount.destination, 0755));
    }
    return {};
}

}  // namespace

std::string criu_configuration_file(const std::map<std::string, std::string>& annotations,
                                    bool unsafe_annotations, std::vector<std::string>& warnings) {
    const auto found = annotations.find(std::string(criu_config_annotation));
    if (found != annotations.end() && (found->second.empty() || unsafe_annotations)) return found->second;
    static_cast<void>(
        unsafe_annotation(annotations, criu_config_annotation, unsafe_annotations, warnings).empty());
    return oci::exists_at(oci::current_directory, own_configuration) ? own_configuration
                                                                     : usual_configuration;
}

Mounts mounts_for_dump(const ContainerPlan& plan, BorrowedFd root) {
    Mounts mounts;
    for (const auto& [place, source] : bound_mounts(plan.rootfs)) {
        const std::string inside = resolved(root, "/", place);
        mounts.emplace_back(inside, inside);
    }
    for (const std::string& path : plan.rootfs.masked_paths) {
        const auto opened = oci::open_in_root(root, path, O_PATH);
        if (!opened) continue;
        const auto status = oci::status_of(*opened);
        if (status && !S_ISDIR(status->st_mode)) mounts.emplace_back(path, "/dev/null");
    }
    return mounts;
}

Result<Mounts> mounts_for_restore(const ContainerPlan& plan, BorrowedFd root) {
    for (const PlannedMount& mount : plan.rootfs.mounts) {
        if (mount.options.remount || is_on_tmpfs(plan.rootfs, mount.destination)) continue;
        if (mount.kind == PlannedMount::Kind::cgroup) continue;  // below /sys, which is not there yet
        if (mount.destination.starts_with("/proc/") || mount.destination.starts_with("/sys/")) continue;
        TRY(make_mount_point(root, mount).in(mount.origin + ": mount point " + mount.destination));
    }
    Mounts mounts;
    for (const auto& [place, source] : bound_mounts(plan.rootfs))
        mounts.emplace_back(resolved(root, plan.rootfs.path, place), source);
    if (!plan.rootfs.masked_paths.empty()) mounts.emplace_back("/dev/null", "/dev/null");
    return mounts;
}

Result<std::vector<std::string>> namespaces_for_dump(const NamespacePlan& plan) {
    std::vector<std::string> external;
    for (const JoinedNamespace& joined : plan.joined) {
        if (!is_external_for_criu(joined.kind)) continue;
        struct stat status {};
        if (::stat(joined.path.c_str(), &status) != 0)
            return oci::last_system_failure(joined.origin + ": " + joined.path);
        external.push_back(std::string(proc_name(joined.kind)) + "[" + std::to_string(status.st_ino) +
                           "]:" + namespace_key(joined.kind));
    }
    return external;
}

Result<void> namespaces_for_restore(const NamespacePlan& plan, CriuOptions& options,
                                    std::vector<Fd>& opened) {
    for (const JoinedNamespace& joined : plan.joined) {
        if (joined.kind == NamespaceKind::cgroup) {
            return oci::failure(oci::ErrorCode::unsupported,
                                joined.origin + ": CRIU cannot restore into an existing cgroup namespace");
        }
        if (!is_external_for_criu(joined.kind)) {
            options.joined_namespaces.push_back({std::string(proc_name(joined.kind)), joined.path});
            continue;
        }
        const int number = first_inherited_descriptor + static_cast<int>(opened.size());
        opened.push_back(TRY(oci::open_file(joined.path, O_RDONLY).in(joined.origin)));
        options.inherited.emplace_back(namespace_key(joined.kind), number);
    }
    return {};
}

Result<Mounts> cgroups_of(pid_t pid) {
    Mounts cgroups;
    const std::string text = TRY(oci::read_kernel_file("/proc/" + std::to_string(pid) + "/cgroup"));
    for (const std::string& line : oci::split(oci::trim(text), '\n')) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        cgroups.emplace_back(line.substr(first + 1, second - first - 1), line.substr(second + 1));
    }
    return cgroups;
}

Result<std::uint32_t> criu_version(const std::string& program) {
    CriuService service = TRY(CriuService::start({.program = program}));
    const auto answer = service.ask(encode_criu_version_request());
    TRY(service.finish(false));
    if (!answer) return answer.error().in("ask " + program + " for its version");
    if (answer->version < oldest_version) {
        return oci::failure(
            oci::ErrorCode::unsupported,
            program + " has version " + std::to_string(answer->version) + ": 30000 (3.0) or newer is needed");
    }
    return answer->version;
}

Result<void> require_criu_features(const std::string& program, const CriuFeatureSet& wanted) {
    CriuService service = TRY(CriuService::start({.program = program}));
    const auto answer = service.ask(encode_criu_feature_request(wanted));
    TRY(service.finish(false));
    if (!answer) return answer.error().in("ask " + program + " for its features");
    std::string missing;
    if (wanted.memory_tracking && !answer->features.memory_tracking) missing = "memory tracking (--pre-dump)";
    if (wanted.lazy_pages && !answer->features.lazy_pages) missing = "userfaultfd (--lazy-pages)";
    if (missing.empty()) return {};
    return oci::failure(oci::ErrorCode::unsupported, "criu or this kernel lacks " + missing);
}

Result<Fd> open_images(const std::string& path, bool make, const char* option) {
    if (make) {
        const auto made = oci::make_directory(oci::current_directory, path, 0700);
        if (!made && made.error().code != oci::ErrorCode::exists) return made.error().in(option);
    }
    return oci::open_file(path, O_RDONLY | O_DIRECTORY).in(option);
}

}  // namespace ocirun
