#include "imagetool/build/build_sandbox.hpp"

#include <poll.h>
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
#include <cstdlib>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/process.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/bundle/user_namespace.hpp"
#include "imagetool/store/image_place.hpp"

namespace ocimg::build {

namespace {

/// The sandbox's own view: mounts do not spread to the host, /proc shows the new pid namespace.
oci::Result<void> prepare_sandbox() {
    if (::unshare(CLONE_NEWNS) != 0) return oci::last_system_failure("make private mounts for the build");
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
    oci::forget_interruptions();
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

/// Until the child has ended or the user gives up.
oci::Result<void> wait_for_end(oci::BorrowedFd child) {
    struct pollfd end {
        .fd = child.get(), .events = POLLIN, .revents = 0
    };
    constexpr int look_again = 500;  // a signal may come right before poll
    while (::poll(&end, 1, look_again) <= 0) TRY(oci::check_interruption());
    return {};
}

}  // namespace

oci::Result<bool> become_root(const std::function<void(const std::string&)>& warn) {
    const OwnIds own = TRY(look_up_own_ids());
    if (own.uid == 0) return !own.has_all_ids;
    // Names of places depend on who one is; they must not change with the namespace.
    ::setenv("OCIMG_STORE", TRY(default_store_path()).c_str(), 1);  // NOLINT(concurrency-mt-unsafe): alone
    ::setenv("OCIMG_CACHE", TRY(default_cache_path()).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    const IdMaps maps = TRY(plan_subordinate_ids(own));
    if (maps.uids.size() == 1)
        warn(
            "all files belong to one user: other owners need newuidmap (package uidmap) and a range in "
            "/etc/subuid and /etc/subgid");
    TRY(enter_user_namespace(maps, own));
    return true;
}

oci::Result<int> run_in_build_sandbox(const std::function<int()>& work) {
    if (::unshare(CLONE_NEWPID) != 0)
        return oci::last_system_failure("make a private pid namespace for the build");
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return oci::last_system_failure("fork");
    if (child == 0) run_child(parent, work);
    oci::Result<void> ended;
    if (const auto pidfd = oci::open_pidfd(child); pidfd && pidfd->is_open()) ended = wait_for_end(*pidfd);
    if (!ended) ::kill(child, SIGKILL);  // process 1 of its namespace: all others go with it
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return oci::last_system_failure("wait for the build");
    }
    TRY(ended);
    return oci::exit_status_from_wait(status).shell_code();
}

}  // namespace ocimg::build
