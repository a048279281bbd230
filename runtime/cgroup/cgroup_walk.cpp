// Walking and removing trees of cgroups with one descriptor, however deep a container made them.

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"

namespace ocirun {
namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

/// The names of the sub-cgroups. A cgroup that is gone has none.
std::vector<std::string> list_children(BorrowedFd directory) {
    std::vector<std::string> names;
    const int number = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (number < 0) return names;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(number), ::closedir);
    if (stream == nullptr) return names;
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

struct Level {
    std::string name;                   // of this cgroup in its parent; empty at the top
    std::vector<std::string> children;  // not yet visited
};

using Enter = std::function<Result<void>(BorrowedFd)>;
using Leave = std::function<Result<void>(BorrowedFd parent, const std::string& name)>;

/// Depth first. `leave` is called after the cgroups below `name` have been left.
Result<void> walk(BorrowedFd top, const Enter& enter, const Leave& leave) {
    Fd here = TRY(oci::duplicate(top));
    TRY(enter(here));
    std::vector<Level> levels;
    levels.push_back({.name = "", .children = list_children(here)});
    for (;;) {
        Level& level = levels.back();
        if (!level.children.empty()) {
            const std::string child = std::move(level.children.back());
            level.children.pop_back();
            auto opened = oci::open_at(here, child, O_RDONLY | O_DIRECTORY);
            if (!opened) {
                if (opened.error().system_errno == ENOENT) continue;
                return opened.error();
            }
            here = std::move(opened).value();
            TRY(enter(here));
            levels.push_back({.name = child, .children = list_children(here)});
            continue;
        }
        if (levels.size() == 1) return {};
        // A cgroup cannot move to another parent, so ".." is the one we came from.
        here = TRY(oci::open_at(here, "..", O_RDONLY | O_DIRECTORY));
        TRY(leave(here, level.name));
        levels.pop_back();
    }
}

/// rmdir; false while the kernel says that the cgroup is in use.
Result<bool> try_to_remove(int parent, const std::string& path) {
    if (::unlinkat(parent, path.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV)
        return true;
    if (errno == EBUSY) return false;
    return oci::last_system_failure("remove cgroup " + path);
}

Result<bool> try_to_remove_tree(const std::string& path) {
    if (TRY(try_to_remove(AT_FDCWD, path))) return true;
    const auto top = open_cgroup(path);
    if (!top) {
        if (top.error().system_errno == ENOENT) return true;
        return top.error();
    }
    TRY(walk(
        *top, [](BorrowedFd) -> Result<void> { return {}; },
        [](BorrowedFd parent, const std::string& name) -> Result<void> {
            TRY(try_to_remove(parent.get(), name));
            return {};
        }));
    return try_to_remove(AT_FDCWD, path);
}

/// Waits for the processes to leave: by event on v2, for a moment on v1, which announces nothing.
void wait_for_emptiness(const std::string& path, const Deadline& deadline, std::chrono::milliseconds pause) {
    if (const auto directory = open_cgroup(path))
        if (oci::exists_at(*directory, "cgroup.events"))
            (void)wait_for_event(*directory, "populated", 0, deadline);
    pause_briefly(pause);
}

}  // namespace

Result<void> visit_cgroups(BorrowedFd top, const std::function<Result<void>(BorrowedFd)>& visit) {
    return walk(top, visit, [](BorrowedFd, const std::string&) -> Result<void> { return {}; });
}

Result<void> remove_cgroup(const std::string& path, const Deadline& deadline) {
    std::chrono::milliseconds pause{1};
    for (;;) {
        if (TRY(try_to_remove_tree(path))) return {};
        if (deadline.passed()) break;
        wait_for_emptiness(path, deadline, pause);
        pause = std::min(pause * 2, std::chrono::milliseconds{50});
    }
    const std::vector<pid_t> processes = TRY(read_processes_below(path));
    return oci::failure(oci::ErrorCode::wrong_state,
                        "remove cgroup " + path + ": still in use after " +
                            std::to_string(cgroup_patience.count() / 1000) + " seconds by " +
                            oci::count_of(processes.size(), "process") +
                            (processes.empty() ? "" : ", first pid " + std::to_string(processes.front())));
}

Result<void> remove_recorded(const std::vector<std::string>& recorded,
                             const std::vector<std::string>& leaves) {
    std::vector<std::string> deepest_first = recorded;
    std::stable_sort(deepest_first.begin(), deepest_first.end(),
                     [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
    const Deadline deadline(cgroup_patience);
    for (const std::string& path : deepest_first) {
        if (std::find(leaves.begin(), leaves.end(), path) != leaves.end())
            TRY(remove_cgroup(path, deadline));
        else
            // A parent that other containers use by now stays; so does one that is gone or not ours.
            (void)::rmdir(path.c_str());
    }
    return {};
}

}  // namespace ocirun
