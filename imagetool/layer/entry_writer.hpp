#pragma once
// Makes the files of a layer in a root file system: one kind of entry a function.

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "imagetool/layer/layer_root.hpp"
#include "imagetool/layer/whiteout.hpp"
#include "imagetool/tar/entry.hpp"
#include "imagetool/tar/reader.hpp"

namespace ocimg {

/// Writes entries under a LayerRoot, which must outlive it. What stands at an entry's place gives way
/// to it; a directory keeps its content when a directory comes. Final links are never followed.
class EntryWriter {
public:
    EntryWriter(LayerRoot& root, bool keep_dirlinks) : root_(root), keep_dirlinks_(keep_dirlinks) {}

    /// Makes one entry; `reader` stands at its content. `number` counts the entries of the layer.
    oci::Result<void> write(const Entry& entry, std::uint64_t number, const EntryPath& path,
                            TarReader& reader);

private:
    oci::Result<void> write_file(const OpenDirectory& parent, const std::string& name, const Entry& entry,
                                 TarReader& reader);
    oci::Result<void> write_directory(const OpenDirectory& parent, const EntryPath& path, const Entry& entry);
    oci::Result<DirectoryPtr> open_kept_directory(const OpenDirectory& parent, const EntryPath& path);
    oci::Result<void> write_root(const Entry& entry);
    oci::Result<void> tell_made(const std::string& path, const Entry& entry, ino_t inode);
    oci::Result<bool> status_of_link_target(const OpenDirectory& holder, const std::string& name,
                                            struct stat& status);
    oci::Result<void> write_hard_link(const OpenDirectory& parent, const std::string& name,
                                      const Entry& entry);
    oci::Result<void> write_symbolic_link(const OpenDirectory& parent, const std::string& name,
                                          const Entry& entry);
    oci::Result<void> write_node(const OpenDirectory& parent, const std::string& name, const Entry& entry);

    LayerRoot& root_;
    bool keep_dirlinks_;
    std::uint64_t number_ = 0;
};

}  // namespace ocimg
