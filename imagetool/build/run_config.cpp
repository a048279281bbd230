#include "imagetool/build/run_config.hpp"

#include <algorithm>

#include "imagetool/build/default_seccomp.hpp"
#include "imagetool/bundle/default_config.hpp"

namespace ocimg::build {

namespace {

bool is_set(const std::vector<std::string>& env, std::string_view name) {
    return std::any_of(env.begin(), env.end(), [&](const std::string& entry) {
        return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
    });
}

oci::spec::Process process_of(const RunStep& step, const RunSurroundings& surroundings) {
    oci::spec::Process process;
    process.args = step.argv;
    process.env = step.env;
    process.env.insert(process.env.end(), step.hidden_env.begin(), step.hidden_env.end());
    process.env.insert(process.env.end(), surroundings.environment.begin(), surroundings.environment.end());
    if (!is_set(process.env, "HOME")) process.env.push_back("HOME=" + surroundings.home);
    process.cwd = step.working_dir;
    process.user = surroundings.user;
    process.capabilities = oci::spec::Capabilities{};
    process.capabilities->bounding = default_capabilities();
    // Only root starts with them; a program that gains root by setuid gets what the bounding set allows.
    if (surroundings.user.uid == 0) {
        process.capabilities->effective = default_capabilities();
        process.capabilities->permitted = default_capabilities();
    }
    return process;
}

/// A container inside a user namespace cannot mount what belongs to namespaces of the host.
void fit_to_user_namespace(oci::spec::RuntimeConfig& config, bool own_network) {
    auto& mounts = config.mounts;
    std::erase_if(mounts, [](const auto& mount) { return mount.destination == "/sys/fs/cgroup"; });
    for (oci::spec::Mount& mount : mounts) {
        if (mount.destination == "/dev/pts")
            std::erase_if(mount.options, [](const auto& option) { return option.starts_with("gid="); });
        if (mount.destination != "/sys" || own_network) continue;
        mount.type = "bind";
        mount.source = "/sys";
        mount.options = {"rbind", "nosuid", "noexec", "nodev", "ro"};
    }
    config.linux_section->resources.reset();
}

}  // namespace

const std::vector<std::string>& default_capabilities() {
    static const std::vector<std::string> names = {
        "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
        "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
        "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
        "CAP_KILL",    "CAP_AUDIT_WRITE"};
    return names;
}

oci::spec::RuntimeConfig run_config(const RunStep& step, const RunSurroundings& surroundings) {
    oci::spec::RuntimeConfig config = default_runtime_config();
    config.root = oci::spec::Root{.path = surroundings.rootfs, .readonly = false};
    config.hostname = surroundings.hostname;
    config.process = process_of(step, surroundings);
    config.mounts.insert(config.mounts.end(), surroundings.mounts.begin(), surroundings.mounts.end());
    const bool own_network = step.network == dockerfile::RunNetwork::none || !surroundings.network.empty();
    for (auto& space : config.linux_section->namespaces)
        if (space.type == "network") space.path = surroundings.network;
    if (!own_network)
        std::erase_if(config.linux_section->namespaces,
                      [](const auto& space) { return space.type == "network"; });
    config.linux_section->seccomp = default_seccomp(surroundings.architecture);
    if (step.security == dockerfile::RunSecurity::insecure) {
        config.linux_section->seccomp.reset();
        config.linux_section->masked_paths.clear();
        config.linux_section->readonly_paths.clear();
    }
    if (surroundings.rootless) fit_to_user_namespace(config, own_network);
    return config;
}

}  // namespace ocimg::build
