#include "imagetool/build/default_seccomp.hpp"

#include <cerrno>

#include "base/text.hpp"

namespace ocimg::build {

namespace {

using oci::spec::Seccomp;
using oci::spec::SeccompArg;
using oci::spec::SeccompSyscall;

/// What every container may call: moby profiles/seccomp, the rule without conditions, and the rules whose
/// conditions hold for the default capabilities on kernels from 4.8 on.
constexpr std::string_view allowed_calls =
    "_llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod "
    "chown chown32 chroot clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime "
    "clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat "
    "dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
    "epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 "
    "fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl "
    "fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 "
    "fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv "
    "futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid "
    "getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid "
    "getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit "
    "getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr "
    "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents "
    "io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill "
    "landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link "
    "linkat listen listxattr llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise "
    "map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock "
    "mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive "
    "mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv "
    "msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open openat openat2 "
    "pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll "
    "ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv "
    "process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink "
    "readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr rename "
    "renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask "
    "rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo "
    "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
    "sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr "
    "sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop "
    "semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area "
    "set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 "
    "setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 "
    "setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr shmat shmctl shmdt shmget "
    "shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 "
    "statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time "
    "timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
    "timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 "
    "times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat "
    "utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev";

struct Processor {
    std::string_view architecture;  // Go's name
    std::string_view filters;       // the ABIs that its kernels run
    std::string_view more_calls;
};

constexpr Processor processors[] = {
    {"amd64", "SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32", "arch_prctl modify_ldt"},
    {"386", "SCMP_ARCH_X86", "arch_prctl modify_ldt"},
    {"arm64", "SCMP_ARCH_AARCH64 SCMP_ARCH_ARM",
     "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"},
    {"arm", "SCMP_ARCH_ARM",
     "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"},
    {"riscv64", "SCMP_ARCH_RISCV64", "riscv_flush_icache"},
    {"ppc64le", "SCMP_ARCH_PPC64LE", "sync_file_range2 swapcontext"},
    {"s390x", "SCMP_ARCH_S390X SCMP_ARCH_S390", "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"},
};

SeccompSyscall allow(std::string_view names, std::vector<SeccompArg> args = {}) {
    SeccompSyscall rule;
    rule.names = oci::words(names);
    rule.action = "SCMP_ACT_ALLOW";
    rule.args = std::move(args);
    return rule;
}

SeccompArg argument(std::uint64_t value, const char* op, std::uint64_t value_two = 0) {
    return {.index = 0, .value = value, .value_two = value_two, .op = op};
}

}  // namespace

Seccomp default_seccomp(std::string_view architecture) {
    Seccomp filter;
    filter.default_action = "SCMP_ACT_ERRNO";
    filter.default_errno_ret = EPERM;
    filter.syscalls.push_back(allow(allowed_calls));
    // No sockets of the hypervisor (AF_VSOCK is 40).
    filter.syscalls.push_back(allow("socket", {argument(40, "SCMP_CMP_NE")}));
    for (const std::uint64_t persona : {0x0U, 0x8U, 0x20000U, 0x20008U, 0xffffffffU})
        filter.syscalls.push_back(allow("personality", {argument(persona, "SCMP_CMP_EQ")}));
    // clone without any of the flags that make namespaces; clone3 hides its flags in memory, and ENOSYS
    // makes the C library fall back to clone.
    filter.syscalls.push_back(allow("clone", {argument(0x7e020000U, "SCMP_CMP_MASKED_EQ")}));
    SeccompSyscall clone3;
    clone3.names = {"clone3"};
    clone3.action = "SCMP_ACT_ERRNO";
    clone3.errno_ret = ENOSYS;
    filter.syscalls.push_back(clone3);
    for (const Processor& processor : processors) {
        if (processor.architecture != architecture) continue;
        filter.architectures = oci::words(processor.filters);
        filter.syscalls.push_back(allow(processor.more_calls));
    }
    return filter;
}

}  // namespace ocimg::build
