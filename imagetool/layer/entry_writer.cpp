#include "imagetool/layer/entry_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg {
namespace {

oci::Error invalid(std::string text) {
    return oci::failure(oci::ErrorCode::invalid, std::move(text));
}

/// Runs `make`, a system call that fails with EEXIST on an existing name, and makes room for it once.
template <class Make>
oci::Result<int> make_replacing(LayerRoot& root, const OpenDirectory& parent, const std::string& name,
                                std::string_view what, Make make) {
    int result = make();
    if (result < 0 && errno == EEXIST) {
        TRY(root.remove(parent, name));
        result = make();
    }
    if (result < 0) return oci::last_system_failure(what);
    return result;
}

timespec as_timespec(const Timestamp& time) {
    return {time.seconds, static_cast<long>(time.nanoseconds)};
}

oci::Result<void> set_xattrs(const XattrTarget& target, const Entry& entry) {
    for (const auto& [name, value] : entry.xattrs) {
        if (!layer_carries_xattr(name)) continue;
        const oci::Result<void> result = target.set(name, value);
        if (result.has_value()) continue;
        // Linux keeps no user attributes on links, devices and fifos; other systems write such layers.
        const bool has_content = entry.kind == EntryKind::file || entry.kind == EntryKind::directory;
        if (!has_content && name.substr(0, 5) == "user.") continue;
        return result.error();
    }
    return {};
}

/// Owner, then mode (chown clears set-user-id), then attributes (chown clears capabilities).
/// Gives the inode.
oci::Result<ino_t> set_metadata(oci::BorrowedFd file, const Entry& entry) {
    const struct stat status = TRY(oci::status_of(file));
    const bool new_owner = status.st_uid != entry.uid || status.st_gid != entry.gid;
    if (new_owner && ::fchown(file.get(), entry.uid, entry.gid) != 0) {
        return oci::last_system_failure("change owner");
    }
    const bool special = (entry.mode & 07000U) != 0;
    if (((status.st_mode & 07777U) != entry.mode || (new_owner && special)) &&
        ::fchmod(file.get(), entry.mode) != 0) {
        return oci::last_system_failure("change mode");
    }
    TRY(set_xattrs(XattrTarget(file), entry));
    return status.st_ino;
}

oci::Result<void> write_content(oci::BorrowedFd file, const Entry& entry, TarReader& reader) {
    std::uint64_t end = 0;
    for (;;) {
        DataPiece piece = TRY(reader.read_data());
        if (piece.bytes.empty()) break;
        while (!piece.bytes.empty()) {
            const ssize_t count = ::pwrite(file.get(), piece.bytes.data(), piece.bytes.size(),
                                           static_cast<off_t>(piece.offset));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return oci::last_system_failure("write");
            piece.bytes = piece.bytes.subspan(static_cast<std::size_t>(count));
            piece.offset += static_cast<std::uint64_t>(count);
        }
        end = piece.offset;
    }
    if (end < entry.size && ::ftruncate(file.get(), static_cast<off_t>(entry.size)) != 0) {
        return oci::last_system_failure("set size");
    }
    return {};
}

/// For what has no descriptor of its own: links and nodes.
oci::Result<void> set_owner_and_time(const OpenDirectory& parent, const std::string& name,
                                     const Entry& entry) {
    if (::fchownat(parent.fd.get(), name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return oci::last_system_failure("change owner");
    }
    const timespec times[2] = {{0, UTIME_OMIT}, as_timespec(entry.mtime)};
    if (::utimensat(parent.fd.get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
        return oci::last_system_failure("set time");
    }
    return {};
}

}  // namespace

oci::Result<void> EntryWriter::write(const Entry& entry, std::uint64_t number, const EntryPath& path,
                                     TarReader& reader) {
    number_ = number;
    if (path.is_root()) return write_root(entry);
    const DirectoryPtr parent = TRY(root_.directory(path.parent, MissingDirectories::make));
    switch (entry.kind) {
        case EntryKind::file:
            TRY(write_file(*parent, path.name, entry, reader));
            break;
        case EntryKind::directory:
            return write_directory(*parent, path, entry);
        case EntryKind::hard_link:
            TRY(write_hard_link(*parent, path.name, entry));
            break;
        case EntryKind::symbolic_link:
            TRY(write_symbolic_link(*parent, path.name, entry));
            break;
        case EntryKind::character_device:
        case EntryKind::block_device:
        case EntryKind::fifo:
            TRY(write_node(*parent, path.name, entry));
            break;
    }
    root_.mark_made(parent->path_of(path.name));
    return {};
}

oci::Result<void> EntryWriter::tell_made(const std::string& path, const Entry& entry, ino_t inode) {
    if (root_.observer() == nullptr) return {};
    return root_.observer()->made(path, entry, number_, inode);
}

oci::Result<void> EntryWriter::write_file(const OpenDirectory& parent, const std::string& name,
                                          const Entry& entry, TarReader& reader) {
    const oci::Fd file(TRY(make_replacing(root_, parent, name, "create", [&] {
        return ::openat(parent.fd.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        entry.mode & 0777U);
    })));
    if (parent.has_default_acl) TRY(XattrTarget(file).clear());
    TRY(write_content(file, entry, reader));
    const ino_t inode = TRY(set_metadata(file, entry));
    const timespec times[2] = {{0, UTIME_OMIT}, as_timespec(entry.mtime)};
    if (::futimens(file.get(), times) != 0) return oci::last_system_failure("set time");
    return tell_made(parent.path_of(name), entry, inode);
}

/// With keep_dirlinks: the directory inside the root that a link in the entry's place leads to.
oci::Result<DirectoryPtr> EntryWriter::open_kept_directory(const OpenDirectory& parent,
                                                           const EntryPath& path) {
    if (!keep_dirlinks_) return DirectoryPtr();
    struct stat status {};
    if (::fstatat(parent.fd.get(), path.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        status.st_mode = TRY(root_.find_lower(parent, path.name)).mode;
    }
    if (!S_ISLNK(status.st_mode)) return DirectoryPtr();
    return root_.directory(path.full(), MissingDirectories::leave);
}

oci::Result<void> EntryWriter::write_directory(const OpenDirectory& parent, const EntryPath& path,
                                               const Entry& entry) {
    DirectoryPtr directory = TRY(open_kept_directory(parent, path));
    bool existed = directory != nullptr;
    bool replaced = false;
    if (directory == nullptr) {
        const auto open_existing = [&] {
            return ::openat(parent.fd.get(), path.name.c_str(),
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        };
        oci::Fd fd;
        if (::mkdirat(parent.fd.get(), path.name.c_str(), entry.mode & 0777U) != 0) {
            if (errno != EEXIST) return oci::last_system_failure("make directory");
            fd = oci::Fd(open_existing());
            existed = fd.is_open();
            if (!existed) {
                TRY(root_.remove(parent, path.name));
                replaced = true;
                if (::mkdirat(parent.fd.get(), path.name.c_str(), entry.mode & 0777U) != 0) {
                    return oci::last_system_failure("make directory");
                }
            }
        }
        if (!fd.is_open()) fd = oci::Fd(open_existing());
        if (!fd.is_open()) return oci::last_system_failure("open directory");
        directory = TRY(root_.adopt(std::move(fd), parent.path_of(path.name)));
    }
    if (replaced) TRY(root_.hide_lower(*directory));
    if (existed || parent.has_default_acl) TRY(XattrTarget(directory->fd).clear());
    const ino_t inode = TRY(set_metadata(directory->fd, entry));
    TRY(tell_made(directory->path, entry, inode));
    root_.set_directory_time(directory->path, entry.mtime);
    root_.mark_made(directory->path);
    if (entry.xattrs.contains("system.posix_acl_default")) return root_.refresh(directory->path);
    root_.remember(path.full(), directory);
    return {};
}

oci::Result<void> EntryWriter::write_root(const Entry& entry) {
    if (entry.kind != EntryKind::directory) return invalid("the root can only be a directory");
    const DirectoryPtr root = root_.root();
    TRY(XattrTarget(root->fd).clear());
    TRY(tell_made("", entry, TRY(set_metadata(root->fd, entry))));
    root_.set_directory_time(root->path, entry.mtime);
    return root_.refresh(root->path);
}

/// lstat of what a hard link names; what only the lower layers have is copied up first. False: not there.
oci::Result<bool> EntryWriter::status_of_link_target(const OpenDirectory& holder, const std::string& name,
                                                     struct stat& status) {
    if (::fstatat(holder.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
    const LowerFile lower = TRY(root_.find_lower(holder, name));
    if (!lower.is_there()) return false;
    status.st_mode = lower.mode;
    if (S_ISDIR(lower.mode)) return true;
    TRY(root_.copy_up(holder, name));
    return ::fstatat(holder.fd.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

oci::Result<void> EntryWriter::write_hard_link(const OpenDirectory& parent, const std::string& name,
                                               const Entry& entry) {
    const std::string what = "hard link to " + oci::quote(entry.link_target);
    const EntryPath target = TRY(entry_path(entry.link_target).in(what));
    if (target.is_root()) return invalid(what + ": it is the root directory");
    const DirectoryPtr holder = TRY(root_.directory(target.parent, MissingDirectories::leave).in(what));
    struct stat status {};
    if (holder == nullptr || !TRY(status_of_link_target(*holder, target.name, status)) ||
        is_overlay_whiteout(status)) {
        return oci::failure(oci::ErrorCode::not_found, what + ": it is not in the root file system");
    }
    if (S_ISDIR(status.st_mode)) return invalid(what + ": it is a directory");
    if (holder->path_of(target.name) == parent.path_of(name)) return {};  // itself: nothing to do
    TRY(make_replacing(root_, parent, name, what, [&] {
        return ::linkat(holder->fd.get(), target.name.c_str(), parent.fd.get(), name.c_str(), 0);
    }));
    if (root_.observer() == nullptr) return {};
    return root_.observer()->linked(parent.path_of(name), holder->path_of(target.name), status.st_ino);
}

oci::Result<void> EntryWriter::write_symbolic_link(const OpenDirectory& parent, const std::string& name,
                                                   const Entry& entry) {
    if (entry.link_target.find('\0') != std::string::npos) return invalid("its target holds a NUL byte");
    TRY(make_replacing(root_, parent, name, "make symbolic link", [&] {
        return ::symlinkat(entry.link_target.c_str(), parent.fd.get(), name.c_str());
    }));
    TRY(set_owner_and_time(parent, name, entry));
    TRY(tell_made(parent.path_of(name), entry, 0));
    return entry.xattrs.empty() ? oci::Result<void>() : set_xattrs(XattrTarget(parent.fd, name), entry);
}

oci::Result<void> EntryWriter::write_node(const OpenDirectory& parent, const std::string& name,
                                          const Entry& entry) {
    const bool character = entry.kind == EntryKind::character_device;
    if (character && entry.device_major == 0 && entry.device_minor == 0) {
        return invalid("character device 0:0 is refused: overlay file systems take it for a whiteout");
    }
    const mode_t kind = entry.kind == EntryKind::fifo ? S_IFIFO : character ? S_IFCHR : S_IFBLK;
    const dev_t device =
        entry.kind == EntryKind::fifo ? 0 : ::makedev(entry.device_major, entry.device_minor);
    TRY(make_replacing(root_, parent, name, "make device node or fifo", [&] {
        return ::mknodat(parent.fd.get(), name.c_str(), kind | (entry.mode & 0777U), device);
    }));
    if (parent.has_default_acl) TRY(XattrTarget(parent.fd, name).clear());
    TRY(set_owner_and_time(parent, name, entry));
    // A node cannot be opened without side effects: its mode is changed through an O_PATH descriptor.
    const oci::Fd node = TRY(oci::open_at(parent.fd, name, O_PATH | O_NOFOLLOW));
    const struct stat status = TRY(oci::status_of(node));
    if ((status.st_mode & S_IFMT) != kind) return invalid("it was replaced while it was made");
    const std::string path = "/proc/self/fd/" + std::to_string(node.get());
    if ((status.st_mode & 07777U) != entry.mode && ::chmod(path.c_str(), entry.mode) != 0) {
        return oci::last_system_failure("change mode");
    }
    TRY(tell_made(parent.path_of(name), entry, 0));
    return entry.xattrs.empty() ? oci::Result<void>() : set_xattrs(XattrTarget(parent.fd, name), entry);
}

}  // namespace ocimg
