#include "imagetool/build/build_sandbox.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "base/file.hpp"
#include "base/process.hpp"

namespace ocimg::build {

namespace {

/// The sandbox's own view: mounts do not spread to the host, /proc shows the new pid namespace.
oci::Result<void> prepare_sandbox() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return oci::last_system_failure("make the mounts private");
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
        return oci::last_system_failure("mount /proc");
    return {};
}

/// Layers may be deeper than the usual soft limit of open files.
void raise_open_files() {
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // less is enough for most images
}

[[noreturn]] void run_child(pid_t parent, const std::function<int()>& work) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have died before the line above; its pid is not visible from here.
    if (::getppid() != 0 && ::getppid() != parent) ::_exit(1);
    if (const auto prepared = prepare_sandbox(); !prepared) {
        std::fprintf(stderr, "ocimg: %s\n", prepared.error().text.c_str());
        ::_exit(1);
    }
    ::umask(022);  // whatever the caller has: containers inherit it
    raise_open_files();
    const int code = work();
    std::fflush(nullptr);
    ::_exit(code);
}

}  // namespace

oci::Result<int> run_in_build_sandbox(const std::function<int()>& work) {
    if (::unshare(CLONE_NEWNS | CLONE_NEWPID) != 0)
        return oci::last_system_failure("make private mount and pid namespaces for the build");
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return oci::last_system_failure("fork");
    if (child == 0) run_child(parent, work);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return oci::last_system_failure("wait for the build");
    }
    return oci::exit_status_from_wait(status).shell_code();
}

}  // namespace ocimg::build
