#include "runtime/cgroup/delegate_cgroup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {

oci::Result<void> delegate_cgroup(oci::BorrowedFd cgroup, std::uint32_t uid, std::uint32_t gid) {
    if (::fchownat(cgroup.get(), "", uid, gid, AT_EMPTY_PATH) != 0)
        return oci::last_system_failure("change the owner of the cgroup to " + std::to_string(uid));
    std::vector<std::string> files = {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"};
    if (const auto listed = oci::read_kernel_file("/sys/kernel/cgroup/delegate"))
        files = oci::split(oci::trim(*listed), '\n');
    for (const std::string& file : files) {
        if (file.empty() || file.find('/') != std::string::npos) continue;
        if (::fchownat(cgroup.get(), file.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT)
            return oci::last_system_failure("change the owner of " + file + " to " + std::to_string(uid));
    }
    return {};
}

}  // namespace ocirun
