#include "imagetool/store/repair_layout.hpp"

#include <algorithm>

#include "imagetool/store/find_image.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

namespace {

/// Whether everything that an entry of index.json leads to is there and whole.
class Whole {
public:
    Whole(const Layout& layout, const std::vector<std::string>& damaged)
        : layout_(layout), damaged_(damaged) {}

    [[nodiscard]] bool is_whole(const Descriptor& entry) const {
        if (!is_there(entry)) return false;
        const MediaKind kind = oci::spec::media_kind(entry.media_type);
        if (kind != MediaKind::manifest && kind != MediaKind::index) return true;
        const auto images = images_below(layout_, entry);
        if (!images.has_value()) return false;
        return std::all_of(images->begin(), images->end(),
                           [this](const Descriptor& image) { return is_whole_image(image); });
    }

private:
    [[nodiscard]] bool is_there(const Descriptor& blob) const {
        if (std::find(damaged_.begin(), damaged_.end(), blob.digest) != damaged_.end()) return false;
        return layout_.open_blob(blob).has_value();
    }
    [[nodiscard]] bool is_whole_image(const Descriptor& descriptor) const {
        if (!is_there(descriptor)) return false;
        const auto image = read_image(layout_, descriptor);
        if (!image.has_value()) {
            // An artifact is no image, and no harm.
            return image.error().code == oci::ErrorCode::unsupported;
        }
        return is_there(image->manifest.config) &&
               std::all_of(
                   image->manifest.layers.begin(), image->manifest.layers.end(),
                   [this](const Descriptor& layer) { return !layer.urls.empty() || is_there(layer); });
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
        if (whole.is_whole(entry)) {
            kept.push_back(entry);
        } else {
            result.broken.push_back(tag_of(entry).empty() ? entry.digest : tag_of(entry));
        }
    }
    const std::vector<StoredFile> files = TRY(layout.list_blobs());
    for (const StoredFile& file : files)
        if (file.digest.empty()) result.left.push_back(file.path);
    if (!repair) return result;
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
