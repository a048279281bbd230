#include "runtime/plan/container_plan.hpp"

#include "base/text.hpp"
#include "runtime/plan/annotations.hpp"
#include "runtime/plan/kernel_settings_plan.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

Result<void> check_names(const ContainerPlan& plan) {
    if (plan.namespaces.has(NamespaceKind::uts)) return {};
    const char* set = !plan.hostname.empty() ? "hostname" : plan.domainname.empty() ? nullptr : "domainname";
    if (set == nullptr) return {};
    return oci::failure(ErrorCode::invalid,
                        std::string(set) + ": needs a namespace of type \"uts\" in linux.namespaces");
}

Result<SeccompPlan> compile_rules(const oci::spec::Seccomp& seccomp, const PlanRequest& request) {
    const std::string origin = "linux.seccomp";
    if (request.compile_seccomp != nullptr)
        return request.compile_seccomp(seccomp, origin, request.compile_context);
    return plan_seccomp(seccomp, origin);
}

/// The filter, with what crun's annotations change of it.
Result<SeccompPlan> compile_seccomp(ContainerPlan& plan, const oci::spec::Linux& linux_section,
                                    const PlanRequest& request) {
    const auto value_of = [&](std::string_view name) {
        return unsafe_annotation(plan.annotations, name, request.unsafe_annotations, plan.warnings);
    };
    const std::string program = value_of(seccomp_program_annotation);
    const std::string receiver = value_of(seccomp_receiver_annotation);
    if (!program.empty()) return plan_compiled_filter(program, "annotations: run.oci.seccomp_bpf_data");
    if (!linux_section.seccomp) return SeccompPlan();
    oci::spec::Seccomp seccomp = *linux_section.seccomp;
    if (!receiver.empty()) seccomp.listener_path = receiver;
    SeccompPlan compiled = TRY(compile_rules(seccomp, request));
    if (plan.annotations.contains(std::string(seccomp_unknown_annotation)) && !compiled.unknown_calls.empty())
        return oci::failure(ErrorCode::invalid, "linux.seccomp.syscalls: the system call " +
                                                    oci::quote(compiled.unknown_calls.front()) +
                                                    " is not known here, and the annotation " +
                                                    std::string(seccomp_unknown_annotation) +
                                                    " makes that an error");
    return compiled;
}

Result<void> plan_linux(ContainerPlan& plan, const oci::spec::Linux& linux_section,
                        const PlanRequest& request) {
    plan.sysctls = TRY(plan_sysctls(linux_section));
    plan.net_devices = TRY(plan_net_devices(linux_section, plan.namespaces));
    plan.rdt = TRY(plan_rdt(linux_section, plan.id));
    plan.personality = TRY(plan_personality(linux_section));
    plan.memory_policy = TRY(plan_memory_policy(linux_section));
    plan.seccomp = TRY(compile_seccomp(plan, linux_section, request));
    return {};
}

Result<ProcessPlan> plan_first_process(const oci::spec::Process& process, HostFacts host,
                                       const NamespacePlan& namespaces) {
    // The root of a new user namespace has every capability in it, whatever its maker had.
    if (namespaces.has(NamespaceKind::user)) host.bounding_capabilities = ~std::uint64_t{0};
    return plan_process(process, host, "process");
}

/// An id without a mapping would show up as a bare EINVAL of setresuid(2).
Result<void> check_mapped(const ContainerPlan& plan) {
    if (!plan.namespaces.creates(NamespaceKind::user) || !plan.process) return {};
    std::uint32_t unused = 0;
    const auto check = [&](const std::vector<IdRange>& ranges, std::uint32_t id,
                           const std::string& origin) -> Result<void> {
        if (to_host_id(ranges, id, unused)) return {};
        return oci::failure(ErrorCode::invalid,
                            origin + ": " + std::to_string(id) + " is not mapped into the user namespace");
    };
    TRY(check(plan.id_maps.uids, plan.process->uid, "process.user.uid"));
    TRY(check(plan.id_maps.gids, plan.process->gid, "process.user.gid"));
    const auto& groups = plan.process->additional_gids;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        TRY(check(plan.id_maps.gids, groups[i], oci::spec::item_path("process.user.additionalGids", i)));
    }
    return {};
}

