#pragma once
// Copying out of a layout, the default store included.

#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/transfer/image_source.hpp"

namespace ocimg {

class LayoutSource final : public ImageSource {
public:
    /// `query` names the image; its platform does not count here.
    LayoutSource(Layout layout, ImageQuery query) : layout_(std::move(layout)), query_(std::move(query)) {}

    oci::Result<Document> root() override;
    oci::Result<Document> document(const oci::spec::Descriptor& descriptor) override;
    oci::Result<std::unique_ptr<ByteSource>> open_blob(const oci::spec::Descriptor& blob,
                                                       std::uint64_t offset) override;
    oci::Result<std::vector<oci::spec::Descriptor>> referrers(const std::string& digest) override;

private:
    Layout layout_;
    ImageQuery query_;
};

/// The source of an open file's bytes, from its current position; owns the file.
std::unique_ptr<ByteSource> open_file_source(oci::Fd file);

}  // namespace ocimg
