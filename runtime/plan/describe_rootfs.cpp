#include "runtime/plan/describe_rootfs.hpp"

#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <string_view>

#include "base/text.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {
namespace {

struct AttributeWords {
    std::uint64_t attribute;
    const char* set;
    const char* clear;
};

constexpr std::array<AttributeWords, 6> attribute_words{
    {{MOUNT_ATTR_RDONLY, "ro", "rw"},
     {MOUNT_ATTR_NOSUID, "nosuid", "suid"},
     {MOUNT_ATTR_NODEV, "nodev", "dev"},
     {MOUNT_ATTR_NOEXEC, "noexec", "exec"},
     {MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
     {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"}}};

struct FlagWord {
    unsigned long flag;
    const char* word;
};

constexpr std::array<FlagWord, 7> superblock_words{{{MS_SYNCHRONOUS, "sync"},
                                                    {MS_DIRSYNC, "dirsync"},
                                                    {MS_MANDLOCK, "mand"},
                                                    {MS_LAZYTIME, "lazytime"},
                                                    {MS_SILENT, "silent"},
                                                    {MS_I_VERSION, "iversion"},
                                                    {MS_POSIXACL, "acl"}}};

constexpr std::array<FlagWord, 4> propagation_words{
    {{MS_SHARED, "shared"}, {MS_SLAVE, "slave"}, {MS_PRIVATE, "private"}, {MS_UNBINDABLE, "unbindable"}}};

void add_attributes(std::vector<std::string>& words, std::uint64_t set, std::uint64_t clear,
                    const std::string& prefix) {
    for (const AttributeWords& entry : attribute_words) {
        if ((set & entry.attribute) != 0) words.push_back(prefix + entry.set);
        if ((clear & entry.attribute) != 0) words.push_back(prefix + entry.clear);
    }
    if ((clear & MOUNT_ATTR__ATIME) == 0) return;
    const std::uint64_t atime = set & MOUNT_ATTR__ATIME;
    words.push_back(prefix + (atime == MOUNT_ATTR_NOATIME       ? "noatime"
                              : atime == MOUNT_ATTR_STRICTATIME ? "strictatime"
                                                                : "relatime"));
}

std::string propagation_text(unsigned long flags) {
    for (const FlagWord& entry : propagation_words) {
        if ((flags & entry.flag) != 0) return std::string((flags & MS_REC) != 0 ? "r" : "") + entry.word;
    }
    return "unchanged";
}

std::string in_brackets(const std::string& text) {
    return text.empty() ? "" : " (" + text + ")";
}

std::string id_map_words(const IdMapPlan& map) {
    const auto words = [](const std::vector<IdRange>& ranges) {
        std::vector<std::string> parts;
        parts.reserve(ranges.size());
        for (const IdRange& range : ranges) {
            parts.push_back(std::to_string(range.container_id) + "-" + std::to_string(range.host_id) + "-" +
                            std::to_string(range.size));
        }
        return oci::join(parts, "#");
    };
    return map.empty() ? "" : " with ids mapped: uids " + words(map.uids) + ", gids " + words(map.gids);
}

void describe_cgroup_mount(const PlannedMount& mount, std::vector<PlanStep>& steps) {
    const std::string options = in_brackets(mount_options_text(mount.options));
    if (!mount.cgroup_v2)
        steps.push_back({"mounts", "mount tmpfs on " + mount.destination + options, mount.origin});
    for (const CgroupMountEntry& entry : mount.cgroup_entries) {
        const std::string place = mount.destination + (entry.name.empty() ? "" : "/" + entry.name);
        const std::string type = mount.cgroup_v2 ? "cgroup2" : "cgroup";
        const std::string data = entry.filesystem_data.empty() ? "" : " [" + entry.filesystem_data + "]";
        const std::string what =
            mount.cgroup_by_bind ? "bind " + entry.host_path + " on " : "mount " + type + data + " on ";
        steps.push_back({"mounts", what + place + options, mount.origin});
        for (const std::string& link : entry.links) {
            steps.push_back(
                {"mounts", "link " + mount.destination + "/" + link + " -> " + entry.name, mount.origin});
        }
    }
}

void describe_mount(const PlannedMount& mount, std::vector<PlanStep>& steps) {
    const std::string options = in_brackets(mount_options_text(mount.options));
    if (mount.options.remount) {
        steps.push_back({"mounts", "change the mount on " + mount.destination + options, mount.origin});
    } else if (mount.kind == PlannedMount::Kind::cgroup) {
        describe_cgroup_mount(mount, steps);
    } else if (mount.kind == PlannedMount::Kind::bind) {
        const char* verb = mount.options.recursive_bind ? "bind recursively " : "bind ";
        steps.push_back(
            {"mounts",
             verb + mount.source + " on " + mount.destination + options + id_map_words(mount.id_map),
             mount.origin});
    } else {
        const bool named = !mount.source.empty() && mount.source != mount.type;
        steps.push_back({"mounts",
                         "mount " + mount.type + (named ? " " + mount.source : "") + " on " +
                             mount.destination + options + id_map_words(mount.id_map),
                         mount.origin});
    }
}

std::string device_text(const PlannedDevice& device, bool by_bind) {
    if (by_bind && device.type != S_IFIFO) return "bind the host's " + device.path;
    char mode[16];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(device.mode));
    const std::string owner = ", mode " + std::string(mode) + ", owner " + std::to_string(device.uid) + ":" +
                              std::to_string(device.gid);
    if (device.type == S_IFIFO) return "make fifo " + device.path + owner;
    return "make " + std::string(device.type == S_IFBLK ? "block" : "character") + " device " + device.path +
           " " + std::to_string(device.major) + ":" + std::to_string(device.minor) + owner;
}

}  // namespace

std::string mount_options_text(const MountOptions& options) {
    std::vector<std::string> words;
    add_attributes(words, options.attributes_set, options.attributes_clear, "");
    add_attributes(words, options.recursive_set, options.recursive_clear, "r");
    for (const FlagWord& entry : superblock_words)
        if ((options.superblock_flags & entry.flag) != 0) words.emplace_back(entry.word);
    for (const unsigned long flags : options.propagation) words.push_back(propagation_text(flags));
    if (options.copy_up) words.emplace_back("tmpcopyup");
    if (options.idmap) words.emplace_back(options.recursive_idmap ? "ridmap" : "idmap");
    if (options.source_nofollow) words.emplace_back("src-nofollow");
    if (options.destination_nofollow) words.emplace_back("dest-nofollow");
    if (options.copy_symlink) words.emplace_back("copy-symlink");
    if (!options.data.empty()) words.push_back(options.data);
    return oci::join(words, ", ");
}

void describe_rootfs(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    const RootfsPlan& rootfs = plan.rootfs;
    if (plan.namespaces.has(NamespaceKind::mount)) {
        steps.push_back({"rootfs", "make the mount tree " + propagation_text(rootfs.propagation),
                         "linux.rootfsPropagation"});
        steps.push_back({"rootfs", "bind recursively " + rootfs.path + " on itself", "root.path"});
    }
    for (const PlannedMount& mount : rootfs.mounts) describe_mount(mount, steps);
    for (const PlannedDevice& device : rootfs.devices)
        steps.push_back({"devices", device_text(device, rootfs.bind_devices), device.origin});
    for (const PlannedLink& link : rootfs.links)
        steps.push_back({"devices", "link " + link.path + " -> " + link.target, "default"});
    if (plan.process && plan.process->terminal) {
        const bool bound = rootfs.prepare_dev;
        steps.push_back({"devices",
                         bound ? "open a terminal of /dev/pts and bind it on /dev/console"
                               : "open a terminal of /dev/pts",
                         "process.terminal"});
    }
}

void describe_protection(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    const RootfsPlan& rootfs = plan.rootfs;
    for (std::size_t i = 0; i < rootfs.readonly_paths.size(); ++i) {
        steps.push_back({"protection", "make " + rootfs.readonly_paths[i] + " read-only",
                         oci::spec::item_path("linux.readonlyPaths", i)});
    }
    for (std::size_t i = 0; i < rootfs.masked_paths.size(); ++i) {
        steps.push_back(
            {"protection", "mask " + rootfs.masked_paths[i], oci::spec::item_path("linux.maskedPaths", i)});
    }
    if (rootfs.readonly) steps.push_back({"rootfs", "make the root file system read-only", "root.readonly"});
    const bool own_mounts = plan.namespaces.has(NamespaceKind::mount);
    const char* how = !own_mounts ? "chroot to " : rootfs.no_pivot ? "move and chroot to " : "pivot to ";
    steps.push_back({"rootfs", how + rootfs.path, rootfs.no_pivot ? "--no-pivot" : "root.path"});
}

}  // namespace ocirun
