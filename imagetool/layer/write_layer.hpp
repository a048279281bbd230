#pragma once
// Writing a layer: a directory tree or an existing tar to a compressed blob, with its digests.
// The same input gives the same bytes: sorted entries, no names of users, no host times but mtimes.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/scan_tree.hpp"
#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/stream/compression.hpp"

namespace ocimg {

/// What was written: the blob's descriptor and the diff id for the image config.
struct WrittenLayer {
    std::string digest;  // of the blob, "sha256:..."
    std::uint64_t size = 0;
    std::string diff_id;  // of the uncompressed tar, "sha256:..."
    std::string media_type;
};

struct WriteOptions {
    Compression compression = Compression::gzip;
    /// Later modification times become this one (seconds since 1970, SOURCE_DATE_EPOCH).
    std::optional<std::int64_t> clamp_mtime;
    /// Path inside the image under which the tree stands ("opt/app"); empty: the root itself.
    std::string prefix;
    /// The tree is an overlay's upper directory, and which paths of it do not count.
    ScanOptions scan;
    /// Told of each part of the tar that is written.
    std::function<void(std::uint64_t bytes)> on_write;
};

/// Writes a layer entry by entry. The caller gives them in the order in which they are to stand.
class LayerWriter {
public:
    /// Writes into `blob`, which must outlive the writer. Only compression and clamp_mtime count.
    LayerWriter(const WriteOptions& options, ByteSink& blob);
    ~LayerWriter();
    LayerWriter(const LayerWriter&) = delete;
    LayerWriter& operator=(const LayerWriter&) = delete;

    /// Adds an entry; `content` is read from its position for exactly entry.size bytes. A file that shrinks
    /// meanwhile is an error.
    oci::Result<void> add(Entry entry, oci::BorrowedFd content = {});
    oci::Result<WrittenLayer> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Writes the tree below `directory`: sorted by path, with hard links, xattrs and nanosecond mtimes.
/// Sockets are left out. With a prefix its parent directories are written too (0755, root, the
/// clamped time or 1970).
/// With `options.scan.overlay_upper` the tree is an overlay's upper directory and the layer what it
/// changes: whiteouts stand before their siblings, a deleted directory is one whiteout, each directory on
/// the way to a change is there with its attributes. Empty upper directories give an empty layer.
oci::Result<WrittenLayer> write_directory_layer(oci::BorrowedFd directory, const WriteOptions& options,
                                                ByteSink& blob);

/// Writes an existing tar (gzip and zstd are decompressed first) byte for byte as it is. Only
/// `options.compression` counts. Something that is no tar at all is an error.
oci::Result<WrittenLayer> write_tar_layer(ByteSource& tar, const WriteOptions& options, ByteSink& blob);

}  // namespace ocimg
