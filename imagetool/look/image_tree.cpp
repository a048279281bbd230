#include "imagetool/look/image_tree.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr int link_limit = 255;
constexpr std::size_t pending_limit = 4096;

std::unique_ptr<TreeNode> a_directory(std::string name, TreeNode* parent, std::size_t layer) {
    auto node = std::make_unique<TreeNode>();
    node->entry.name = std::move(name);
    node->entry.kind = EntryKind::directory;
    node->entry.mode = 0755;
    node->layer = layer;
    node->touched = layer;
    node->parent = parent;
    node->depth = parent == nullptr ? 0 : parent->depth + 1;
    return node;
}

}  // namespace

std::string TreeNode::path() const {
    std::vector<const std::string*> names;
    for (const TreeNode* node = this; node->parent != nullptr; node = node->parent) {
        names.push_back(&node->entry.name);
    }
    std::string path;
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        if (!path.empty()) path += '/';
        path += **name;
    }
    return path;
}

/// A lookup one component at a time; links restart it, from the root or from where they stand.
class ImageTree::Walk {
public:
    Walk(TreeNode& root, const std::string& path) : root_(root), here_(&root) { push(path); }

    /// Reaches a node; null when there is none. `replace` makes directories of what is in the way.
    template <class Replace>
    Result<TreeNode*> run(bool follow_last, const Replace& replace) {
        while (!pending_.empty() && here_ != nullptr) {
            const std::string name = std::move(pending_.back());
            pending_.pop_back();
            if (name.empty() || name == ".") continue;
            if (name == "..") {
                if (here_->parent != nullptr) here_ = here_->parent;
                continue;
            }
            TRY(enter(name, follow_last || !pending_.empty(), replace));
        }
        return here_;
    }

private:
    void push(const std::string& path) {
        const std::vector<std::string> parts = oci::split(path, '/');
        pending_.insert(pending_.end(), parts.rbegin(), parts.rend());
    }

    template <class Replace>
    Result<void> enter(const std::string& name, bool follow, const Replace& replace) {
        const auto found = here_->children.find(name);
        TreeNode* const node = found == here_->children.end() ? nullptr : found->second.get();
        if (node != nullptr && follow && node->entry.kind == EntryKind::symbolic_link) {
            if (++links_ > link_limit || pending_.size() > pending_limit) {
                return failure(ErrorCode::invalid, "too many links on the way to " + quote(node->path()));
            }
            if (node->entry.link_target.starts_with('/')) here_ = &root_;
            push(node->entry.link_target);
            return {};
        }
        here_ = TRY(replace(*here_, name, node, !pending_.empty()));
        return {};
    }

    TreeNode& root_;
    TreeNode* here_;
    std::vector<std::string> pending_;  // last first
    int links_ = 0;
};

ImageTree::ImageTree() : root_(a_directory("", nullptr, 0)) {}
ImageTree::~ImageTree() = default;

void ImageTree::begin_layer() {
    layers_.emplace_back();
}

Result<const TreeNode*> ImageTree::find(std::string_view path, bool follow_last) const {
    const auto only_what_is_there = [](TreeNode&, const std::string&, TreeNode* node,
                                       bool more) -> Result<TreeNode*> {
        return node != nullptr && more && !node->is_directory() ? nullptr : node;
    };
    TreeNode* const node = TRY(Walk(*root_, std::string(path)).run(follow_last, only_what_is_there));
    if (node == nullptr) return failure(ErrorCode::not_found, quote(path) + " is not in the image");
    return static_cast<const TreeNode*>(node);
}

Result<TreeNode*> ImageTree::directory(const std::string& path, bool make) {
    const auto replace = [&](TreeNode& parent, const std::string& name, TreeNode* node,
                             bool) -> Result<TreeNode*> {
        if (node != nullptr && node->is_directory()) return node;
        if (!make) return static_cast<TreeNode*>(nullptr);
        if (parent.depth >= deepest) {
            return failure(ErrorCode::unsupported, "directories are nested more than 2048 deep");
        }
        if (node != nullptr) hide_all(*node, Hiding::replaced);
        ++entries_;
        auto& place = parent.children[name];
        place = a_directory(name, &parent, layer());
        return place.get();
    };
    return Walk(*root_, path).run(true, replace);
}

Result<void> ImageTree::count(const LayerEntry& listed) {
    ++entries_;
    text_ += listed.path.name.size() + listed.entry.link_target.size();
    for (const auto& [name, value] : listed.entry.xattrs) text_ += name.size() + value.size();
    if (entries_ <= most_entries && text_ <= most_text) return {};
    return failure(ErrorCode::unsupported, "the image has more than " + std::to_string(most_entries) +
                                               " entries, or more than 1 GiB of names");
}

