#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdio>

#include "base/text.hpp"
#include "runtime/plan/container_plan.hpp"
#include "spec/json/writer.hpp"
#include "spec/runtime/names.hpp"

// A plan as numbered steps, in the order in which create takes them.

namespace ocirun {

namespace {

using Steps = std::vector<PlanStep>;

std::string octal(mode_t mode) {
    char text[16];
    std::snprintf(text, sizeof text, "%04o", mode);
    return text;
}

void describe_namespaces(const ContainerPlan& plan, Steps& steps) {
    for (const JoinedNamespace& joined : plan.namespaces.joined) {
        steps.push_back({"namespaces",
                         "join " + std::string(spec_name(joined.kind)) + " namespace " + joined.path,
                         joined.origin});
    }
    for (const NamespaceKind kind : plan.namespaces.created) {
        steps.push_back(
            {"namespaces", "create " + std::string(spec_name(kind)) + " namespace", "linux.namespaces"});
    }
    for (const TimeOffset& offset : plan.namespaces.time_offsets) {
        steps.push_back({"namespaces",
                         "shift " + offset.clock + " clock by " + std::to_string(offset.seconds) + " s " +
                             std::to_string(offset.nanoseconds) + " ns",
                         "linux.timeOffsets." + offset.clock});
    }
    for (const auto& [ranges, name] :
         {std::pair(&plan.id_maps.uids, "uid"), std::pair(&plan.id_maps.gids, "gid")}) {
        for (const IdRange& range : *ranges) {
            steps.push_back({"namespaces",
                             "map " + std::string(name) + " " + std::to_string(range.container_id) +
                                 " to host " + std::to_string(range.host_id) + ", " +
                                 std::to_string(range.size) + " ids",
                             "linux." + std::string(name) + "Mappings"});
        }
    }
}

void describe_cgroup(const CgroupPlan& plan, Steps& steps) {
    if (plan.version == CgroupVersion::none) {
        steps.push_back({"cgroup", "make no cgroup: none can be used here", "linux.cgroupsPath"});
        return;
    }
    const std::string version = plan.version == CgroupVersion::v2 ? "v2" : "v1";
    steps.push_back({"cgroup", "make cgroup " + plan.path + " (" + version + ")", "linux.cgroupsPath"});
    for (const CgroupWrite& write : plan.writes) {
        steps.push_back(
            {"cgroup", "write " + oci::quote(oci::trim(write.value)) + " to " + write.file, write.origin});
    }
    if (!plan.device_filter.empty()) {
        steps.push_back(
            {"cgroup",
             "attach a device filter of " + std::to_string(plan.device_filter.size()) + " instructions",
             "linux.resources.devices"});
    }
    if (plan.delegate_to)
        steps.push_back({"cgroup", "hand the cgroup to host uid " + std::to_string(plan.delegate_to->first),
                         "linux.uidMappings"});
}

std::string option_words(const MountOptions& options) {
    std::vector<std::string> words;
    const auto add = [&](std::uint64_t set, std::uint64_t bit, const char* word) {
        if ((set & bit) != 0) words.emplace_back(word);
    };
    add(options.attributes_set, MOUNT_ATTR_RDONLY, "ro");
    add(options.attributes_set, MOUNT_ATTR_NOSUID, "nosuid");
    add(options.attributes_set, MOUNT_ATTR_NODEV, "nodev");
    add(options.attributes_set, MOUNT_ATTR_NOEXEC, "noexec");
    add(options.attributes_set, MOUNT_ATTR_NOATIME, "noatime");
    add(options.attributes_set, MOUNT_ATTR_STRICTATIME, "strictatime");
    add(options.recursive_set, MOUNT_ATTR_RDONLY, "rro");
    add(options.recursive_set, MOUNT_ATTR_NOSUID, "rnosuid");
    add(options.recursive_set, MOUNT_ATTR_NODEV, "rnodev");
    add(options.recursive_set, MOUNT_ATTR_NOEXEC, "rnoexec");
    for (const unsigned long flags : options.propagation) {
        const std::string recursive = (flags & MS_REC) != 0 ? "r" : "";
        if ((flags & MS_SHARED) != 0) words.push_back(recursive + "shared");
        if ((flags & MS_SLAVE) != 0) words.push_back(recursive + "slave");
        if ((flags & MS_PRIVATE) != 0) words.push_back(recursive + "private");
        if ((flags & MS_UNBINDABLE) != 0) words.push_back(recursive + "unbindable");
    }
    if (options.copy_up) words.emplace_back("tmpcopyup");
    if (!options.data.empty()) words.push_back(options.data);
    return words.empty() ? "" : " (" + oci::join(words, ",") + ")";
}

std::string mount_action(const PlannedMount& mount) {
    const std::string where = " on " + mount.destination + option_words(mount.options);
    if (mount.options.remount) return "remount" + where;
    switch (mount.kind) {
        case PlannedMount::Kind::bind:
            return std::string(mount.options.recursive_bind ? "rbind " : "bind ") + mount.source + where;
        case PlannedMount::Kind::cgroup:
            return std::string(mount.cgroup_by_bind ? "bind cgroup" : "mount cgroup") + where;
        case PlannedMount::Kind::filesystem:
            return "mount " + mount.type + where;
    }
    return {};
}

void describe_rootfs(const RootfsPlan& plan, Steps& steps) {
    steps.push_back({"rootfs", "take " + plan.path + " as the root file system", "root.path"});
    for (const PlannedMount& mount : plan.mounts)
        steps.push_back({"mounts", mount_action(mount), mount.origin});
    for (const PlannedDevice& device : plan.devices) {
        const std::string kind =
            device.type == S_IFIFO ? "fifo" : (device.type == S_IFBLK ? "block device" : "character device");
        const std::string number =
            device.type == S_IFIFO ? ""
                                   : " " + std::to_string(device.major) + ":" + std::to_string(device.minor);
        steps.push_back({"devices",
                         std::string(plan.bind_devices ? "bind " : "make ") + kind + " " + device.path +
                             number + " mode " + octal(device.mode),
                         device.origin});
    }
    for (const PlannedLink& link : plan.links)
        steps.push_back({"devices", "link " + link.path + " to " + link.target, "default"});
    for (const std::string& path : plan.readonly_paths)
        steps.push_back({"rootfs", "make " + path + " read-only", "linux.readonlyPaths"});
    for (const std::string& path : plan.masked_paths)
        steps.push_back({"rootfs", "mask " + path, "linux.maskedPaths"});
    if (plan.readonly) steps.push_back({"rootfs", "make the root read-only", "root.readonly"});
    steps.push_back({"rootfs", plan.no_pivot ? "move the root mount and chroot" : "pivot_root", "root.path"});
}

void describe_hooks(const std::vector<PlannedHook>& hooks, Steps& steps) {
    for (const PlannedHook& hook : hooks) {
        const std::string limit =
            hook.timeout ? " (at most " + std::to_string(hook.timeout->count()) + " s)" : "";
        steps.push_back({"hooks", "run " + hook.path + limit, hook.origin});
    }
}

void describe_settings(const ContainerPlan& plan, Steps& steps) {
    if (!plan.hostname.empty())
        steps.push_back({"kernel", "set host name " + oci::quote(plan.hostname), "hostname"});
    if (!plan.domainname.empty())
        steps.push_back({"kernel", "set domain name " + oci::quote(plan.domainname), "domainname"});
    for (const Sysctl& sysctl : plan.sysctls) {
        steps.push_back(
            {"kernel", "write " + oci::quote(sysctl.value) + " to /proc/sys/" + sysctl.file, sysctl.origin});
    }
    if (plan.personality) steps.push_back({"kernel", "set personality", "linux.personality"});
    if (plan.memory_policy) steps.push_back({"kernel", "set memory policy", "linux.memoryPolicy"});
}

std::string capability_words(std::uint64_t mask) {
    std::vector<std::string> words;
    const auto names = oci::spec::capability_names();
    for (std::size_t i = 0; i < names.size(); ++i) {
        if ((mask >> i & 1U) != 0) words.emplace_back(names[i].substr(4));
    }
    return words.empty() ? "none" : oci::join(words, " ");
}

void describe_process(const ContainerPlan& plan, Steps& steps) {
    if (!plan.process) return;
    const ProcessPlan& process = *plan.process;
    if (process.terminal)
        steps.push_back({"process", "allocate a terminal and bind it on /dev/console", "process.terminal"});
    steps.push_back({"process", "enter directory " + process.cwd, "process.cwd"});
    if (process.oom_score_adjustment) {
        steps.push_back({"process",
                         "set OOM score adjustment " + std::to_string(*process.oom_score_adjustment),
                         "process.oomScoreAdj"});
    }
    for (const PlannedRlimit& limit : process.rlimits) {
        steps.push_back(
            {"process",
             "limit " + limit.name + " to " + std::to_string(limit.soft) + ":" + std::to_string(limit.hard),
             "process.rlimits"});
    }
    if (process.no_new_privileges)
        steps.push_back({"process", "set no_new_privs", "process.noNewPrivileges"});
    if (!process.apparmor_profile.empty())
        steps.push_back(
            {"process", "use AppArmor profile " + process.apparmor_profile, "process.apparmorProfile"});
    steps.push_back({"process",
                     "become uid " + std::to_string(process.uid) + ", gid " + std::to_string(process.gid),
                     "process.user"});
    steps.push_back({"process", "keep capabilities " + capability_words(process.capabilities.effective),
                     "process.capabilities.effective"});
    if (!plan.seccomp.program.empty()) {
        constexpr std::size_t instruction_size = 8;
        steps.push_back({"process",
                         "load a seccomp filter of " +
                             std::to_string(plan.seccomp.program.size() / instruction_size) + " instructions",
                         "linux.seccomp"});
    }
    std::vector<std::string> quoted;
    for (const std::string& argument : process.arguments) quoted.push_back(oci::quote(argument));
    steps.push_back({"process", "execute " + oci::join(quoted, " "), "process.args"});
}

}  // namespace

std::vector<PlanStep> describe_steps(const ContainerPlan& plan) {
    Steps steps;
    describe_cgroup(plan.cgroup, steps);
    describe_namespaces(plan, steps);
    describe_rootfs(plan.rootfs, steps);
    describe_hooks(plan.hooks.prestart, steps);
    describe_hooks(plan.hooks.create_runtime, steps);
    describe_hooks(plan.hooks.create_container, steps);
    describe_settings(plan, steps);
    describe_hooks(plan.hooks.start_container, steps);
    describe_process(plan, steps);
    describe_hooks(plan.hooks.poststart, steps);
    describe_hooks(plan.hooks.poststop, steps);
    return steps;
}

std::string describe(const ContainerPlan& plan) {
    std::string text = "container " + plan.id + " from bundle " + plan.bundle + "\n";
    std::size_t number = 0;
    for (const PlanStep& step : describe_steps(plan)) {
        char head[48];
        std::snprintf(head, sizeof head, "%4zu  %-10s  ", ++number, step.phase.c_str());
        text += head + step.action + "  [" + step.origin + "]\n";
    }
    for (const std::string& warning : plan.warnings) text += "warning: " + warning + "\n";
    return text;
}

std::string describe_json(const ContainerPlan& plan) {
    oci::spec::JsonWriter out("  ");
    out.begin_object();
    out.key("id");
    out.string(plan.id);
    out.key("bundle");
    out.string(plan.bundle);
    out.key("steps");
    out.begin_array();
    std::int64_t number = 0;
    for (const PlanStep& step : describe_steps(plan)) {
        out.begin_object();
        out.key("step");
        out.number(++number);
        out.key("phase");
        out.string(step.phase);
        out.key("action");
        out.string(step.action);
        out.key("origin");
        out.string(step.origin);
        out.end_object();
    }
    out.end_array();
    out.key("warnings");
    out.begin_array();
    for (const std::string& warning : plan.warnings) out.string(warning);
    out.end_array();
    out.end_object();
    return out.take();
}

}  // namespace ocirun
