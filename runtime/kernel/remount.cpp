#include "runtime/kernel/remount.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun::kernel {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr unsigned long flag_nosymfollow = 256;    // MS_NOSYMFOLLOW
constexpr unsigned long state_nosymfollow = 8192;  // ST_NOSYMFOLLOW of the kernel
constexpr unsigned long state_relatime = 4096;     // ST_RELATIME
constexpr unsigned long every_atime = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;

/// One property of a mount as statfs(2) tells it, as mount_setattr(2) names it, as mount(2) takes it.
struct Property {
    unsigned long state;
    std::uint64_t attribute;
    unsigned long flag;
};
constexpr Property properties[] = {{ST_RDONLY, MOUNT_ATTR_RDONLY, MS_RDONLY},
                                   {ST_NOSUID, MOUNT_ATTR_NOSUID, MS_NOSUID},
                                   {ST_NODEV, MOUNT_ATTR_NODEV, MS_NODEV},
                                   {ST_NOEXEC, MOUNT_ATTR_NOEXEC, MS_NOEXEC},
                                   {ST_NODIRATIME, MOUNT_ATTR_NODIRATIME, MS_NODIRATIME},
                                   {state_nosymfollow, MOUNT_ATTR_NOSYMFOLLOW, flag_nosymfollow}};

Result<unsigned long> flags_of(BorrowedFd mount) {
    struct statfs status {};
    if (::fstatfs(mount.get(), &status) != 0) return oci::last_system_failure("statfs");
    const auto state = static_cast<unsigned long>(status.f_flags);
    unsigned long flags = 0;
    for (const Property& property : properties)
        if ((state & property.state) != 0) flags |= property.flag;
    if ((state & ST_NOATIME) != 0) return flags | MS_NOATIME;
    return flags | ((state & state_relatime) != 0 ? MS_RELATIME : MS_STRICTATIME);
}

unsigned long changed(unsigned long flags, const AttributeChange& change) {
    for (const Property& property : properties) {
        if ((change.clear & property.attribute) != 0) flags &= ~property.flag;
        if ((change.set & property.attribute) != 0) flags |= property.flag;
    }
    if ((change.clear & MOUNT_ATTR__ATIME) == 0) return flags;
    flags &= ~every_atime;
    const std::uint64_t atime = change.set & MOUNT_ATTR__ATIME;
    if (atime == MOUNT_ATTR_NOATIME) return flags | MS_NOATIME;
    return flags | (atime == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME : MS_RELATIME);
}

std::string path_to(BorrowedFd mount) {
    return "/proc/self/fd/" + std::to_string(mount.get());
}

Result<void> remount_one(BorrowedFd place, const AttributeChange& change) {
    const unsigned long before = TRY(flags_of(place));
    const unsigned long after = changed(before, change);
    if (before == after) return {};
    auto done = mount("", path_to(place), "", MS_REMOUNT | MS_BIND | after, "");
    // What mount(2) cannot see in this mount namespace is a tree that is attached nowhere yet.
    if (!done && done.error().system_errno == EINVAL) return oci::system_failure(ENOSYS, "mount_setattr");
    return done;
}

Result<int> mount_id_of(BorrowedFd mount) {
    const std::string path = "/proc/self/fdinfo/" + std::to_string(mount.get());
    for (const std::string& line : oci::split(TRY(oci::read_kernel_file(path)), '\n')) {
        if (!line.starts_with("mnt_id:")) continue;
        if (const auto id = oci::parse_integer<int>(oci::trim(std::string_view(line).substr(7)))) return *id;
    }
    return oci::failure(path + ": tells no mnt_id");
}

/// "\040" and the like, as the kernel writes spaces and line ends.
std::string unescaped(const std::string& text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto octal = text[at] == '\\' && at + 3 < text.size()
                               ? oci::parse_integer<unsigned char>(text.substr(at + 1, 3), 8)
                               : std::nullopt;
        plain += octal ? static_cast<char>(*octal) : text[at];
        if (octal) at += 3;
    }
    return plain;
}

struct BelowMount {
    int id = 0;
    std::string path;
};

/// The mounts below one, as this mount namespace shows them; parents come before what is mounted in them.
Result<std::vector<BelowMount>> mounts_below(int top) {
    std::set<int> tree = {top};
    std::vector<BelowMount> below;
    const std::string text = TRY(oci::read_kernel_file("/proc/self/mountinfo"));
    for (std::size_t size = 0; size != tree.size();) {
        size = tree.size();
        for (const std::string& line : oci::split(text, '\n')) {
            const std::vector<std::string> words = oci::words(line);
            if (words.size() < 5) continue;
            const int id = oci::parse_integer<int>(words[0]).value_or(0);
            const int parent = oci::parse_integer<int>(words[1]).value_or(0);
            if (tree.contains(id) || !tree.contains(parent)) continue;
            tree.insert(id);
            below.push_back({id, unescaped(words[4])});
        }
    }
    return below;
}

Result<void> remount_below(BorrowedFd top, const AttributeChange& change) {
    for (const BelowMount& mount : TRY(mounts_below(TRY(mount_id_of(top))))) {
        const Fd place = TRY(oci::open_file(mount.path, O_PATH | O_NOFOLLOW));
        if (TRY(mount_id_of(place)) != mount.id)
            return oci::failure(oci::ErrorCode::unsupported,
                                mount.path +
                                    " is covered by another mount; to change it too, the kernel needs " +
                                    "mount_setattr(2), which Linux has since 5.12");
        TRY(remount_one(place, change).in(mount.path));
    }
    return {};
}

}  // namespace

Result<void> change_by_remount(BorrowedFd mount, const AttributeChange& change) {
    if (change.user_namespace != 0)
        return oci::failure(oci::ErrorCode::unsupported,
                            "an id-mapped mount needs mount_setattr(2), which Linux has since 5.12");
    if (change.propagation != 0) {
        const unsigned long recursive = change.recursive ? MS_REC : 0;
        auto done = kernel::mount("", path_to(mount), "", change.propagation | recursive, "");
        if (!done && done.error().system_errno == EINVAL) return oci::system_failure(ENOSYS, "mount_setattr");
        TRY(std::move(done));
    }
    if (change.set == 0 && change.clear == 0) return {};
    TRY(remount_one(mount, change));
    return change.recursive ? remount_below(mount, change) : Result<void>();
}

}  // namespace ocirun::kernel
