#pragma once
// Unpacked layers, shared by all bundles and builds: each in a directory of its own, in the overlay's
// format, named by its chain id. Only a cache: it can be deleted whenever nothing is mounted from it.
//
//     CACHE/FORMAT/layers/CHAIN/fs      a whole, verified layer
//     CACHE/FORMAT/growing/CHAIN/fs     one that is being made; its directory is locked (flock)
//
// FORMAT is the kind of marks: "trusted" or "user", "-dirlinks" when links to directories were kept, and
// "-one" when all files had to belong to one user.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/apply_layer.hpp"
#include "imagetool/layer/overlay_format.hpp"

namespace ocimg {

/// A layer of an image, to be read only when the cache lacks it.
struct LayerToUnpack {
    std::function<oci::Result<oci::Fd>()> open_blob;
    std::string media_type;
    std::string digest;
    std::uint64_t size = 0;
    std::string diff_id;
    /// Told of each part of the blob that was read, on another thread; and at the end.
    std::function<void(std::uint64_t bytes)> on_read;
    std::function<void()> on_done;
};

/// The layers of an image as directories, topmost first, as mount_overlay() takes them.
struct LayerStack {
    std::vector<oci::Fd> directories;  // O_PATH
    std::vector<std::string> chain_ids;

    [[nodiscard]] std::vector<oci::BorrowedFd> borrow() const;
};

class LayerCache {
public:
    struct Options {
        OverlayAttributes attributes = usable_overlay_attributes();
        bool keep_dirlinks = false;
        /// The ids that files can have: other owners are forgotten, devices become empty files, as in any
        /// user namespace. Empty: all, with devices.
        IdMaps ids;
        /// No overlay can be mounted here: trees are copied where one would be.
        bool plain_copies = false;
    };

    /// Opens the cache, and makes it (0700: setuid programs of images are nothing for other users).
    static oci::Result<LayerCache> open(const std::string& path, const Options& options);
    static oci::Result<LayerCache> open(const std::string& path) { return open(path, Options{}); }

    [[nodiscard]] OverlayAttributes attributes() const { return options_.attributes; }
    [[nodiscard]] bool plain_copies() const { return options_.plain_copies; }

    /// A layer that is there, whole and verified (O_PATH); not open when it is not there.
    [[nodiscard]] oci::Result<oci::Fd> find(const std::string& chain_id) const;

    /// Every layer of an image, bottom first; those that are missing are read, verified and unpacked, in
    /// order. Processes that need the same layer wait for the one that makes it. A layer appears only
    /// when it is whole and synced; on error nothing is left but layers below that are whole.
    oci::Result<LayerStack> unpack(std::span<const LayerToUnpack> layers) const;

    /// Takes a directory that holds a layer in the overlay's format, such as the upper directory of a
    /// mount that is gone, as the layer `chain_id`: it is renamed into the cache, so it must be on the
    /// same file system (EXDEV otherwise). The caller knows that the content is what the id says. Such a
    /// layer is not synced: after the next boot it counts as missing. Gives the layer; where there is
    /// one already, that one, and `name` stays with the caller.
    oci::Result<oci::Fd> adopt(const std::string& chain_id, oci::BorrowedFd directory,
                               const std::string& name) const;

    /// Removes a layer. Nobody may have it mounted: the caller knows.
    oci::Result<void> remove(const std::string& chain_id) const;

    /// The chain ids of all layers that are there, sorted.
    [[nodiscard]] oci::Result<std::vector<std::string>> list() const;

    /// Held until dropped: no layer is removed meanwhile (by those who hold it alone), from finding a layer
    /// to having noted who uses it.
    [[nodiscard]] oci::Result<oci::Fd> hold() const;
    /// Waits until nobody holds the cache, and keeps others from doing so.
    [[nodiscard]] oci::Result<oci::Fd> hold_alone() const;

    /// The cache's directory for files of the user of this cache (an upper directory that adopt() can
    /// take is on the same file system here).
    [[nodiscard]] oci::BorrowedFd directory() const { return root_; }

private:
    LayerCache(Options options, oci::Fd root, oci::Fd layers, oci::Fd growing)
        : options_(std::move(options)),
          root_(std::move(root)),
          layers_(std::move(layers)),
          growing_(std::move(growing)) {}

    class Growing;
    oci::Result<oci::Fd> make(const LayerToUnpack& layer, const std::string& chain_id,
                              std::span<const oci::Fd> below) const;

    Options options_;
    oci::Fd root_;
    oci::Fd layers_;
    oci::Fd growing_;
};

}  // namespace ocimg
