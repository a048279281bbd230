#include "runtime/cgroup/freezer_v1.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::BorrowedFd;
using oci::Result;

Result<std::string> read_state(BorrowedFd cgroup) {
    return std::string(oci::trim(TRY(oci::read_file(cgroup, "freezer.state", 64))));
}

}  // namespace

Result<void> freeze_v1(BorrowedFd cgroup, const Deadline& deadline) {
    TRY(oci::write_kernel_file(cgroup, "freezer.state", "FROZEN"));
    std::chrono::milliseconds pause{0};
    for (int attempt = 1;; ++attempt) {
        // Reading the state is what makes the kernel look again.
        if (TRY(read_state(cgroup)) == "FROZEN") return {};
        if (deadline.passed()) break;
        // A process that is being forked can keep a cgroup at FREEZING for good: let it run a moment.
        if (attempt % 8 == 0) {
            TRY(oci::write_kernel_file(cgroup, "freezer.state", "THAWED"));
            pause_briefly(std::chrono::milliseconds{1});
            pause = std::min(pause + std::chrono::milliseconds{2}, std::chrono::milliseconds{20});
        }
        TRY(oci::write_kernel_file(cgroup, "freezer.state", "FROZEN"));
        pause_briefly(pause);
    }
    TRY(oci::write_kernel_file(cgroup, "freezer.state", "THAWED"));
    return oci::failure("freeze the container: the kernel did not freeze every process in time");
}

Result<void> thaw_v1(BorrowedFd cgroup, const Deadline& deadline) {
    TRY(oci::write_kernel_file(cgroup, "freezer.state", "THAWED"));
    while (TRY(read_state(cgroup)) != "THAWED") {
        if (deadline.passed()) return oci::failure("thaw the container: a parent cgroup is frozen");
        pause_briefly(std::chrono::milliseconds{1});
    }
    return {};
}

Result<bool> is_frozen_v1(BorrowedFd cgroup) {
    return TRY(read_state(cgroup)) != "THAWED";
}

}  // namespace ocirun
