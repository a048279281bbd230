#pragma once
// An image whose layers are compressed anew, or whose media types change, seen as a source. Changed layers
// wait in nameless temporary files.

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/transfer/convert_documents.hpp"
#include "imagetool/transfer/image_source.hpp"

namespace ocimg {

/// How the image is changed.
struct ConversionRequest {
    ImageFormat format = ImageFormat::as_it_is;
    std::optional<Compression> compression;
    std::optional<int> level;  // when given, layers of this compression are compressed anew too
    std::size_t jobs = 1;
};

class ConvertedSource final : public ImageSource {
public:
    explicit ConvertedSource(ImageSource& original) : original_(original) {}

    /// The documents after the change, in the same order; their new layers can be read from this source.
    oci::Result<std::vector<Document>> convert(const std::vector<Document>& documents,
                                               const ConversionRequest& request, Progress& progress);

    oci::Result<Document> root() override { return original_.root(); }
    oci::Result<Document> document(const oci::spec::Descriptor& descriptor) override {
        return original_.document(descriptor);
    }
    oci::Result<std::unique_ptr<ByteSource>> open_blob(const oci::spec::Descriptor& blob,
                                                       std::uint64_t offset) override;
    oci::Result<void> fetch_blob(const oci::spec::Descriptor& blob, std::uint64_t offset,
                                 ByteSink& sink) override;
    bool distrust(const oci::spec::Descriptor& blob) override { return original_.distrust(blob); }
    oci::Result<std::vector<oci::spec::Descriptor>> referrers(const std::string& digest) override {
        return original_.referrers(digest);
    }
    [[nodiscard]] RepositoryPlace repository() const override { return original_.repository(); }

private:
    oci::Result<void> recompress_layers(const std::vector<Document>& documents,
                                        const ConversionRequest& request, Progress& progress);
    oci::Result<oci::spec::Descriptor> recompress(const oci::spec::Descriptor& layer,
                                                  const ConversionRequest& request, Progress& progress);
    oci::Result<Document> convert_one(const Document& document, const ConversionRequest& request,
                                      std::map<std::string, Document>& converted);

    ImageSource& original_;
    std::mutex mutex_;
    std::map<std::string, oci::Fd> files_;                      // by new digest
    std::map<std::string, oci::spec::Descriptor> replacement_;  // by old digest
};

}  // namespace ocimg
