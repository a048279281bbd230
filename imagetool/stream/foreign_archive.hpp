#pragma once
// Compressions that archives of users have and layers never do: xz (liblzma) and bzip2 (libbz2). Reading
// only.

#include <memory>

#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// The decompressed bytes of an archive, whose compression (gzip, zstd, xz, bzip2 or none) its first bytes
/// tell. Several streams one after the other are read as one. Damage and a missing end are errors, and so is
/// an xz stream that needs more than 256 MiB of memory. The source must outlive what is returned.
oci::Result<std::unique_ptr<ByteSource>> open_archive_by_magic(ByteSource& source);

}  // namespace ocimg
