#include "imagetool/bundle/bundle_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/bundle_record.hpp"
#include "imagetool/layer/spread_children.hpp"
#include "imagetool/overlay/mount_overlay.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

namespace {

constexpr const char* growing = ".ocimg-new";
constexpr std::array<const char*, 4> parts = {tree_records_name, "work", "upper", "rootfs"};

Result<void> check_content(BorrowedFd directory, BundleMode mode, const std::string& context) {
    // What an ocimg that was killed left there does not count; it is removed before the new root grows.
    std::vector<std::string> names = TRY(oci::list_directory(directory).in(context));
    std::erase(names, growing);
    if (mode == BundleMode::fresh && !names.empty()) {
        return failure(ErrorCode::exists,
                       context +
                           " exists and is not empty: name another one, or give --force to replace its "
                           "rootfs and config.json");
    }
    const bool has_root = std::find(names.begin(), names.end(), "rootfs") != names.end();
    if (mode == BundleMode::replace && has_root && TRY(is_mount_point(directory, "rootfs").in(context))) {
        return failure(ErrorCode::wrong_state,
                       context + ": its rootfs is mounted; unmount it first (ocimg umount)");
    }
    return {};
}

/// Removes what a process that was killed while it wrote config.json or the record left beside them.
Result<void> remove_left_documents(BorrowedFd bundle) {
    for (const std::string& name : TRY(oci::list_directory(bundle))) {
        if (name.starts_with(".config.json.") ||
            name.starts_with("." + std::string(bundle_record_name) + "."))
            TRY(oci::remove_file(bundle, name));
    }
    return {};
}

/// Puts one finished part into its place; the old one goes away afterwards.
Result<void> publish_part(BorrowedFd bundle, BorrowedFd from, const char* name) {
    if (!oci::exists_at(from, name)) return oci::remove_tree(bundle, name);
    const bool replaces = oci::exists_at(bundle, name);
    const unsigned flags = replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(from.get(), name, bundle.get(), name, flags) != 0)
        return oci::last_system_failure("rename to " + std::string(name));
    return {};
}

}  // namespace

Result<BundleDirectory> BundleDirectory::open(const std::string& path, BundleMode mode) {
    const std::string context = "bundle " + quote(path);
    bool made = false;
    if (mode != BundleMode::change) {
        // 0700: the images' setuid programs are nothing for other users of this host.
        const auto result = oci::make_directory(oci::current_directory, path, 0700);
        made = result.has_value();
        if (!made && result.error().code != ErrorCode::exists)
            return failure(result.error().code,
                           context + ": " + oci::errno_text(result.error().system_errno));
    }
    auto directory = oci::open_file(path, O_RDONLY | O_DIRECTORY);
    if (!directory) {
        return failure(directory.error().code,
                       context + ": " + oci::errno_text(directory.error().system_errno));
    }
    if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return oci::last_system_failure(context + ": flock");
        return failure(ErrorCode::wrong_state, context + ": another ocimg works in it");
    }
    TRY(check_content(*directory, mode, context));
    return BundleDirectory(std::move(*directory), path, mode, made);
}

Result<Fd> BundleDirectory::make_growing() const {
    TRY(oci::remove_tree(fd_, growing));
    TRY(oci::make_directory(fd_, growing, 0700));
    const Fd place = TRY(oci::open_at(fd_, growing, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    spread_children(place);
    // The name decides about the place, so it is another one each time.
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number) return oci::last_system_failure("getrandom");
    const std::string name = std::to_string(number);
    TRY(oci::make_directory(place, name, 0700));
    return oci::open_at(place, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Result<void> BundleDirectory::publish(BorrowedFd grown) const {
    // First of all: beside parts of two unpackings nothing may say that they belong together.
    TRY(oci::remove_file(fd_, bundle_record_name));
    TRY(remove_left_documents(fd_));
    for (const char* name : parts) TRY(publish_part(fd_, grown, name));
    return oci::remove_tree(fd_, growing).in("remove what was replaced");
}

void BundleDirectory::take_back() const {
    // Nothing more can be done when this fails too; the first error is the one to tell.
    if (auto removed = oci::remove_tree(fd_, growing); !removed) return;
    if (mode_ != BundleMode::fresh && !made_) return;
    for (const char* name : parts) {
        if (auto removed = oci::remove_tree(fd_, name); !removed) return;
    }
    for (const char* name : {"config.json", bundle_record_name}) {
        if (auto removed = oci::remove_file(fd_, name); !removed) return;
    }
    if (made_) ::rmdir(path_.c_str());
}

Result<Fd> make_root_directory(BorrowedFd parent, const std::string& name) {
    TRY(oci::make_directory(parent, name, 0755));
    Fd root = TRY(oci::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (::fchmod(root.get(), 0755) != 0) return oci::last_system_failure("chmod the root directory");
    const struct timespec epoch[2] = {{0, 0}, {0, 0}};
    if (::futimens(root.get(), epoch) != 0)
        return oci::last_system_failure("set times of the root directory");
    return root;
}

}  // namespace ocimg
