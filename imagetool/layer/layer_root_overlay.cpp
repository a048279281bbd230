// The part of LayerRoot that writes a layer in the overlay's format.

#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/layer/copy_up.hpp"
#include "imagetool/layer/layer_root.hpp"

namespace ocimg {

namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

}  // namespace

oci::Result<LowerFile> LayerRoot::find_lower(const OpenDirectory& parent, const std::string& name) const {
    if (!lower_.has_value()) return LowerFile{};
    return lower_->find(parent.path_of(name)).in("look up " + oci::quote(parent.path_of(name)));
}

oci::Result<void> LayerRoot::hide_lower(const OpenDirectory& directory) {
    if (!lower_.has_value()) return {};
    const LowerFile lower = TRY(lower_->find(directory.path));
    return lower.is_there() ? lower_->hide_below(directory.fd, directory.path) : oci::Result<void>();
}

oci::Result<bool> LayerRoot::copy_up(const OpenDirectory& parent, const std::string& name) {
    const LowerFile lower = TRY(find_lower(parent, name));
    if (!lower.is_there() || S_ISDIR(lower.mode)) return lower.is_there();
    TRY(copy_file_up(lower, parent.fd, name)
            .in("copy " + oci::quote(parent.path_of(name)) + " from a lower layer"));
    return true;
}

oci::Result<DirectoryPtr> LayerRoot::copy_directory_up(const OpenDirectory& parent, const std::string& name,
                                                       const LowerFile& lower) {
    const std::string path = parent.path_of(name);
    if (::mkdirat(parent.fd.get(), name.c_str(), 0700) != 0)
        return oci::last_system_failure("make directory " + oci::quote(path));
    oci::Fd fd = TRY(oci::open_at(parent.fd, name, directory_flags));
    TRY(copy_directory_attributes(lower, fd).in("directory " + oci::quote(path)));
    times_[path] = TRY(time_of_lower(lower));
    return adopt(std::move(fd), path);
}

/// Removes what was only copied up: the whiteout hides the original, and so the copy.
oci::Result<void> LayerRoot::remove_copied_children(const OpenDirectory& directory) {
    for (const std::string& name : TRY(oci::list_directory(directory.fd))) {
        const std::string path = directory.path_of(name);
        if (!is_made(path)) {
            TRY(remove(directory, name));
            continue;
        }
        oci::Fd fd(::openat(directory.fd.get(), name.c_str(), directory_flags));
        if (fd.is_open()) TRY(remove_copied_children(*TRY(adopt(std::move(fd), path))));
    }
    return {};
}

oci::Result<void> LayerRoot::hide_lower_children(const OpenDirectory& directory) {
    if (!directory.path.empty()) {
        TRY(remove_copied_children(directory));
        return hide_lower(directory);
    }
    // The kernel heeds no mark on a layer's root: each name is hidden by itself.
    TRY(remove_copied_children(directory));
    const oci::Fd lower_root = TRY(oci::open_at(lower_->root(), ".", O_RDONLY | O_DIRECTORY));
    for (const std::string& name : TRY(oci::list_directory(lower_root))) TRY(remove_lower(directory, name));
    return {};
}

}  // namespace ocimg
