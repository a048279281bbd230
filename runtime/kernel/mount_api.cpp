#include "runtime/kernel/mount_api.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.hpp"
#include "runtime/kernel/remount.hpp"

namespace ocirun::kernel {

using oci::BorrowedFd;
using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

const char* or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

/// The messages that a filesystem context has logged ("e tmpfs: Bad value for 'size'"), in brackets.
std::string context_log(BorrowedFd context) {
    std::string log;
    std::array<char, 512> line{};
    for (int count = 0; count < 8; ++count) {
        const ssize_t length = ::read(context.get(), line.data(), line.size());
        if (length <= 0) break;
        std::string_view text = oci::trim(std::string_view(line.data(), static_cast<std::size_t>(length)));
        if (text.size() > 2 && text[1] == ' ') text.remove_prefix(2);
        log += (log.empty() ? "" : "; ") + std::string(text);
    }
    return log.empty() ? log : " (" + log + ")";
}

}  // namespace

Result<void> mount(const std::string& source, const std::string& target, const std::string& type,
                   unsigned long flags, const std::string& data) {
    if (::mount(or_null(source), target.c_str(), or_null(type), flags, or_null(data)) != 0) {
        return last_system_failure("mount");
    }
    return {};
}

Result<void> unmount(const std::string& target, int flags) {
    if (::umount2(target.c_str(), flags) != 0) return last_system_failure("unmount " + target);
    return {};
}

Result<void> pivot_root(const std::string& new_root, const std::string& put_old) {
    if (::syscall(SYS_pivot_root, new_root.c_str(), put_old.c_str()) != 0)
        return last_system_failure("pivot_root");
    return {};
}

Result<Fd> open_tree(BorrowedFd directory, const std::string& path, unsigned flags) {
    const int number = ::open_tree(directory.get(), path.c_str(), flags | OPEN_TREE_CLOEXEC);
    if (number < 0) return last_system_failure(path.empty() ? std::string("open_tree") : path);
    return Fd(number);
}

Result<void> attach_mount(BorrowedFd from, BorrowedFd to) {
    if (::move_mount(from.get(), "", to.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
        return last_system_failure("move_mount");
    }
    return {};
}

Result<void> change_attributes(BorrowedFd mount, const AttributeChange& change) {
    mount_attr attributes{};
    attributes.attr_set = change.set;
    attributes.attr_clr = change.clear;
    attributes.propagation = change.propagation;
    attributes.userns_fd = change.user_namespace;
    const unsigned flags =
        static_cast<unsigned>(AT_EMPTY_PATH) | (change.recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
    if (::mount_setattr(mount.get(), "", flags, &attributes, sizeof attributes) == 0) return {};
    if (errno == ENOSYS) return change_by_remount(mount, change);
    return last_system_failure("mount_setattr");
}

Result<Fd> open_filesystem(const std::string& type) {
    const int number = ::fsopen(type.c_str(), FSOPEN_CLOEXEC);
    if (number < 0) return last_system_failure("filesystem type " + oci::quote(type));
    return Fd(number);
}

Result<void> set_option(BorrowedFd context, const std::string& key, const char* value) {
    const auto command = static_cast<unsigned>(value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING);
    if (::fsconfig(context.get(), command, key.c_str(), value, 0) != 0) {
        const int error = errno;
        return oci::system_failure(error, "option " + oci::quote(key) + context_log(context));
    }
    return {};
}

Result<Fd> create_mount(BorrowedFd context, std::uint64_t attributes) {
    if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
        const int error = errno;
        return oci::system_failure(error, "create filesystem" + context_log(context));
    }
    const int number = ::fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes));
    if (number < 0) {
        const int error = errno;
        return oci::system_failure(error, "fsmount" + context_log(context));
    }
    return Fd(number);
}

}  // namespace ocirun::kernel
