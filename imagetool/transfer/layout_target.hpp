#pragma once
// Copying into a layout, the default store included. Blobs that break off are gone on with by the next run.

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "imagetool/store/layout.hpp"
#include "imagetool/transfer/image_target.hpp"

namespace ocimg {

class LayoutTarget final : public ImageTarget {
public:
    /// `tag` is the name in index.json; empty: the image gets none and is found by its digest.
    LayoutTarget(Layout layout, std::string tag) : layout_(std::move(layout)), tag_(std::move(tag)) {}
    /// Makes the layout with the first thing that is written, so that a source that has no such image leaves
    /// nothing behind.
    LayoutTarget(std::function<oci::Result<Layout>()> make, std::string tag)
        : make_(std::move(make)), tag_(std::move(tag)) {}

    oci::Result<bool> has_blob(const oci::spec::Descriptor& blob) override;
    oci::Result<void> write_blob(const oci::spec::Descriptor& blob, ImageSource& source,
                                 const Arrived& arrived) override;
    oci::Result<void> write_document(const Document& document) override;
    oci::Result<void> write_root(const Document& document) override;
    oci::Result<void> write_referrer(const Document& document,
                                     const oci::spec::Descriptor& referrer) override;
    oci::Result<void> finish() override { return {}; }

private:
    oci::Result<void> fetch(PartialBlob& partial, const oci::spec::Descriptor& blob, ImageSource& source,
                            const Arrived& arrived);

    oci::Result<const Layout*> layout();

    std::function<oci::Result<Layout>()> make_;
    std::mutex making_;
    std::optional<Layout> layout_;
    std::string tag_;
};

}  // namespace ocimg
