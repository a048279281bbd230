#include "conformance/harness/sandbox.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"
#include "conformance/harness/container.hpp"
#include "conformance/harness/old_kernel.hpp"

namespace conformance {
namespace {

/// Ends the process of a case that came to no verdict.
[[noreturn]] void give_up(int report_fd, const std::string& reason) {
    static_cast<void>(oci::write_all(oci::BorrowedFd(report_fd), "!" + reason + "\n"));
    ::_exit(1);
}

bool kernel_has_cgroup_v2() {
    return read_text("/proc/filesystems").find("cgroup2") != std::string::npos;
}

bool mount_view(View view) {
    // For an ordinary user as well, who has no cgroup in either: some runtimes refuse to look at other trees.
    const bool wants_v2 = view == View::cgroup_v2 || (view == View::rootless && kernel_has_cgroup_v2());
    if (!wants_v2 || is_cgroup_v2()) return true;
    return ::mount("none", "/sys/fs/cgroup", "cgroup2", 0, nullptr) == 0;
}

/// The ordinary user of the rootless view: an id that no account has.
constexpr uid_t ordinary_user = 64321;

/// Becomes the ordinary user, who may not be able to reach the two programs where they lie. False: errno says
/// why.
bool become_ordinary_user(Setting& setting, ToolProfile& tool) {
    const std::string program = setting.work + "/tool";
    const std::string probe = setting.work + "/probe";
    copy_file(setting.probe, probe, 0755);
    if (!write_file(program, "", 0755) ||
        ::mount(tool.program.c_str(), program.c_str(), nullptr, MS_BIND, nullptr) != 0)
        return false;
    tool.program = program;
    setting.probe = probe;
    ::setenv("HOME", setting.work.c_str(), 1);
    return ::chown(setting.work.c_str(), ordinary_user, ordinary_user) == 0 && ::setgroups(0, nullptr) == 0 &&
           ::setresgid(ordinary_user, ordinary_user, ordinary_user) == 0 &&
           ::setresuid(ordinary_user, ordinary_user, ordinary_user) == 0;
}

/// The process that runs the case.
[[noreturn]] void be_worker(const CaseEntry& entry, Setting setting) {
    for (const char* name : {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "XDG_RUNTIME_DIR"})
        ::unsetenv(name);
    if (setting.view == View::old_kernel && !forbid_newer_system_calls())
        give_up(setting.report_fd, "cannot block the newer system calls");
    ToolProfile tool = *setting.tool;
    setting.tool = &tool;
    if (setting.view == View::rootless && !become_ordinary_user(setting, tool))
        give_up(setting.report_fd, std::string("cannot become an ordinary user: ") + std::strerror(errno));
    Case c(setting, entry.name);
    entry.function(c);
    c.finish();
}

/// Process 1 of the case's pid namespace: prepares the world, runs the case below itself, reaps.
[[noreturn]] void be_init(const CaseEntry& entry, const Setting& setting, bool keep) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = setting.report_fd;
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
        give_up(fd, std::string("cannot mount /proc: ") + std::strerror(errno));
    if (!keep && ::mount("tmpfs", setting.work.c_str(), "tmpfs", 0, "mode=0755") != 0)
        give_up(fd, std::string("cannot mount a tmpfs: ") + std::strerror(errno));
    if (!mount_view(setting.view))
        give_up(fd, std::string("cannot mount cgroup v2: ") + std::strerror(errno));
    const pid_t worker = ::fork();
    if (worker == 0) be_worker(entry, setting);
    int status = 0;
    while (true) {
        const pid_t ended = ::waitpid(-1, &status, 0);
        if (ended == worker) break;
        if (ended < 0 && errno == ECHILD) break;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) give_up(fd, "the case itself crashed");
    ::_exit(0);
}

/// The process outside: makes the namespaces, watches the time, removes cgroups when all is over.
[[noreturn]] void supervise(const CaseEntry& entry, const Setting& setting, std::chrono::seconds limit,
                            bool keep) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = setting.report_fd;
    if (::unshare(CLONE_NEWNS | CLONE_NEWPID) != 0)
        give_up(fd, std::string("cannot make namespaces: ") + std::strerror(errno));
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    const pid_t init = ::fork();
    if (init == 0) be_init(entry, setting, keep);
    const oci::Result<oci::Fd> pidfd = oci::open_pidfd(init);
    const bool ended = pidfd && wait_for_exit(*pidfd, limit);
    if (!ended) ::kill(init, SIGKILL);
    ::waitpid(init, nullptr, 0);
    remove_cgroups(setting.name);
    if (!ended) give_up(fd, "no verdict within " + std::to_string(limit.count()) + " s");
    ::_exit(0);
}

