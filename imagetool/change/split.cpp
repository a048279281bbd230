#include "imagetool/change/split.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/text.hpp"
#include "imagetool/look/image_tree.hpp"
#include "imagetool/look/read_tree.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

/// Which part each entry of the layer belongs to.
class Assignment {
public:
    explicit Assignment(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

    Result<void> take(const LayerEntry& listed) {
        const std::string path = listed.path.full();
        if (listed.number >= ImageTree::most_entries) {
            return failure(ErrorCode::unsupported, "the layer has more entries than can be split");
        }
        part_of_.resize(listed.number + 1, none);
        if (listed.whiteout.kind != WhiteoutKind::none) {
            part_of_[listed.number] = 0;
            return {};
        }
        TRY(check_parents(listed.path.parent));
        const bool is_directory = listed.entry.kind == EntryKind::directory;
        if (is_directory) {
            directories_[path] = listed.entry;
        } else {
            others_.insert(path);
        }
        part_of_[listed.number] = choose(listed, path);
        return {};
    }

    [[nodiscard]] std::size_t parts() const { return part_ + 1; }
    [[nodiscard]] std::size_t part_of(std::size_t number) const {
        return number < part_of_.size() ? part_of_[number] : none;
    }
    [[nodiscard]] const Entry* directory(const std::string& path) const {
        const auto found = directories_.find(path);
        return found == directories_.end() ? nullptr : &found->second;
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    /// An entry below a link of the same layer would lose its way when the link is in another part.
    Result<void> check_parents(const std::string& parent) const {
        for (std::string path = parent; !path.empty();) {
            if (others_.contains(path)) {
                return failure(
                    ErrorCode::unsupported,
                    "entries below " + quote(path) + ", which is no directory: the layer cannot be split");
            }
            const std::size_t slash = path.rfind('/');
            path = slash == std::string::npos ? std::string() : path.substr(0, slash);
        }
        return {};
    }

    std::size_t choose(const LayerEntry& listed, const std::string& path) {
        if (listed.entry.kind == EntryKind::hard_link) {
            const auto target = entry_path(listed.entry.link_target);
            const auto found = target ? files_.find(target->full()) : files_.end();
            if (found == files_.end()) return part_;
            const std::size_t part = found->second;
            files_[path] = part;
            return part;
        }
        if (listed.entry.kind != EntryKind::file) return part_;
        if (bytes_ > 0 && listed.entry.size > most_bytes_ - std::min(bytes_, most_bytes_)) {
            ++part_;
            bytes_ = 0;
        }
        bytes_ += listed.entry.size;
        files_[path] = part_;
        return part_;
    }

    std::uint64_t most_bytes_;
    std::uint64_t bytes_ = 0;
    std::size_t part_ = 0;
    std::vector<std::size_t> part_of_;
    std::map<std::string, Entry> directories_;
    std::map<std::string, std::size_t> files_;
    std::set<std::string> others_;
};

/// One part while it is written.
class Part final : public ByteSink {
public:
    Part(NewLayer& layer, const Assignment& assignment) : layer_(layer), assignment_(assignment) {}

    Result<void> write(std::span<const std::byte> data) override { return layer_.write_data(data); }

    Result<void> take(const LayerEntry& listed, TarReader& reader) {
        if (listed.whiteout.kind != WhiteoutKind::none) {
            const bool opaque = listed.whiteout.kind == WhiteoutKind::opaque;
            const std::string& parent = listed.path.parent;
            const std::string place =
                parent.empty() ? listed.whiteout.target : parent + "/" + listed.whiteout.target;
            return layer_.add_whiteout(opaque ? parent : place, opaque);
        }
        TRY(add_directories(listed.path.parent));
        const std::string path = listed.path.full();
        if (listed.entry.kind == EntryKind::directory) {
            if (!written_.insert(path).second) return {};
            return add_directory(path, *assignment_.directory(path));
        }
        Entry entry = listed.entry;
        entry.name = path;
        entry.sparse = false;
        entry.segments.clear();
        TRY(layer_.add(entry));
        return entry.kind == EntryKind::file ? write_content(listed.entry, reader, *this) : Result<void>();
    }

private:
    Result<void> add_directory(const std::string& path, Entry entry) {
        entry.name = path.empty() ? "./" : path + "/";
        return layer_.add(std::move(entry));
    }

    Result<void> add_directories(const std::string& parent) {
        if (parent.empty()) return {};
        std::string path;
        for (const std::string& name : oci::split(parent, '/')) {
            path += (path.empty() ? "" : "/") + name;
            const Entry* const entry = assignment_.directory(path);
            if (entry == nullptr || !written_.insert(path).second) continue;
            TRY(add_directory(path, *entry));
        }
        return {};
    }

    NewLayer& layer_;
    const Assignment& assignment_;
    std::set<std::string> written_;
};

}  // namespace

Result<std::vector<FinishedLayer>> write_split_layers(const Layout& layout, const FoundImage& image,
                                                      std::size_t number, std::uint64_t most_bytes,
                                                      const NewLayerOptions& options) {
    Assignment assignment(most_bytes);
    TRY(read_layer_of(
        layout, image, number, [&](LayerEntry& listed, TarReader&) { return assignment.take(listed); },
        options.progress));
    std::vector<FinishedLayer> layers;
    if (assignment.parts() < 2) return layers;
    for (std::size_t part = 0; part < assignment.parts(); ++part) {
        const std::unique_ptr<NewLayer> layer = TRY(NewLayer::open(layout, options));
        Part writer(*layer, assignment);
        const auto visit = [&](LayerEntry& listed, TarReader& reader) -> Result<void> {
            return assignment.part_of(listed.number) == part ? writer.take(listed, reader) : Result<void>();
        };
        TRY(read_layer_of(layout, image, number, visit, options.progress));
        layers.push_back(TRY(layer->finish()));
    }
    return layers;
}

}  // namespace ocimg
