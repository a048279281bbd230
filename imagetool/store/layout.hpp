#pragma once
// An OCI image layout on disk (image-spec image-layout.md): every path is looked up under its directory's
// descriptor without links, every blob is checked by the one that reads it, index.json is replaced whole.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/store/blob_writer.hpp"
#include "imagetool/store/partial_blob.hpp"
#include "spec/image/descriptor.hpp"
#include "spec/image/index.hpp"

namespace ocimg {

/// The most bytes an index, a manifest or an image config may have.
inline constexpr std::size_t document_limit = std::size_t{4} << 20U;

/// Holds a layout for one writer (flock on its directory) until dropped.
class LayoutLock {
public:
    explicit LayoutLock(oci::Fd directory) : directory_(std::move(directory)) {}

private:
    oci::Fd directory_;
};

/// Holds a layout while nobody writes blobs into it: for removing some. Until dropped.
struct LayoutQuiet {
    LayoutLock lock;
    oci::Fd blobs;
};

/// A file below blobs/.
struct StoredFile {
    std::string path;    // "blobs/sha256/..."
    std::string digest;  // empty: the name is none, as those of temporary files
    std::uint64_t size = 0;
};

class Layout {
public:
    /// Opens an existing layout. A directory that is none, or one of an unknown version, is an error.
    static oci::Result<Layout> open(const std::string& path);
    /// Makes an empty layout. The directory may exist if it is empty. On error nothing new is left.
    static oci::Result<Layout> create(const std::string& path);
    /// open(), or create() where there is nothing yet.
    static oci::Result<Layout> open_or_create(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Keeps a value for as long as the layout: what removes a temporary one.
    void keep_while_open(std::shared_ptr<void> kept) { kept_ = std::move(kept); }

    /// Waits until no other writer holds the layout.
    [[nodiscard]] oci::Result<LayoutLock> lock() const;

    /// Waits until no process writes blobs, and keeps others from it: every Layout that has written a blob
    /// counts as a writer until it is dropped, so that blobs which no tag names yet are safe.
    [[nodiscard]] oci::Result<LayoutQuiet> wait_for_writers() const;

    /// Every file below blobs/ALGORITHM/, in no order. Directories and others are left out.
    [[nodiscard]] oci::Result<std::vector<StoredFile>> list_blobs() const;
    [[nodiscard]] oci::Result<void> remove_blob_file(const StoredFile& file) const;
    /// Removes what broken transfers left to go on with. Only while nobody writes.
    [[nodiscard]] oci::Result<void> remove_partial_blobs(const LayoutQuiet&) const;
    /// Removes what killed processes left beside index.json and oci-layout while they replaced them.
    [[nodiscard]] oci::Result<void> remove_begun_files(const LayoutLock&) const;
    /// Differs when index.json was replaced or changed.
    [[nodiscard]] oci::Result<std::string> index_identity() const;

    /// index.json, validated.
    [[nodiscard]] oci::Result<oci::spec::ImageIndex> index() const;
    /// Replaces index.json atomically and durably. The lock shows that nobody else does.
    [[nodiscard]] oci::Result<void> replace_index(const LayoutLock&,
                                                  const oci::spec::ImageIndex& index) const;

    /// A blob for reading from its start: a regular file of exactly the descriptor's size. Whoever reads
    /// it checks the digest.
    [[nodiscard]] oci::Result<oci::Fd> open_blob(const oci::spec::Descriptor& blob) const;
    /// The content of a small blob (document_limit), with size and digest checked.
    [[nodiscard]] oci::Result<std::string> read_blob(const oci::spec::Descriptor& blob) const;

    /// Counts as a writer from now on: what write_blob does by itself.
    [[nodiscard]] oci::Result<void> begin_writing() const;
    /// Whether there is a blob of the descriptor's digest and size. Its content is not looked at.
    [[nodiscard]] bool has_blob(const oci::spec::Descriptor& blob) const;
    /// A blob that is fetched from elsewhere: what an earlier, broken run left of it is gone on with.
    [[nodiscard]] oci::Result<PartialBlob> resume_blob(const oci::spec::Descriptor& blob) const;

    /// A writer into blobs/sha256.
    [[nodiscard]] oci::Result<BlobWriter> write_blob() const;
    /// Writes a whole small blob and gives its descriptor.
    [[nodiscard]] oci::Result<oci::spec::Descriptor> write_blob(std::string_view content,
                                                                std::string_view media_type) const;

private:
    Layout(std::string path, oci::Fd root)
        : path_(std::move(path)), root_(std::move(root)), writing_(std::make_shared<Writing>()) {}

    /// Shared among the threads that write.
    struct Writing {
        std::mutex mutex;
        oci::Fd blobs;  // holds a shared lock once something is written
    };

    std::shared_ptr<void> kept_;
    std::string path_;
    oci::Fd root_;
    std::shared_ptr<Writing> writing_;
};

}  // namespace ocimg