/// Removes a directory and the ones below it; cgroup directories hold only files that go with them.
void remove_tree(const std::string& path) {
    if (DIR* directory = ::opendir(path.c_str())) {
        while (const dirent* entry = ::readdir(directory))
            if (entry->d_type == DT_DIR && entry->d_name[0] != '.') remove_tree(path + "/" + entry->d_name);
        ::closedir(directory);
    }
    ::rmdir(path.c_str());
}

/// Why an ordinary user cannot make a user namespace; null when one can.
const char* why_no_user_namespace() {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool made = ::setresgid(ordinary_user, ordinary_user, ordinary_user) == 0 &&
                          ::setresuid(ordinary_user, ordinary_user, ordinary_user) == 0 &&
                          ::unshare(CLONE_NEWUSER) == 0;
        ::_exit(made ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    return status == 0 ? nullptr : "ordinary users may not make user namespaces here";
}

}  // namespace

std::string why_no_view(View view) {
    if (view == View::cgroup_v2 && !kernel_has_cgroup_v2()) return "the kernel has no cgroup v2";
    if (view == View::cgroup_v2 && is_cgroup_v2()) return "the machine's own cgroups are version 2 already";
    if (view == View::rootless && why_no_user_namespace() != nullptr) return why_no_user_namespace();
    return {};
}

oci::Result<RunningCase> start_case(const CaseEntry& entry, Setting setting, std::chrono::seconds limit,
                                    bool keep) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return oci::last_system_failure("pipe2");
    oci::Fd read_end(ends[0]);
    oci::Fd write_end(ends[1]);
    ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(read_end.get(), F_SETPIPE_SZ, 1024 * 1024);
    setting.report_fd = write_end.get();
    TRY(oci::make_directories(setting.work, 0755));
    RunningCase running;
    running.entry = &entry;
    running.view = setting.view;
    running.began = std::chrono::steady_clock::now();
    running.pid = ::fork();
    if (running.pid == 0) supervise(entry, setting, limit, keep);
    if (running.pid < 0) return oci::last_system_failure("fork");
    running.report = Output(std::move(read_end));
    return running;
}

CaseResult collect_case(RunningCase& running) {
    running.report.drain();
    ::waitpid(running.pid, nullptr, 0);
    CaseResult result;
    result.status = Status::failed;
    result.reason = "the case ended without a verdict";
    for (const std::string& line : oci::split(running.report.text(), '\n')) {
        if (line.starts_with('!')) {
            result.status = Status::failed;
            result.reason = line.substr(1);
        } else if (line.starts_with('{')) {
            result = result_from_json(Json::of(line));
        }
    }
    result.name = running.entry->name;
    result.view = view_name(running.view);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - running.began).count();
    return result;
}

void remove_cgroups(const std::string& prefix) {
    for (const std::string& line : oci::split(read_text("/proc/self/mounts"), '\n')) {
        const std::vector<std::string> fields = oci::split(line, ' ');
        if (fields.size() < 3 || !fields[2].starts_with("cgroup")) continue;
        auto directory = oci::open_file(fields[1], O_RDONLY | O_DIRECTORY);
        if (!directory) continue;
        const auto names = oci::list_directory(*directory);
        if (!names) continue;
        for (const std::string& name : *names)
            if (name.starts_with(prefix)) remove_tree(fields[1] + "/" + name);
    }
}

}  // namespace conformance
