#include "imagetool/change/squash.hpp"

#include <map>
#include <utility>
#include <vector>

#include "imagetool/look/read_tree.hpp"

namespace ocimg {

namespace {

using oci::Result;

/// The names of one file that the new layer must have.
struct FileNames {
    std::vector<const TreeNode*> names;  // in the order of paths
    std::string kept_name;               // a name of the same file in the kept layers; empty: none
};
/// By layer and entry number: the order in which contents are met when the layers are read again.
using FilesByPlace = std::map<std::pair<std::size_t, std::size_t>, FileNames>;

struct Trees {
    ImageTree kept;
    ImageTree whole;
};

Result<Trees> read_trees(const Layout& layout, const FoundImage& image, std::size_t keep,
                         Progress* progress) {
    Trees trees;
    for (std::size_t layer = 0; layer < image.manifest.layers.size(); ++layer) {
        trees.whole.begin_layer();
        if (layer < keep) trees.kept.begin_layer();
        const auto add = [&](LayerEntry& listed, TarReader&) -> Result<void> {
            if (layer < keep) TRY(trees.kept.add(listed, ""));
            return trees.whole.add(listed, "");
        };
        TRY(read_layer_of(layout, image, layer, add, progress));
    }
    return trees;
}

class Squash {
public:
    Squash(NewLayer& layer, std::size_t keep) : layer_(layer), keep_(keep) {}

    /// What the kept layers have and the whole has not.
    Result<void> write_whiteouts(const TreeNode& kept, const TreeNode& whole, const std::string& path) {
        if (!whole.is_directory()) return {};
        for (const auto& [name, child] : kept.children) {
            const std::string place = path.empty() ? name : path + "/" + name;
            const auto found = whole.children.find(name);
            if (found == whole.children.end()) {
                TRY(layer_.add_whiteout(place, false));
            } else {
                TRY(write_whiteouts(*child, *found->second, place));
            }
        }
        return {};
    }

    /// Directories first, each before what it holds; files and the rest are collected on the way.
    Result<void> write_directories(const TreeNode& node, const std::string& path) {
        const bool is_new = node.layer >= keep_;
        if (node.is_directory()) {
            if (is_new) TRY(add(node, path + "/"));
        } else if (node.content != nullptr) {
            collect(node, path, is_new);
        } else if (is_new) {
            others_.emplace_back(&node, path);
        }
        for (const auto& [name, child] : node.children) {
            TRY(write_directories(*child, path.empty() ? name : path + "/" + name));
        }
        return {};
    }

    Result<void> write_files(const Layout& layout, const FoundImage& image, Progress* progress) {
        for (std::size_t number = 0; number < image.manifest.layers.size(); ++number) {
            const auto first = files_.lower_bound({number, 0});
            if (first == files_.end() || first->first.first != number) continue;
            const auto visit = [&](LayerEntry& listed, TarReader& reader) -> Result<void> {
                const auto found = files_.find({number, listed.number});
                return found == files_.end() ? Result<void>() : write_file(listed, found->second, reader);
            };
            TRY(read_layer_of(layout, image, number, visit, progress));
        }
        return {};
    }

    Result<void> write_others() {
        for (const auto& [node, path] : others_) TRY(add(*node, path));
        for (auto& [place, file] : files_) {
            if (file.names.empty()) continue;
            const bool kept = !file.kept_name.empty();
            const std::string target = kept ? file.kept_name : file.names.front()->path();
            for (std::size_t i = kept ? 0 : 1; i < file.names.size(); ++i)
                TRY(add_link(*file.names[i], target));
        }
        return {};
    }

private:
    void collect(const TreeNode& node, const std::string& path, bool is_new) {
        FileNames& file = files_[{node.content->layer, node.content->number}];
        if (is_new) {
            file.names.push_back(&node);
        } else if (file.kept_name.empty()) {
            file.kept_name = path;
        }
    }

    Result<void> add(const TreeNode& node, const std::string& name) {
        Entry entry = node.entry;
        entry.name = name == "/" ? "./" : name;
        return layer_.add(std::move(entry));
    }

    Result<void> add_link(const TreeNode& node, const std::string& target) {
        Entry entry = node.entry;
        entry.name = node.path();
        entry.kind = EntryKind::hard_link;
        entry.link_target = target;
        entry.size = 0;
        entry.sparse = false;
        return layer_.add(std::move(entry));
    }

    Result<void> write_file(const LayerEntry& listed, const FileNames& file, TarReader& reader) {
        if (file.names.empty() || !file.kept_name.empty()) return {};
        const TreeNode& node = *file.names.front();
        Entry entry = node.entry;
        entry.name = node.path();
        entry.size = listed.entry.size;
        entry.sparse = false;
        entry.segments.clear();
        TRY(check_sparse(listed.entry));
        TRY(layer_.add(std::move(entry)));
        LayerData data(layer_);
        return write_content(listed.entry, reader, data);
    }

    static Result<void> check_sparse(const Entry& entry) {
        constexpr std::uint64_t most = std::uint64_t{64} << 30U;
        if (!entry.sparse || entry.size <= most) return {};
        return oci::failure(oci::ErrorCode::unsupported,
                            "a sparse file of more than 64 GiB cannot be written into a new layer");
    }

    class LayerData final : public ByteSink {
    public:
        explicit LayerData(NewLayer& layer) : layer_(layer) {}
        Result<void> write(std::span<const std::byte> data) override { return layer_.write_data(data); }

    private:
        NewLayer& layer_;
    };

    NewLayer& layer_;
    std::size_t keep_;
    FilesByPlace files_;
    std::vector<std::pair<const TreeNode*, std::string>> others_;
};

}  // namespace

Result<FinishedLayer> write_squashed_layer(const Layout& layout, const FoundImage& image, std::size_t keep,
                                           const NewLayerOptions& options) {
    const Trees trees = TRY(read_trees(layout, image, keep, options.progress));
    const std::unique_ptr<NewLayer> layer = TRY(NewLayer::open(layout, options));
    Squash squash(*layer, keep);
    TRY(squash.write_whiteouts(trees.kept.root(), trees.whole.root(), ""));
    TRY(squash.write_directories(trees.whole.root(), ""));
    TRY(squash.write_files(layout, image, options.progress));
    TRY(squash.write_others());
    return layer->finish();
}

}  // namespace ocimg