void take_warnings(std::vector<std::string>& all, const std::vector<std::string>& some) {
    all.insert(all.end(), some.begin(), some.end());
}

/// What annotations ask for beside the configuration.
Result<void> plan_annotations(ContainerPlan& plan, const PlanRequest& request) {
    if (plan.process) TRY(plan_process_annotations(*plan.process, plan.annotations));
    const auto value_of = [&](std::string_view name) {
        return unsafe_annotation(plan.annotations, name, request.unsafe_annotations, plan.warnings);
    };
    plan.hook_output = value_of(hooks_stdout_annotation);
    plan.hook_errors = value_of(hooks_stderr_annotation);
    plan.pidfd_receiver = value_of(pidfd_receiver_annotation);
    redirect_hooks(plan.hooks, plan.hook_output, plan.hook_errors);
    return {};
}

/// The container's notify socket, in a directory of its own that it may not change.
void plan_notify(ContainerPlan& plan, const PlanRequest& request) {
    if (request.notify_directory.empty() || !plan.process) return;
    std::string directory = request.notify_directory;
    if (plan.namespaces.has(NamespaceKind::mount)) {
        PlannedMount mount;
        mount.kind = PlannedMount::Kind::bind;
        mount.origin = "NOTIFY_SOCKET";
        mount.source = request.notify_directory;
        mount.destination = directory = "/run/notify";
        mount.type = "bind";
        mount.options = parse_mount_options({"bind", "ro", "nosuid", "nodev", "noexec"});
        plan.rootfs.mounts.push_back(std::move(mount));
    }
    auto& environment = plan.process->environment;
    std::erase_if(environment, [](const std::string& entry) { return entry.starts_with("NOTIFY_SOCKET="); });
    environment.push_back("NOTIFY_SOCKET=" + directory + "/notify.sock");
}

void collect_warnings(ContainerPlan& plan) {
    take_warnings(plan.warnings, plan.cgroup.warnings);
    take_warnings(plan.warnings, plan.rootfs.warnings);
    if (plan.process) take_warnings(plan.warnings, plan.process->warnings);
    take_warnings(plan.warnings, plan.seccomp.warnings);
}

}  // namespace

Result<ContainerPlan> plan_container(const oci::spec::RuntimeConfig& config, const HostFacts& host,
                                     const PlanRequest& request) {
    ContainerPlan plan;
    plan.id = request.container_id;
    plan.bundle = request.bundle;
    plan.new_keyring = request.new_keyring;
    plan.last_capability = host.last_capability;
    plan.annotations = config.annotations;
    plan.hostname = config.hostname;
    plan.domainname = config.domainname;
    plan.namespaces = TRY(plan_namespaces(config, host));
    plan.id_maps = TRY(plan_id_maps(config, plan.namespaces));
    TRY(check_names(plan));
    plan.cgroup = TRY(plan_cgroup(config, host,
                                  {request.container_id, request.systemd_cgroup, request.cgroups_disabled,
                                   request.unsafe_annotations}));
    plan.rootfs = TRY(plan_rootfs(config, host, plan.namespaces, plan.id_maps, plan.cgroup, request.bundle));
    plan.rootfs.no_pivot = request.no_pivot;
    if (config.process) plan.process = TRY(plan_first_process(*config.process, host, plan.namespaces));
    TRY(check_mapped(plan));
    if (config.linux_section) TRY(plan_linux(plan, *config.linux_section, request));
    plan.hooks = TRY(plan_hooks(config));
    TRY(plan_annotations(plan, request));
    plan_notify(plan, request);
    collect_warnings(plan);
    return plan;
}

}  // namespace ocirun
