#include "imagetool/bundle/default_config.hpp"

namespace ocimg {

namespace {

using oci::spec::Mount;

std::vector<Mount> default_mounts() {
    const auto mount = [](const char* destination, const char* type, const char* source,
                          std::vector<std::string> options) {
        Mount made;
        made.destination = destination;
        made.type = type;
        made.source = source;
        made.options = std::move(options);
        return made;
    };
    return {
        mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
        mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
        mount("/dev/pts", "devpts", "devpts",
              {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
        mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
        mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
        mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}),
    };
}

oci::spec::Process default_process() {
    const std::vector<std::string> few{"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
    oci::spec::Process process;
    process.cwd = "/";
    process.capabilities = oci::spec::Capabilities{};
    process.capabilities->bounding = few;
    process.capabilities->effective = few;
    process.capabilities->permitted = few;
    process.rlimits = {{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
    process.no_new_privileges = true;
    return process;
}

oci::spec::Linux default_linux() {
    oci::spec::Linux section;
    for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup"}) {
        oci::spec::Namespace made;
        made.type = type;
        section.namespaces.push_back(made);
    }
    oci::spec::DeviceCgroup none;
    none.allow = false;
    none.access = "rwm";
    section.resources = oci::spec::Resources{};
    section.resources->devices.push_back(none);
    section.masked_paths = {"/proc/acpi",       "/proc/asound",      "/proc/interrupts",
                            "/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
                            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
                            "/proc/scsi",       "/sys/firmware",     "/sys/devices/virtual/powercap"};
    section.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    return section;
}

}  // namespace

oci::spec::RuntimeConfig default_runtime_config() {
    oci::spec::RuntimeConfig config;
    // Nothing below is younger than this version, and old runtimes know it.
    config.oci_version = "1.0.2";
    config.root = oci::spec::Root{.path = "rootfs", .readonly = false};
    config.mounts = default_mounts();
    config.process = default_process();
    config.hostname = "container";
    config.linux_section = default_linux();
    return config;
}

}  // namespace ocimg
