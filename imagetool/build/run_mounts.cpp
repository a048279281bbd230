#include "imagetool/build/run_mounts.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/build/copy_files.hpp"
#include "imagetool/overlay/mount_overlay.hpp"

namespace ocimg::build {

namespace {

using dockerfile::MountType;
using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

Result<void> give_to(BorrowedFd file, const dockerfile::Mount& mount, mode_t usual_mode) {
    const mode_t mode = mount.mode.value_or(usual_mode);
    if (::fchown(file.get(), mount.uid.value_or(0), mount.gid.value_or(0)) != 0)
        return oci::last_system_failure("chown");
    if (::fchmod(file.get(), mode) != 0) return oci::last_system_failure("chmod");
    return {};
}

}  // namespace

Result<std::string> RunMounts::new_place(bool directory) {
    const std::string name = "mount-" + std::to_string(places_++);
    if (directory) {
        TRY(area_.work().make(name));
    } else {
        TRY(oci::open_at(area_.work().fd(), name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    }
    return area_.work().path_of(name);
}

void RunMounts::add_mount(const std::string& source, const std::string& target, bool readonly,
                          bool directory) {
    oci::spec::Mount mount;
    mount.destination = target;
    mount.type = "bind";
    mount.source = source;
    mount.options = {"rbind", "rprivate", "nosuid", "nodev", readonly ? "ro" : "rw"};
    mounts_.push_back(std::move(mount));
    points_.push_back({.path = target, .directory = directory});
}

Result<void> RunMounts::add_text(const std::string& target, const std::string& content, mode_t mode) {
    const std::string name = "file-" + std::to_string(places_++);
    const Fd file = TRY(oci::open_at(area_.work().fd(), name, O_WRONLY | O_CREAT | O_EXCL, 0600));
    TRY(oci::write_all(file, content));
    if (::fchmod(file.get(), mode) != 0) return oci::last_system_failure("chmod");
    add_mount(area_.work().path_of(name), target, true, false);
    return {};
}

Result<void> RunMounts::add_bound(BorrowedFd source, const std::string& target, bool readonly) {
    const struct stat status = TRY(oci::status_of(source));
    const bool directory = S_ISDIR(status.st_mode);
    const std::string place = TRY(new_place(directory));
    attached_.push_back(TRY(bind_at(source, place)));
    add_mount(place, target, readonly, directory);
    return {};
}

/// A writable view whose changes are thrown away.
Result<void> RunMounts::add_discarding(BorrowedFd source, const std::string& target) {
    const struct stat status = TRY(oci::status_of(source));
    if (!S_ISDIR(status.st_mode)) return failure(ErrorCode::invalid, "rw works with directories only");
    const std::string number = std::to_string(places_++);
    const Fd upper = TRY(area_.work().make("discard-" + number, 0755));
    const Fd work = TRY(area_.work().make("discard-work-" + number));
    const Fd original = TRY(oci::open_at(source, ".", O_RDONLY | O_DIRECTORY));
    TRY(copy_attributes(original, upper));
    const std::string place = TRY(new_place(true));
    if (area_.plain_copies()) {
        TRY(copy_directory({.root = original, .name = "the mount"}, ".", upper));
        attached_.push_back(TRY(bind_at(upper, place)));
        add_mount(place, target, false, true);
        return {};
    }
    const OverlayRequest request{.lowers = {original},
                                 .upper = upper,
                                 .work = work,
                                 .attributes = trees_.directories().attributes(),
                                 .is_volatile = true};
    attached_.push_back(TRY(attach_at(TRY(mount_overlay(request)), place)));
    add_mount(place, target, false, true);
    return {};
}

/// The context as COPY would see it: without what the ignore file leaves out.
Result<Fd> RunMounts::filtered_context(const OpenedTree& tree) {
    Fd copy = TRY(area_.work().make("context-" + std::to_string(places_++), 0755));
    TRY(copy_directory(tree.tree(), ".", copy));
    return copy;
}

/// What a mount shows, looked up inside its tree.
Result<Fd> RunMounts::open_source(const RunMount& mount, bool make_missing) {
    OpenedTree tree = TRY(trees_.open(mount.from));
    if (tree.ignore != nullptr) {
        tree.root = TRY(filtered_context(tree));
    } else if (!tree.is_context && !area_.plain_copies()) {
        // A detached mount cannot be bound: it gets a place first.
        const std::string place = TRY(new_place(true));
        if (auto attached = attach_at(tree.root, place)) {
            attached_.push_back(std::move(*attached));
        } else if (mount.from.kind != TreeSource::Kind::nothing) {
            return attached.error();
        }
    }
    const std::string path = oci::clean_path("/" + mount.mount.source);
    if (make_missing) TRY(oci::make_directories_in_root(tree.root, path, 0755));
    auto source = oci::open_in_root(tree.root, path, O_PATH);
    if (!source && source.error().code == ErrorCode::not_found)
        return failure(ErrorCode::not_found,
                       "source " + quote(mount.mount.source) + " is not in " + tree.name);
    return source;
}

Result<void> RunMounts::add_bind(const RunMount& mount) {
    const Fd source = TRY(open_source(mount, false));
    if (mount.mount.readonly) return add_bound(source, mount.mount.target, true);
    return add_discarding(source, mount.mount.target);
}

/// The cache's directory, locked as the mount asks.
Result<Fd> RunMounts::claim_cache(const RunMount& mount, bool& is_new) {
    using dockerfile::CacheSharing;
    for (int copy = 0;; ++copy) {
        const std::string id = copy == 0 ? mount.mount.id : mount.mount.id + "\n" + std::to_string(copy);
        Fd directory = TRY(cache_.open_mount(id, is_new));
        const int kind = mount.mount.sharing == CacheSharing::shared ? LOCK_SH : LOCK_EX;
        const bool waits = mount.mount.sharing != CacheSharing::private_copy;
        while (::flock(directory.get(), kind | (waits ? 0 : LOCK_NB)) != 0) {
            if (errno == EWOULDBLOCK) break;
            if (errno != EINTR) return oci::last_system_failure("lock the cache");
        }
        if (!waits && ::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) continue;
        return directory;
    }
}

Result<void> RunMounts::add_cache(const RunMount& mount) {
    bool is_new = false;
    Fd directory = TRY(claim_cache(mount, is_new));
    if (is_new) {
        if (mount.from.kind != TreeSource::Kind::nothing) {
            const OpenedTree tree = TRY(trees_.open(mount.from));
            const std::string source = mount.mount.source.empty() ? "." : mount.mount.source;
            TRY(copy_directory(tree.tree(), source, directory));
        }
        TRY(give_to(directory, mount.mount, 0755));
    }
    TRY(add_bound(directory, mount.mount.target, mount.mount.readonly));
    locks_.push_back(std::move(directory));
    return {};
}

Result<void> RunMounts::add_tmpfs(const RunMount& mount) {
    oci::spec::Mount made;
    made.destination = mount.mount.target;
    made.type = "tmpfs";
    made.source = "tmpfs";
    made.options = {"nosuid", "nodev", "mode=1777"};
    if (mount.mount.size.has_value()) made.options.push_back("size=" + std::to_string(*mount.mount.size));
    mounts_.push_back(std::move(made));
    points_.push_back({.path = mount.mount.target, .directory = true});
    return {};
}

/// Writes a secret where only memory holds it.
Result<std::string> RunMounts::secret_file(const dockerfile::Mount& mount, const std::string& content) {
    if (secrets_place_.empty()) {
        secrets_place_ = TRY(new_place(true));
        attached_.push_front(TRY(tmpfs_at(secrets_place_)));
    }
    const std::string path = secrets_place_ + "/" + std::to_string(places_++);
    const Fd file = TRY(oci::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600));
    TRY(oci::write_all(file, content));
    TRY(give_to(file, mount, 0400));
    return path;
}

Result<void> RunMounts::add_secret(const RunMount& mount) {
    const std::string id = mount.mount.id.empty() ? mount.mount.source : mount.mount.id;
    const auto found = gifts_.secrets.find(id);
    if (found == gifts_.secrets.end()) {
        if (!mount.mount.required) return {};
        return failure(ErrorCode::not_found,
                       "the secret " + quote(id) + " is required: give it with --secret");
    }
    if (mount.mount.env.has_value()) environment_.push_back(*mount.mount.env + "=" + found->second);
    if (mount.mount.target.empty() && mount.mount.env.has_value()) return {};
    const std::string name = id.substr(id.rfind('/') + 1);
    const std::string target = mount.mount.target.empty() ? "/run/secrets/" + name : mount.mount.target;
    add_mount(TRY(secret_file(mount.mount, found->second)), target, true, false);
    return {};
}

Result<void> RunMounts::add_ssh(const RunMount& mount) {
    const std::string id = mount.mount.id.empty() ? "default" : mount.mount.id;
    const auto found = gifts_.ssh_sockets.find(id);
    if (found == gifts_.ssh_sockets.end()) {
        if (!mount.mount.required) return {};
        return failure(ErrorCode::not_found,
                       "the ssh agent " + quote(id) + " is required: give it with --ssh");
    }
    std::string target = mount.mount.target;
    if (target.empty()) target = "/run/buildkit/ssh_agent." + std::to_string(agents_);
    if (agents_++ == 0) environment_.push_back("SSH_AUTH_SOCK=" + target);
    add_mount(found->second, target, false, false);
    return {};
}

Result<void> RunMounts::add_given(const RunMount& mount) {
    switch (mount.mount.type) {
        case MountType::bind:
            return add_bind(mount);
        case MountType::cache:
            return add_cache(mount);
        case MountType::tmpfs:
            return add_tmpfs(mount);
        case MountType::secret:
            return add_secret(mount);
        case MountType::ssh:
            return add_ssh(mount);
    }
    return {};
}

Result<void> RunMounts::prepare(const RunStep& step, const std::string& resolv_conf) {
    for (const char* directory : {"/proc", "/dev", "/sys"})
        points_.push_back({.path = directory, .directory = true});
    TRY(add_text("/etc/hosts", gifts_.hosts, 0644));
    TRY(add_text("/etc/resolv.conf",
                 step.network == dockerfile::RunNetwork::none ? std::string() : resolv_conf, 0644));
    for (const RunMount& mount : step.mounts)
        TRY(add_given(mount).in("--mount=type=" + std::string(to_text(mount.mount.type))));
    if (step.script.has_value()) TRY(add_text(step.script->path, step.script->content, 0755));
    return {};
}

}  // namespace ocimg::build
