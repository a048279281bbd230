#pragma once
// The files of an image as a tree in memory: layers put on top of each other by the rules by which they are
// unpacked, with a record of what hides what. Pure: entries come in, nothing is read or written.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/layer/read_layer.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// The content of a regular file, shared by its hard links, and where in the image it stands.
struct FileContent {
    std::size_t layer = 0;
    std::size_t number = 0;  // of the entry in the layer's archive
    std::uint64_t size = 0;
    std::string digest;  // of the content; empty when it was not asked for
};

/// A file of the image. `entry.name` is its name in its directory.
struct TreeNode {
    Entry entry;
    std::size_t layer = 0;    // that wrote it last
    std::size_t touched = 0;  // the last layer that wrote it or something below it
    std::size_t cleared = 0;  // the number (from 1) of the layer whose whiteouts have been through it
    std::size_t depth = 0;
    std::shared_ptr<const FileContent> content;
    std::map<std::string, std::unique_ptr<TreeNode>> children;
    TreeNode* parent = nullptr;

    [[nodiscard]] bool is_directory() const { return entry.kind == EntryKind::directory; }
    /// Its place without a leading slash; empty: the root.
    [[nodiscard]] std::string path() const;
};

enum class Hiding { replaced, removed };

/// A file of a layer that another layer hides: its bytes are in the image, but nobody sees them.
struct HiddenFile {
    std::string path;
    std::size_t lower = 0;
    std::size_t upper = 0;
    std::uint64_t bytes = 0;
    Hiding how = Hiding::replaced;
};

/// What one layer did.
struct LayerCounts {
    std::size_t added = 0;           // entries where nothing was
    std::size_t changed = 0;         // entries where something was
    std::size_t removed = 0;         // files and directories that whiteouts took away
    std::size_t files = 0;           // regular files
    std::uint64_t bytes = 0;         // of their content
    std::uint64_t hidden_bytes = 0;  // of its own that upper layers (or it itself) hide
};

class ImageTree {
public:
    ImageTree();
    ImageTree(ImageTree&&) = default;
    ImageTree& operator=(ImageTree&&) = default;
    ImageTree(const ImageTree&) = delete;
    ImageTree& operator=(const ImageTree&) = delete;
    ~ImageTree();

    /// The entries that come now are of the next layer.
    void begin_layer();
    /// Puts an entry into the tree. `digest` is that of a regular file's content, or empty. More entries than
    /// `most_entries` are an error.
    oci::Result<void> add(const LayerEntry& listed, const std::string& digest);

    [[nodiscard]] const TreeNode& root() const { return *root_; }
    [[nodiscard]] const std::vector<LayerCounts>& layers() const { return layers_; }
    [[nodiscard]] const std::vector<HiddenFile>& hidden() const { return hidden_; }

    /// The file at a path, links followed inside the image as if its root were "/"; the last component only
    /// with `follow_last`. Nothing, a dangling link or a loop: not found.
    [[nodiscard]] oci::Result<const TreeNode*> find(std::string_view path, bool follow_last) const;

    static constexpr std::size_t most_entries = 4'000'000;
    static constexpr std::size_t deepest = 2048;
    static constexpr std::size_t most_text = std::size_t{1} << 30U;  // bytes of names, links and xattrs

private:
    class Walk;

    [[nodiscard]] std::size_t layer() const { return layers_.size() - 1; }
    oci::Result<void> count(const LayerEntry& listed);
    oci::Result<TreeNode*> directory(const std::string& path, bool make);
    oci::Result<void> put(TreeNode& parent, const LayerEntry& listed, const std::string& digest);
    oci::Result<std::shared_ptr<const FileContent>> content_of(const LayerEntry& listed,
                                                               const std::string& digest, Entry& entry);
    oci::Result<void> apply_whiteout(const LayerEntry& listed);
    bool remove_lower(TreeNode& node);
    void hide(const TreeNode& node, Hiding how);
    void hide_all(const TreeNode& node, Hiding how);

    std::unique_ptr<TreeNode> root_;
    std::vector<LayerCounts> layers_;
    std::vector<HiddenFile> hidden_;
    std::size_t entries_ = 0;
    std::size_t text_ = 0;
};

}  // namespace ocimg
