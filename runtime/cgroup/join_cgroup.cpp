#include "runtime/cgroup/join_cgroup.hpp"

#include <cerrno>

#include "base/file.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"

namespace ocirun {

oci::Result<void> join_cgroup(const std::string& directory, pid_t pid) {
    const oci::Fd cgroup = TRY(open_cgroup(directory));
    const std::string number = std::to_string(pid);
    auto done = oci::write_kernel_file(cgroup, "cgroup.procs", number);
    // EINVAL: the kernel is still setting up the new task for its scheduler.
    for (int attempt = 0; !done && done.error().system_errno == EINVAL && attempt < 5; ++attempt) {
        pause_briefly(std::chrono::milliseconds{30});
        done = oci::write_kernel_file(cgroup, "cgroup.procs", number);
    }
    if (done) return {};
    oci::Error error = done.error();
    error.text = "error adding pid " + number + " to cgroups: " + directory + ": " +
                 oci::errno_text(error.system_errno);
    return error;
}

}  // namespace ocirun
