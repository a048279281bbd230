#include "imagetool/store/repair_layout.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/interruption.hpp"
#include "imagetool/store/find_image.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

namespace {

/// Whether everything that an entry of index.json leads to is there and whole. What keeps it from being
/// looked at, as a signal or a lack of memory, says nothing about it and is an error.
class Whole {
public:
    Whole(const Layout& layout, const std::vector<std::string>& damaged)
        : layout_(layout), damaged_(damaged) {}

    [[nodiscard]] Result<bool> is_whole(const Descriptor& entry) const {
        if (!TRY(is_there(entry))) return false;
        const MediaKind kind = oci::spec::media_kind(entry.media_type);
        if (kind != MediaKind::manifest && kind != MediaKind::index) return true;
        const auto images = images_below(layout_, entry);
        if (!images) return is_damage(images.error());
        for (const Descriptor& image : *images)
            if (!TRY(is_whole_image(image))) return false;
        return true;
    }

private:
    /// False, for an error that tells of damage; else the error.
    static Result<bool> is_damage(const oci::Error& error) {
        TRY(oci::check_interruption());
        constexpr std::array says_nothing{EMFILE, ENFILE, ENOMEM, EACCES, EPERM};
        if (std::find(says_nothing.begin(), says_nothing.end(), error.system_errno) != says_nothing.end())
            return error;
        return false;
    }
    [[nodiscard]] Result<bool> is_there(const Descriptor& blob) const {
        if (std::find(damaged_.begin(), damaged_.end(), blob.digest) != damaged_.end()) return false;
        const auto opened = layout_.open_blob(blob);
        return opened ? Result<bool>(true) : is_damage(opened.error());
    }
    [[nodiscard]] Result<bool> is_whole_image(const Descriptor& descriptor) const {
        if (!TRY(is_there(descriptor))) return false;
        const auto image = read_image(layout_, descriptor);
        if (!image.has_value()) {
            // An artifact is no image, and no harm.
            if (image.error().code == ErrorCode::unsupported) return true;
            return is_damage(image.error());
        }
        for (const Descriptor& layer : image->manifest.layers)
            if (layer.urls.empty() && !TRY(is_there(layer))) return false;
        return is_there(image->manifest.config);
    }

    const Layout& layout_;
    const std::vector<std::string>& damaged_;
};

}  // namespace

Result<Repair> repair_layout(const Layout& layout, bool repair, CheckOptions check) {
    const LayoutQuiet quiet = TRY(layout.wait_for_writers());
    Repair result;
    check.contents = true;
    result.damaged = TRY(check_layout(layout.path(), check)).damaged;
    oci::spec::ImageIndex index = TRY(layout.index());
    const Whole whole(layout, result.damaged);
    std::vector<Descriptor> kept;
    for (const Descriptor& entry : index.manifests) {
        if (TRY(whole.is_whole(entry))) {
            kept.push_back(entry);
        } else {
            result.broken.push_back(tag_of(entry).empty() ? entry.digest : tag_of(entry));
        }
    }
    const std::vector<StoredFile> files = TRY(layout.list_blobs());
    for (const StoredFile& file : files)
        if (file.digest.empty()) result.left.push_back(file.path);
    if (!repair) return result;
    TRY(oci::check_interruption());
    if (kept.size() != index.manifests.size()) {
        index.manifests = std::move(kept);
        TRY(layout.replace_index(quiet.lock, index));
    }
    for (const StoredFile& file : files) {
        const bool is_damaged =
            std::find(result.damaged.begin(), result.damaged.end(), file.digest) != result.damaged.end();
        if (file.digest.empty() || is_damaged) TRY(layout.remove_blob_file(file));
    }
    return result;
}

}  // namespace ocimg
