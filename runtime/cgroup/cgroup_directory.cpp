#include "runtime/cgroup/cgroup_directory.hpp"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

Deadline::Deadline(std::chrono::milliseconds from_now) : end_(std::chrono::steady_clock::now() + from_now) {}

bool Deadline::passed() const {
    return left().count() == 0;
}

std::chrono::milliseconds Deadline::left() const {
    const auto rest =
        std::chrono::duration_cast<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
    return std::max(rest, std::chrono::milliseconds{0});
}

void pause_briefly(std::chrono::milliseconds length) {
    ::poll(nullptr, 0, static_cast<int>(length.count()));
}

Result<Fd> open_cgroup(const std::string& path) {
    return oci::open_file(path, O_RDONLY | O_DIRECTORY);
}

Result<std::string> find_tree_root(const std::string& path) {
    std::string root;
    dev_t device = 0;
    for (std::string at = path; !at.empty(); at = at.substr(0, at.rfind('/'))) {
        struct stat status {};
        if (::stat(at.c_str(), &status) != 0) {
            if (errno == ENOENT && root.empty()) continue;
            return oci::last_system_failure("look at " + at);
        }
        if (root.empty())
            device = status.st_dev;
        else if (status.st_dev != device)
            break;
        root = at;
    }
    return root;
}

std::vector<std::string> steps_between(const std::string& root, const std::string& path) {
    std::vector<std::string> steps;
    for (std::string at = path; at.size() > root.size(); at = at.substr(0, at.rfind('/')))
        steps.push_back(at);
    std::reverse(steps.begin(), steps.end());
    return steps;
}

Result<void> make_cgroup(const std::string& path, bool& made) {
    made = ::mkdir(path.c_str(), 0755) == 0;
    if (!made && errno != EEXIST) return oci::last_system_failure("create cgroup " + path);
    return {};
}

std::map<std::string, unsigned long> parse_keyed(std::string_view text) {
    std::map<std::string, unsigned long> values;
    for (const std::string& line : oci::split(text, '\n')) {
        const std::vector<std::string> parts = oci::words(line);
        if (parts.size() != 2) continue;
        if (const auto number = oci::parse_integer<unsigned long>(parts[1])) values[parts[0]] = *number;
    }
    return values;
}

Result<std::map<std::string, unsigned long>> read_keyed(BorrowedFd directory, const std::string& file) {
    return parse_keyed(TRY(oci::read_file(directory, file, 64UL * 1024)));
}

Result<bool> wait_for_event(BorrowedFd directory, const std::string& key, unsigned long value,
                            const Deadline& deadline) {
    const Fd events = TRY(oci::open_at(directory, "cgroup.events", O_RDONLY));
    for (;;) {
        if (::lseek(events.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("rewind cgroup.events");
        const auto values = parse_keyed(TRY(oci::read_all(events, 64UL * 1024)));
        const auto found = values.find(key);
        if (found != values.end() && found->second == value) return true;
        if (deadline.passed()) return false;
        pollfd change{.fd = events.get(), .events = POLLPRI, .revents = 0};
        if (::poll(&change, 1, static_cast<int>(deadline.left().count())) < 0 && errno != EINTR)
            return oci::last_system_failure("wait for cgroup.events");
    }
}

Result<std::vector<pid_t>> read_processes(BorrowedFd directory) {
    const auto text = oci::read_file(directory, "cgroup.procs", 16UL * 1024 * 1024);
    std::vector<pid_t> processes;
    if (!text) {
        const int number = text.error().system_errno;
        if (number == ENOENT || number == ENODEV) return processes;  // removed meanwhile
        // A threaded cgroup lists its processes at the top of its domain only.
        if (number == EOPNOTSUPP) return processes;
        return text.error();
    }
    for (const std::string& line : oci::split(*text, '\n')) {
        // 0 stands for a process outside this pid namespace; as a pid it would mean ourselves.
        const auto pid = oci::parse_integer<pid_t>(line);
        if (pid && *pid > 0) processes.push_back(*pid);
    }
    return processes;
}

Result<std::vector<pid_t>> read_processes_below(const std::string& path) {
    std::vector<pid_t> processes;
    const auto top = open_cgroup(path);
    if (!top) {
        if (top.error().system_errno == ENOENT) return processes;
        return top.error();
    }
    TRY(visit_cgroups(*top, [&](BorrowedFd directory) -> Result<void> {
        const std::vector<pid_t> here = TRY(read_processes(directory));
        processes.insert(processes.end(), here.begin(), here.end());
        return {};
    }));
    return processes;
}

Result<void> signal_processes(const std::vector<pid_t>& processes, int signal) {
    for (const pid_t process : processes)
        if (::kill(process, signal) != 0 && errno != ESRCH)
            return oci::last_system_failure("signal process " + std::to_string(process));
    return {};
}

}  // namespace ocirun
