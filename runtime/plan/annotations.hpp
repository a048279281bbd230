#pragma once
// The annotations that change what the runtime does. Pure.

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ocirun {

/// crun's, which Podman sets for --group-add keep-groups: the process keeps the groups of who runs the
/// runtime.
inline constexpr std::string_view keep_groups_annotation = "run.oci.keep_original_groups";
/// crun's files for the output of hooks, and its socket for init's pidfd. They name places of the host, so
/// that they count with --unsafe-annotations only: engines hand on annotations that their users write.
inline constexpr std::string_view hooks_stdout_annotation = "run.oci.hooks.stdout";
inline constexpr std::string_view hooks_stderr_annotation = "run.oci.hooks.stderr";
inline constexpr std::string_view pidfd_receiver_annotation = "run.oci.pidfd_receiver";
/// runc's and crun's: the configuration file of CRIU.
inline constexpr std::string_view criu_config_annotation = "org.criu.config";

/// crun's: another agent than seccomp.listenerPath, and a filter that is compiled already (base64) in the
/// place of the rules. They reach beyond the container or weaken it.
inline constexpr std::string_view seccomp_receiver_annotation = "run.oci.seccomp.receiver";
inline constexpr std::string_view seccomp_program_annotation = "run.oci.seccomp_bpf_data";
/// crun's: a seccomp rule for a system call that is not known here is an error, not a warning.
inline constexpr std::string_view seccomp_unknown_annotation = "run.oci.seccomp_fail_unknown_syscall";
/// crun's: the mount option that linux.mountLabel becomes: context (default), fscontext, defcontext,
/// rootcontext.
inline constexpr std::string_view mount_context_annotation = "run.oci.mount_context_type";
/// crun's: a cgroup below the container's, in which its processes are and which belongs to them (cgroup v2);
/// and one below the scope of the systemd driver.
inline constexpr std::string_view delegate_cgroup_annotation = "run.oci.delegate-cgroup";
inline constexpr std::string_view systemd_subgroup_annotation = "run.oci.systemd.subgroup";
/// Experimental: Landlock rules of the process (landlock_plan.hpp).
inline constexpr std::string_view landlock_annotation = "ocirun.landlock";

/// All of them.
inline constexpr std::array annotation_table = {
    keep_groups_annotation,     hooks_stdout_annotation,     hooks_stderr_annotation,
    pidfd_receiver_annotation,  criu_config_annotation,      seccomp_receiver_annotation,
    seccomp_program_annotation, seccomp_unknown_annotation,  mount_context_annotation,
    delegate_cgroup_annotation, systemd_subgroup_annotation, landlock_annotation};

/// Every annotation that the runtime heeds, for `features`.
std::vector<std::string> known_annotations();

/// The value of an annotation that reaches beyond the container: empty when it is absent or not allowed; the
/// latter with a warning.
std::string unsafe_annotation(const std::map<std::string, std::string>& annotations, std::string_view name,
                              bool allowed, std::vector<std::string>& warnings);

}  // namespace ocirun
