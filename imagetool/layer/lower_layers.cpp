#include "imagetool/layer/lower_layers.hpp"

#include <fcntl.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"

namespace ocimg {
namespace {

constexpr oci::Lookup without_links{.follow_last = false, .no_symlinks = true};

}  // namespace

oci::Result<LowerFile> LowerLayers::find(const std::string& canonical_path) const {
    if (!opaque_.empty()) {
        for (std::size_t slash = canonical_path.find('/'); slash != std::string::npos;
             slash = canonical_path.find('/', slash + 1)) {
            if (opaque_.contains(canonical_path.substr(0, slash))) return LowerFile{};
        }
    }
    auto place = oci::open_in_root(root_, canonical_path.empty() ? "." : canonical_path, O_PATH | O_NOFOLLOW,
                                   0, without_links);
    if (!place.has_value()) {
        const int reason = place.error().system_errno;
        // A link on the way was replaced by a directory of the new layer, or the place would have none.
        if (reason == ENOENT || reason == ENOTDIR || reason == ELOOP) return LowerFile{};
        return place.error();
    }
    const struct stat status = TRY(oci::status_of(*place));
    if (is_overlay_whiteout(status)) return LowerFile{};  // one directory alone, not mounted
    return LowerFile{.place = std::move(*place), .mode = status.st_mode};
}

oci::Result<void> LowerLayers::hide_below(oci::BorrowedFd directory, const std::string& canonical_path) {
    if (!opaque_.insert(canonical_path).second) return {};
    return mark_opaque(directory, attributes_);
}

void LowerLayers::forget_below(const std::string& canonical_path) {
    const std::string start = canonical_path + "/";
    for (auto place = opaque_.begin(); place != opaque_.end();) {
        place = *place == canonical_path || place->starts_with(start) ? opaque_.erase(place) : ++place;
    }
}

}  // namespace ocimg
