#pragma once
// Applying a layer to a root file system: verify, inflate, parse and write in one pass.
// image-spec layer.md "Applying Changesets". No lookup ever leaves the root.

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// How a layer is applied.
struct ApplyOptions {
    /// A directory entry where the root has a symbolic link to a directory keeps the link and
    /// changes the directory it leads to (inside the root), instead of replacing the link.
    bool keep_dirlinks = false;
};

/// A layer blob and everything it is checked against.
struct LayerSource {
    oci::BorrowedFd blob;    // read from its current position
    std::string media_type;  // OCI or Docker layer media type
    std::string digest;      // of the blob, "sha256:..." or "sha512:..."
    std::uint64_t size = 0;  // of the blob, bytes
    std::string diff_id;     // digest of the uncompressed tar; empty: not checked
};

/// Applies an uncompressed tar stream to the directory `rootfs`, and reads the stream to its end.
/// On error the root is left with what was written so far.
oci::Result<void> apply_layer(ByteSource& tar, oci::BorrowedFd rootfs, const ApplyOptions& options);

/// Applies a blob, and fails unless its size, its digest and its diff id are the expected ones (bytes
/// after the end of the tar count). The blob is read once; memory does not grow with its size.
/// On error the root is left with what was written so far: the caller throws it away.
oci::Result<void> apply_layer_blob(const LayerSource& layer, oci::BorrowedFd rootfs,
                                   const ApplyOptions& options);

}  // namespace ocimg
