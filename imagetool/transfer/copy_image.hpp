#pragma once
// Copies an image, or all images of an index, from any source to any target: documents are read, what is
// missing is planned, blobs travel several at a time, and the name comes last.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/transfer/convert_documents.hpp"
#include "imagetool/transfer/image_source.hpp"
#include "imagetool/transfer/image_target.hpp"
#include "spec/image/platform.hpp"

namespace ocimg {

struct CopyOptions {
    /// Empty: everything that the name names. One: that image alone. Several: an index of these.
    std::vector<oci::spec::Platform> platforms;
    ImageFormat format = ImageFormat::as_it_is;
    std::optional<Compression> compression;  // of every layer; none: as they are
    std::optional<int> level;                // of the compression; see levels_of()
    bool skip_same = false;  // nothing is looked at when the target's name names the same document already
    bool referrers = false;  // manifests that have a copied one as their subject, and theirs
    bool layers = true;      // false: documents and configs only, for looking at them
    std::size_t jobs = 6;    // blobs at a time
    /// Told of each blob that is complete in the target, from any thread.
    std::function<void(const oci::spec::Descriptor&)> on_blob;
    /// Told of the documents before the first blob is asked for.
    std::function<oci::Result<void>(const std::vector<Document>&)> on_documents;
};

/// Gives the document that the name in the target names now.
oci::Result<Document> copy_image(ImageSource& source, ImageTarget& target, const CopyOptions& options,
                                 Progress& progress);

/// A short name of a blob for people: "1a2b3c4d5e6f".
std::string blob_label(const std::string& digest);

}  // namespace ocimg
