#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/walk_files.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

Result<std::uint64_t> size_of_tree(BorrowedFd directory) {
    std::uint64_t size = 0;
    TRY(walk_files(directory, {}, [&](const VisitedFile& file) -> Result<void> {
        if (S_ISREG(file.status.st_mode)) size += static_cast<std::uint64_t>(file.status.st_size);
        return {};
    }));
    return size;
}

/// Removes the cgroups of a container whose build was killed: runtimes make them where they like, so they
/// are looked for by name. False: one still holds processes.
bool remove_cgroups(BorrowedFd directory, const std::string& name, int depth) {
    const auto names = oci::list_directory(directory);
    if (!names || depth == 0) return true;
    bool all_gone = true;
    for (const std::string& entry : *names) {
        const auto inner = oci::open_at(directory, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!inner) continue;
        all_gone = remove_cgroups(*inner, name, depth - 1) && all_gone;
        if (entry == name && ::unlinkat(directory.get(), entry.c_str(), AT_REMOVEDIR) != 0)
            all_gone = all_gone && errno != EBUSY;
    }
    return all_gone;
}

/// The same, with patience: processes that were just killed take a moment to be gone.
bool wait_for_cgroups(const std::string& name) {
    const auto cgroups = oci::open_file("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY);
    if (!cgroups) return true;
    constexpr int most_tries = 50;
    for (int tries = 0; tries < most_tries; ++tries) {
        if (remove_cgroups(*cgroups, name, 8)) return true;
        static_cast<void>(::poll(nullptr, 0, 20));  // nothing tells when a cgroup becomes empty (v1)
    }
    return false;
}

}  // namespace

Result<void> BuildCache::remove_leftovers() const {
    const Fd work = TRY(oci::open_at(root_, "work", O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(oci::list_directory(work))) {
        const auto directory = oci::open_at(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!directory || ::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) continue;
        // The directory's name is all that is known of the container: it stays as long as its cgroups do.
        if (wait_for_cgroups("ocimg-" + name)) {
            TRY(oci::remove_tree(work, name));
            continue;
        }
        for (const std::string& inner : TRY(oci::list_directory(*directory)))
            TRY(oci::remove_tree(*directory, inner));
    }
    return {};
}

Result<std::vector<CacheEntry>> BuildCache::list() const {
    std::vector<CacheEntry> entries;
    const auto add = [&](const char* kind, const std::string& name, const std::string& stamp,
                         const std::string& files) -> Result<void> {
        const auto status = oci::status_at(root_, stamp);
        const auto directory = oci::open_at(root_, files, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!status || !directory) return {};  // gone meanwhile, or a record without files of its own
        entries.push_back({kind, name, TRY(size_of_tree(*directory)), status->st_mtim.tv_sec});
        return {};
    };
    const Fd steps = TRY(oci::open_at(root_, "steps", O_RDONLY | O_DIRECTORY));
    for (const std::string& key : TRY(oci::list_directory(steps)))
        TRY(add("step", key, "steps/" + key, "layers/" + key));
    const Fd mounts = TRY(oci::open_at(root_, "mounts", O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(oci::list_directory(mounts)))
        TRY(add("mount", name, "mounts/" + name, "mounts/" + name));
    std::sort(entries.begin(), entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
        return std::tie(a.last_used, a.name) < std::tie(b.last_used, b.name);
    });
    return entries;
}

Result<std::vector<CacheEntry>> BuildCache::prune(std::int64_t before) const {
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return oci::last_system_failure("lock the build cache");
        return oci::failure(oci::ErrorCode::wrong_state,
                            "a build is running: prune the cache when it is done");
    }
    std::vector<CacheEntry> removed;
    for (CacheEntry& entry : TRY(list())) {
        if (entry.last_used >= before) continue;
        // The record first: a step without files would only be done again.
        if (entry.kind == "step") TRY(oci::remove_file(root_, "steps/" + entry.name));
        TRY(oci::remove_tree(
            TRY(oci::open_at(root_, entry.kind == "step" ? "layers" : "mounts", O_RDONLY | O_DIRECTORY)),
            entry.name));
        removed.push_back(std::move(entry));
    }
    TRY(remove_orphans());
    return removed;
}

/// Records that lead to files that are gone, and files that no record leads to.
Result<void> BuildCache::remove_orphans() const {
    const Fd steps = TRY(oci::open_at(root_, "steps", O_RDONLY | O_DIRECTORY));
    for (const std::string& key : TRY(oci::list_directory(steps))) {
        const auto record = find_quietly(key);
        const std::string& owner = record && !record->same_as.empty() ? record->same_as : key;
        if (!record || !open_layer(owner).is_open()) TRY(oci::remove_file(steps, key));
    }
    const Fd layers = TRY(oci::open_at(root_, "layers", O_RDONLY | O_DIRECTORY));
    for (const std::string& key : TRY(oci::list_directory(layers)))
        if (!oci::exists_at(steps, key)) TRY(oci::remove_tree(layers, key));
    return {};
}

}  // namespace ocimg::build
