#pragma once
// What unpack made, file by file: written in the one pass that unpacks, so that repack can tell what was
// changed by looking at inodes and times, without reading a single file again.
//
// The file is a log, in the order of unpacking: later records replace earlier ones of the same path, and
// memory does not grow with the image while it is written. It is a host's own file: fields stand in the
// machine's byte order, and a record is never taken from an image.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/apply_observer.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// A file of the unpacked root. Names of the same file have records of their own, equal but for the path.
struct TreeRecord {
    EntryKind kind = EntryKind::file;
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint64_t size = 0;
    Timestamp mtime;
    std::uint64_t inode = 0;   // 0: not known
    std::uint64_t device = 0;  // of device nodes
    std::uint64_t xattrs = 0;  // fingerprint of names and values
    std::uint32_t layer = 0;   // which layer of the image the content comes from, from 0
    std::uint64_t number = 0;  // and which of its entries
    std::string link_target;   // of symbolic links
};

/// The records of a bundle, by path ("" is the root).
struct TreeRecords {
    std::map<std::string, TreeRecord> files;
    /// Nothing that unpack made has a later change time than this one.
    Timestamp finished;
};

/// A number that differs when attributes differ (for all practical purposes).
std::uint64_t xattr_fingerprint(const std::map<std::string, std::string>& xattrs);

/// Writes the log while layers are applied.
class TreeRecorder final : public ApplyObserver {
public:
    /// Makes the file in `directory`; `root` is the new root directory.
    static oci::Result<std::unique_ptr<TreeRecorder>> open(oci::BorrowedFd directory, const std::string& name,
                                                           oci::BorrowedFd root);

    /// The layer whose entries come next.
    void begin_layer(std::uint32_t layer) { layer_ = layer; }
    oci::Result<void> made(const std::string& path, const Entry& entry, std::uint64_t number,
                           ino_t inode) override;
    oci::Result<void> linked(const std::string& path, const std::string& target, ino_t inode) override;
    oci::Result<void> removed(const std::string& path) override;
    /// A record as it is: for records that are written anew.
    oci::Result<void> add(const std::string& path, const TreeRecord& record);
    /// The file system's own clock: the change time that a change gets now.
    oci::Result<Timestamp> now();
    /// Ends the log, after the last change to the tree.
    oci::Result<void> finish();
    /// The same for a tree that may have changed since `finished`.
    oci::Result<void> finish(const Timestamp& finished);

private:
    explicit TreeRecorder(oci::Fd file) : file_(std::move(file)) {}
    oci::Result<void> flush();

    oci::Fd file_;
    std::string buffer_;
    std::uint32_t layer_ = 0;
};

/// Reads a log. One that is cut short or damaged is an error.
oci::Result<TreeRecords> read_tree_records(oci::BorrowedFd directory, const std::string& name);

}  // namespace ocimg
