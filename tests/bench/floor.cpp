// The least that starting a container can take: clone3 with the namespaces of the default configuration, its
// mounts, pivot_root, execve, and waiting for the end. No configuration is read, nothing is recorded, nothing
// is protected, no error is explained: what a runtime takes beyond this is its own.
//
//   floor ROOTFS [CGROUP] COMMAND [ARG...]
//
// CGROUP begins with /sys/fs/cgroup: it is made, entered by the clone and removed again.

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

namespace {

struct Mount {
    const char* type;
    const char* place;
    unsigned long flags;
    const char* data;
};

/// The mounts of `ocirun spec`, in its order.
constexpr Mount mounts[] = {
    {"proc", "proc", 0, ""},
    {"tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"},
    {"devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
    {"tmpfs", "dev/shm", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k"},
    {"mqueue", "dev/mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, ""},
    {"sysfs", "sys", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, ""}};

int fail(const char* what) {
    std::fprintf(stderr, "floor: %s: %s\n", what, std::strerror(errno));
    return 1;
}

/// In the child. Returns only on failure.
int enter(const char* rootfs, char** command) {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return fail("propagation");
    if (::mount(rootfs, rootfs, nullptr, MS_BIND | MS_REC, nullptr) != 0) return fail("bind the root");
    if (::chdir(rootfs) != 0) return fail("chdir");
    for (const Mount& mount : mounts) {
        ::mkdir(mount.place, 0755);
        if (::mount(mount.type, mount.place, mount.type, mount.flags, mount.data) != 0)
            return fail(mount.place);
    }
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return fail("pivot_root");
    if (::umount2(".", MNT_DETACH) != 0) return fail("detach the old root");
    if (::chdir("/") != 0) return fail("chdir /");
    char* environment[] = {nullptr};
    ::execve(command[0], command, environment);
    return fail(command[0]);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fputs("usage: floor ROOTFS [CGROUP] COMMAND [ARG...]\n", stderr);
        return 2;
    }
    const bool with_cgroup = std::string_view(argv[2]).starts_with("/sys/fs/cgroup");
    const char* const cgroup = with_cgroup ? argv[2] : nullptr;
    char** const command = argv + (with_cgroup ? 3 : 2);
    clone_args arguments{};
    arguments.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET;
    arguments.exit_signal = SIGCHLD;
    if (cgroup != nullptr) {
        if (::mkdir(cgroup, 0755) != 0) return fail(cgroup);
        const int directory = ::open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0) return fail(cgroup);
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<__u64>(directory);
    }
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) return fail("clone3");
    if (pid == 0) ::_exit(enter(argv[1], command));
    int status = 0;
    if (::waitpid(static_cast<pid_t>(pid), &status, 0) < 0) return fail("wait");
    if (cgroup != nullptr && ::rmdir(cgroup) != 0) return fail(cgroup);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
