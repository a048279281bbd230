#include "runtime/container/bundle_report.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "runtime/container/bundle.hpp"
#include "runtime/launch/probe_host.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

namespace {

using Sentences = std::vector<std::string>;

void check_program(const ContainerPlan& plan, oci::BorrowedFd root, Sentences& found) {
    if (!plan.process || plan.process->arguments.empty()) return;
    const std::string& program = plan.process->arguments.front();
    const auto is_there = [&](const std::string& path) {
        const bool covered =
            std::any_of(plan.rootfs.mounts.begin(), plan.rootfs.mounts.end(),
                        [&](const PlannedMount& mount) { return path.starts_with(mount.destination + "/"); });
        return covered ||
               oci::open_in_root(root, path, O_PATH).has_value();  // what a mount brings is not seen
    };
    if (program.find('/') != std::string::npos) {
        if (program.front() == '/' && !is_there(program))
            found.push_back("process.args[0]: " + program + " is not in the root file system");
        return;
    }
    std::string path;
    for (const std::string& entry : plan.process->environment)
        if (entry.starts_with("PATH=")) path = entry.substr(5);
    for (const std::string& directory : oci::split(path, ':'))
        if (directory.starts_with('/') && is_there(directory + "/" + program)) return;
    found.push_back("process.args[0]: " + oci::quote(program) + ": executable file not found in $PATH (" +
                    path + ") of the root file system");
}

void check_mounts(const ContainerPlan& plan, Sentences& found) {
    for (const PlannedMount& mount : plan.rootfs.mounts) {
        if (mount.kind == PlannedMount::Kind::bind && !mount.options.remount &&
            ::access(mount.source.c_str(), F_OK) != 0)
            found.push_back(mount.origin + ".source: " + mount.source + " is not there");
    }
    for (const JoinedNamespace& joined : plan.namespaces.joined) {
        if (::access(joined.path.c_str(), F_OK) != 0)
            found.push_back(joined.origin + ": " + joined.path + " is not there");
    }
}

void check_hooks(const oci::spec::RuntimeConfig& config, Sentences& found) {
    if (!config.hooks) return;
    // Those of the other kinds are looked up in the container.
    const auto check = [&](const char* kind, const std::vector<oci::spec::Hook>& hooks) {
        for (std::size_t i = 0; i < hooks.size(); ++i) {
            if (::access(hooks[i].path.c_str(), X_OK) != 0)
                found.push_back("hooks." + oci::spec::item_path(kind, i) + ".path: " + hooks[i].path +
                                " is not an executable file");
        }
    };
    check("prestart", config.hooks->prestart);
    check("createRuntime", config.hooks->create_runtime);
    check("createContainer", config.hooks->create_container);
    check("poststart", config.hooks->poststart);
    check("poststop", config.hooks->poststop);
}

void check_limits(const ContainerPlan& plan, const HostFacts& host, Sentences& found) {
    const bool may_raise = ::prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) > 0;
    if (plan.process && !may_raise) {
        for (const PlannedRlimit& limit : plan.process->rlimits) {
            rlimit now{};
            if (::getrlimit(static_cast<__rlimit_resource>(limit.resource), &now) == 0 &&
                limit.hard > now.rlim_max)
                found.push_back("process.rlimits: " + limit.name + ": the hard limit " +
                                std::to_string(limit.hard) + " is above this process's, " +
                                std::to_string(now.rlim_max) + ", and CAP_SYS_RESOURCE is missing");
        }
    }
    if (host.cgroup.version != CgroupVersion::v2) return;
    const auto& controllers = host.cgroup.unified_controllers;
    for (const CgroupWrite& write : plan.cgroup.writes) {
        if (write.controller.empty() || write.may_be_missing ||
            std::find(controllers.begin(), controllers.end(), write.controller) != controllers.end())
            continue;
        found.push_back(write.origin + ": the " + write.controller + " controller is not available");
    }
}

}  // namespace

std::vector<std::string> report_bundle(const std::string& path, const std::string& config_file) {
    const auto bundle = open_bundle(path, config_file);
    if (!bundle) return {bundle.error().text};
    const auto host = probe_host();
    if (!host) return {host.error().text};
    PlanRequest request;
    request.container_id = "CONTAINER-ID";
    request.bundle = bundle->path;
    const auto plan = plan_container(bundle->config, *host, request);
    Sentences found;
    if (!plan) {
        found.push_back(plan.error().text);
        check_hooks(bundle->config, found);
        return found;
    }
    const auto root = oci::open_file(plan->rootfs.path, O_PATH | O_DIRECTORY);
    if (root) {
        check_program(*plan, *root, found);
    } else {
        found.push_back("root.path: " + root.error().text);
    }
    check_mounts(*plan, found);
    check_hooks(bundle->config, found);
    check_limits(*plan, *host, found);
    if (::geteuid() != 0 && !plan->namespaces.has(NamespaceKind::user))
        found.push_back("linux.namespaces: an ordinary user needs an entry of type \"user\"");
    for (const std::string& warning : plan->warnings) found.push_back("warning: " + warning);
    return found;
}

}  // namespace ocirun