Result<void> ImageTree::add(const LayerEntry& listed, const std::string& digest) {
    TRY(count(listed));
    if (listed.whiteout.kind != WhiteoutKind::none) return apply_whiteout(listed);
    if (listed.path.is_root()) {
        if (listed.entry.kind != EntryKind::directory) {
            return failure(ErrorCode::invalid, "the root directory cannot be anything but a directory");
        }
        root_->entry = listed.entry;
        root_->entry.name.clear();
        root_->layer = layer();
        return {};
    }
    TreeNode* const parent = TRY(directory(listed.path.parent, true));
    for (TreeNode* above = parent; above != nullptr; above = above->parent) {
        above->touched = layer();
    }
    return put(*parent, listed, digest);
}

Result<std::shared_ptr<const FileContent>> ImageTree::content_of(const LayerEntry& listed,
                                                                 const std::string& digest, Entry& entry) {
    if (entry.kind == EntryKind::file) {
        return std::make_shared<const FileContent>(
            FileContent{.layer = layer(), .number = listed.number, .size = entry.size, .digest = digest});
    }
    if (entry.kind != EntryKind::hard_link) return std::shared_ptr<const FileContent>();
    // A further name of a file that is there: the same file, not a copy.
    const auto found = find(entry.link_target, false);
    if (!found || (*found)->is_directory()) {
        return failure(ErrorCode::invalid,
                       "hard link to " + quote(entry.link_target) + ", which is not a file of the image");
    }
    entry = (*found)->entry;
    entry.name = listed.entry.name;
    return (*found)->content;
}

Result<void> ImageTree::put(TreeNode& parent, const LayerEntry& listed, const std::string& digest) {
    Entry entry = listed.entry;
    auto content = TRY(content_of(listed, digest, entry));
    entry.name = listed.path.name;
    LayerCounts& counts = layers_.back();
    if (listed.entry.kind == EntryKind::file) {
        ++counts.files;
        counts.bytes += entry.size;
    }
    auto& place = parent.children[listed.path.name];
    ++(place == nullptr ? counts.added : counts.changed);
    const bool keeps_children =
        place != nullptr && place->is_directory() && entry.kind == EntryKind::directory;
    if (!keeps_children) {
        if (place != nullptr) hide_all(*place, Hiding::replaced);
        place = std::make_unique<TreeNode>();
        place->parent = &parent;
    }
    place->entry = std::move(entry);
    place->layer = layer();
    place->touched = layer();
    place->depth = parent.depth + 1;
    place->content = std::move(content);
    return {};
}

Result<void> ImageTree::apply_whiteout(const LayerEntry& listed) {
    TreeNode* const parent = TRY(directory(listed.path.parent, false));
    if (parent == nullptr) return {};
    auto& children = parent->children;
    if (listed.whiteout.kind == WhiteoutKind::single) {
        const auto found = children.find(listed.whiteout.target);
        if (found != children.end() && remove_lower(*found->second)) children.erase(found);
        return {};
    }
    if (std::exchange(parent->cleared, layers_.size()) == layers_.size()) return {};
    std::erase_if(children, [&](const auto& child) { return remove_lower(*child.second); });
    return {};
}

/// Takes away what lower layers made of a node; true when nothing of it is left.
bool ImageTree::remove_lower(TreeNode& node) {
    // Nothing of lower layers can come back in this layer: many whiteouts must not mean as many walks.
    if (std::exchange(node.cleared, layers_.size()) != layers_.size()) {
        std::erase_if(node.children, [&](const auto& child) { return remove_lower(*child.second); });
    }
    if (node.touched == layer() || !node.children.empty()) return false;
    ++layers_.back().removed;
    hide(node, Hiding::removed);
    return true;
}

void ImageTree::hide(const TreeNode& node, Hiding how) {
    // Bytes that another hard link still shows are not hidden.
    if (node.content == nullptr || node.content.use_count() > 1) return;
    layers_[node.content->layer].hidden_bytes += node.content->size;
    hidden_.push_back({.path = node.path(),
                       .lower = node.content->layer,
                       .upper = layer(),
                       .bytes = node.content->size,
                       .how = how});
}

void ImageTree::hide_all(const TreeNode& node, Hiding how) {
    for (const auto& [name, child] : node.children) hide_all(*child, how);
    hide(node, how);
}

}  // namespace ocimg
