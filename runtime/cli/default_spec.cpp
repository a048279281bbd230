#include "runtime/cli/default_spec.hpp"

#include <algorithm>
#include <vector>

#include "runtime/hooks/hook_state.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocirun {
namespace {

namespace spec = oci::spec;

spec::Process default_process() {
    const std::vector<std::string> capabilities = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
    spec::Process process;
    process.terminal = true;
    process.args = {"sh"};
    process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
    process.cwd = "/";
    process.capabilities = spec::Capabilities{.bounding = capabilities,
                                              .effective = capabilities,
                                              .inheritable = {},
                                              .permitted = capabilities,
                                              .ambient = {}};
    process.rlimits = {{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
    process.no_new_privileges = true;
    return process;
}

spec::Mount a_mount(const std::string& destination, const std::string& type, const std::string& source,
                    std::vector<std::string> options) {
    return {.destination = destination,
            .type = type,
            .source = source,
            .options = std::move(options),
            .uid_mappings = {},
            .gid_mappings = {}};
}

std::vector<spec::Mount> default_mounts() {
    return {
        a_mount("/proc", "proc", "proc", {}),
        a_mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
        a_mount("/dev/pts", "devpts", "devpts",
                {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
        a_mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
        a_mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
        a_mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
        a_mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}),
    };
}

spec::Linux default_linux() {
    spec::Linux section;
    for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup"})
        section.namespaces.push_back({.type = type, .path = ""});
    section.resources.emplace();
    section.resources->devices = {{.allow = false, .type = "", .major = {}, .minor = {}, .access = "rwm"}};
    section.masked_paths = {"/proc/acpi",
                            "/proc/asound",
                            "/proc/kcore",
                            "/proc/keys",
                            "/proc/latency_stats",
                            "/proc/timer_list",
                            "/proc/timer_stats",
                            "/proc/sched_debug",
                            "/proc/interrupts",
                            "/sys/firmware",
                            "/sys/devices/virtual/powercap",
                            "/proc/scsi"};
    section.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    return section;
}

bool names_an_owner(const std::string& option) {
    return option.starts_with("uid=") || option.starts_with("gid=");
}

/// What the owner of a lone user and group id cannot have is replaced: only one id is mapped, so nothing
/// may belong to group 5; sysfs needs a network namespace of one's own, so the host's is bound; limits
/// need a cgroup that somebody delegated.
void make_rootless(spec::RuntimeConfig& config, const SpecOptions& options) {
    for (spec::Mount& mount : config.mounts) {
        std::erase_if(mount.options, names_an_owner);
        if (mount.destination == "/sys")
            mount = a_mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
    }
    spec::Linux& section = *config.linux_section;
    std::erase_if(section.namespaces, [](const spec::Namespace& one) { return one.type == "network"; });
    section.namespaces.push_back({.type = "user", .path = ""});
    section.uid_mappings = {{.container_id = 0, .host_id = options.uid, .size = 1}};
    section.gid_mappings = {{.container_id = 0, .host_id = options.gid, .size = 1}};
    section.resources.reset();
}

}  // namespace

spec::RuntimeConfig default_spec(const SpecOptions& options) {
    spec::RuntimeConfig config;
    config.oci_version = spec_version;
    config.process = default_process();
    config.root = spec::Root{.path = "rootfs", .readonly = true};
    config.hostname = "ocirun";
    config.mounts = default_mounts();
    config.linux_section = default_linux();
    if (!options.cgroup_namespace)
        std::erase_if(config.linux_section->namespaces,
                      [](const spec::Namespace& one) { return one.type == "cgroup"; });
    if (options.rootless) make_rootless(config, options);
    return config;
}

std::string default_spec_json(const SpecOptions& options) {
    return spec::to_json(default_spec(options), "\t") + "\n";
}

}  // namespace ocirun
