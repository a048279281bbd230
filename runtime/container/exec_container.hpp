#pragma once
// `exec`: a further process in a running container. Host process.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/init/init_request.hpp"

namespace ocirun {

struct ExecContainerOptions {
    std::string state_root;
    std::string id;
    std::string process_file;  // --process; empty: the recorded process with `arguments`
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // --env, added
    std::string cwd;
    std::string user;  // "UID[:GID]"
    std::vector<std::uint32_t> additional_gids;
    std::vector<std::string> capabilities;  // --cap, added
    std::string apparmor_profile;
    std::string process_label;
    bool no_new_privileges = false;
    bool tty = false;
    bool detach = false;
    bool ignore_paused = false;
    bool subreaper = true;
    std::string console_socket;
    std::string pidfd_socket;          // path of a socket that receives the process's pidfd
    std::vector<std::string> cgroups;  // --cgroup: below the container's own
    std::string pid_file;
    PassedDescriptors passed;
};

/// The exit code of the process; 0 when detached.
oci::Result<int> exec_in_container(const ExecContainerOptions& options, std::vector<std::string>& warnings);

/// "UID[:GID]" and nothing else: names are never looked up (CVE-2016-3697, CVE-2026-30892).
oci::Result<void> parse_exec_user(const std::string& text, std::uint32_t& uid, std::uint32_t& gid);

}  // namespace ocirun
