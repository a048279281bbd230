#include "imagetool/transfer/layout_target.hpp"

#include <algorithm>

#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/image_place.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Descriptor;

Descriptor descriptor_of(const Document& document) {
    Descriptor descriptor;
    descriptor.media_type = document.media_type;
    descriptor.digest = document.digest;
    descriptor.size = static_cast<std::int64_t>(document.text.size());
    return descriptor;
}

/// Takes what arrives of a blob.
class ArrivingSink final : public ByteSink {
public:
    ArrivingSink(PartialBlob& partial, const Descriptor& blob, const ImageTarget::Arrived& arrived)
        : partial_(partial), blob_(blob), arrived_(arrived) {}
    Result<void> write(std::span<const std::byte> data) override {
        TRY(oci::check_interruption());
        if (partial_.size() + data.size() > static_cast<std::uint64_t>(blob_.size)) {
            return failure(ErrorCode::invalid,
                           "blob " + blob_.digest + " is longer than its descriptor says");
        }
        TRY(partial_.write(data));
        arrived_(data.size());
        return {};
    }

private:
    PartialBlob& partial_;
    const Descriptor& blob_;
    const ImageTarget::Arrived& arrived_;
};

}  // namespace

Result<const Layout*> LayoutTarget::layout() {
    const std::lock_guard lock(making_);
    if (!layout_.has_value()) layout_ = TRY(make_());
    return &*layout_;
}

Result<bool> LayoutTarget::has_blob(const Descriptor& blob) {
    // What is there, perhaps named by nothing, must stay until the image names it.
    const Layout* const layout = TRY(this->layout());
    TRY(layout->begin_writing());
    return layout->has_blob(blob);
}

Result<void> LayoutTarget::fetch(PartialBlob& partial, const Descriptor& blob, ImageSource& source,
                                 const Arrived& arrived) {
    ArrivingSink sink(partial, blob, arrived);
    TRY(source.fetch_blob(blob, partial.size(), sink));
    if (partial.size() == static_cast<std::uint64_t>(blob.size)) return {};
    return failure(ErrorCode::invalid, "blob " + blob.digest + " is shorter than its descriptor says");
}

Result<void> LayoutTarget::write_blob(const Descriptor& blob, ImageSource& source, const Arrived& arrived) {
    const Layout* const layout = TRY(this->layout());
    PartialBlob partial = TRY(layout->resume_blob(blob));
    // Another process may have finished it while we waited for it.
    if (partial.size() == 0 && layout->has_blob(blob)) return {};
    bool resumed = partial.size() > 0;
    arrived(partial.size());
    while (true) {
        TRY(fetch(partial, blob, source, arrived));
        if (TRY(partial.is_whole())) return partial.commit();
        // The damage may be in what an earlier run left, or only in what one mirror has.
        if (!resumed && !source.distrust(blob)) {
            return failure(ErrorCode::invalid, "blob " + blob.digest + ": the content has another digest");
        }
        resumed = false;
    }
}

Result<void> LayoutTarget::write_document(const Document& document) {
    // A document of another algorithm's digest goes the way of a blob.
    const Descriptor wanted = descriptor_of(document);
    PartialBlob partial = TRY(TRY(layout())->resume_blob(wanted));
    TRY(partial.restart());
    TRY(partial.write(bytes_of(document.text)));
    if (!TRY(partial.is_whole()))
        return failure(ErrorCode::invalid, "document " + document.digest + " is damaged");
    return partial.commit();
}

Result<void> LayoutTarget::write_root(const Document& document) {
    TRY(write_document(document));
    const Layout* const layout = TRY(this->layout());
    const LayoutLock lock = TRY(layout->lock());
    oci::spec::ImageIndex index = TRY(layout->index());
    Descriptor descriptor = descriptor_of(document);
    if (!tag_.empty()) {
        TRY(check_new_tag(tag_));
        descriptor.annotations[oci::spec::ref_name_annotation] = tag_;
    }
    auto& entries = index.manifests;
    const auto same_name = [&](const Descriptor& entry) {
        return tag_of(entry) == tag_ && (!tag_.empty() || entry.digest == descriptor.digest);
    };
    const auto place = std::find_if(entries.begin(), entries.end(), same_name);
    if (place == entries.end()) {
        entries.push_back(descriptor);
    } else {
        *place = descriptor;
        entries.erase(std::remove_if(place + 1, entries.end(), same_name), entries.end());
    }
    return layout->replace_index(lock, index);
}

Result<void> LayoutTarget::write_referrer(const Document& document, const Descriptor& referrer) {
    TRY(write_document(document));
    const Layout* const layout = TRY(this->layout());
    const LayoutLock lock = TRY(layout->lock());
    oci::spec::ImageIndex index = TRY(layout->index());
    const bool known = std::any_of(index.manifests.begin(), index.manifests.end(),
                                   [&](const Descriptor& entry) { return entry.digest == document.digest; });
    if (known) return {};
    index.manifests.push_back(referrer);
    return layout->replace_index(lock, index);
}

}  // namespace ocimg
