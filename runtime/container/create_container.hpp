#pragma once
// `create` and `run`: from a bundle to a container. Host process.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/init/init_request.hpp"

namespace ocirun {

struct CreateOptions {
    std::string state_root;
    std::string id;
    std::string bundle;          // empty: the current directory
    std::string config_file;     // instead of BUNDLE/config.json
    std::string console_socket;  // path
    std::string pidfd_socket;    // path of a socket that receives init's pidfd
    std::string pid_file;        // path
    bool no_pivot = false;
    bool new_keyring = true;
    bool systemd_cgroup = false;
    bool cgroups_disabled = false;
    bool unsafe_annotations = false;
    std::string notify_socket;  // of the service manager that started this process; empty: none
    PassedDescriptors passed;
};

struct RunOptions {
    CreateOptions create;
    bool detach = false;
    bool keep = false;  // do not delete the container when it has ended
    bool subreaper = true;
};

/// Everything up to a container that waits for `start`. On failure nothing is left. Returns warnings.
oci::Result<std::vector<std::string>> create_container(const CreateOptions& options);

/// create, start and, unless detached, wait and delete. The exit code of the container's process, 0 when
/// detached. Warnings are appended to `warnings`.
oci::Result<int> run_container(const RunOptions& options, std::vector<std::string>& warnings);

/// Writes a pid without a line end, atomically: engines read the file as it is.
oci::Result<void> write_pid_file(const std::string& path, int pid);

}  // namespace ocirun
