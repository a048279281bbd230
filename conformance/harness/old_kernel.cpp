#include "conformance/harness/old_kernel.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace conformance {
namespace {

// Numbers that are the same on every architecture, as calls since Linux 5.2 are: open_tree, move_mount,
// fsopen, fsconfig, fsmount, fspick, clone3, close_range, openat2, faccessat2, mount_setattr, statmount,
// listmount.
constexpr unsigned newer_calls[] = {428, 429, 430, 431, 432, 433, 435, 436, 437, 439, 442, 457, 458};

}  // namespace

bool forbid_newer_system_calls() {
    std::vector<sock_filter> filter;
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    for (const unsigned call : newer_calls) {
        filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace conformance
