#pragma once
// Applying a layer to a root file system: verify, inflate, parse and write in one pass.
// image-spec layer.md "Applying Changesets". No lookup ever leaves the root.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/apply_observer.hpp"
#include "imagetool/layer/overlay_format.hpp"
#include "imagetool/layer/owners.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// A layer in a directory of its own: what it deletes of the layers below is marked as the kernel's
/// overlay file system marks it. Where an entry lacks its parents, and for hard links into lower layers,
/// the result is what applying all layers to one tree would give: attributes are copied from below.
struct LayerAlone {
    /// The layers below as one tree (their directory, or an overlay mount); not open: there are none.
    oci::BorrowedFd lower;
    OverlayAttributes attributes = OverlayAttributes::trusted;
};

/// How a layer is applied.
struct ApplyOptions {
    /// A directory entry where the root has a symbolic link to a directory keeps the link and
    /// changes the directory it leads to (inside the root), instead of replacing the link.
    bool keep_dirlinks = false;
    /// The root is an empty directory for this layer alone, in the overlay's format, and not a tree
    /// that grows layer by layer.
    std::optional<LayerAlone> alone;
    /// Told what happens; not for layers alone. Null: nobody.
    ApplyObserver* observer = nullptr;
    /// What the owners of entries become. Null: they are taken as they are.
    Owners* owners = nullptr;
    /// How many bytes of content files may still be written, here and by later calls. Null: any number.
    std::uint64_t* space = nullptr;
    /// Told of each part of the blob that was read, on another thread.
    std::function<void(std::uint64_t bytes)> on_read;
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
