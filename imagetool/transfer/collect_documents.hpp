#pragma once
// Reads the documents of an image: its manifest, or the index and every manifest and index below it.

#include <vector>

#include "base/result.hpp"
#include "imagetool/transfer/image_source.hpp"
#include "spec/image/platform.hpp"

namespace ocimg {

/// Everything below and with `root`, what is named before what names it; the last one is the root. With
/// platforms, an index is narrowed to them: to the image itself for one, to an index of these for several.
/// Indexes may be 8 deep, and 10000 documents in all.
oci::Result<std::vector<Document>> collect_documents(ImageSource& source, const Document& root,
                                                     const std::vector<oci::spec::Platform>& platforms);

}  // namespace ocimg
