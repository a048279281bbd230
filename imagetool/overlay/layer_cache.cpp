#include "imagetool/overlay/layer_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/layer/spread_children.hpp"
#include "imagetool/overlay/chain_id.hpp"
#include "imagetool/overlay/mount_overlay.hpp"
#include "imagetool/overlay/plain_copy.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::Fd;
using oci::Result;

namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
/// In a layer's directory: the files were not synced, they count only in the boot whose id this holds.
constexpr const char* unsynced = "unsynced";

std::string file_name_of(const std::string& chain_id) {
    std::string name = chain_id;
    std::replace(name.begin(), name.end(), ':', '-');
    return name;
}

Result<Fd> open_or_make(BorrowedFd parent, const std::string& name) {
    auto made = oci::make_directory(parent, name, 0700);
    if (!made && made.error().code != ErrorCode::exists) return made.error();
    return oci::open_at(parent, name, directory_flags);
}

std::string boot_id() {
    auto text = oci::read_kernel_file("/proc/sys/kernel/random/boot_id");
    return text.has_value() ? std::move(text).value() : std::string("unknown");
}

Result<bool> same_directory(BorrowedFd opened, BorrowedFd parent, const std::string& name) {
    const struct stat ours = TRY(oci::status_of(opened));
    const auto there = oci::status_at(parent, name);
    return there.has_value() && there->st_ino == ours.st_ino && there->st_dev == ours.st_dev;
}

Result<Fd> lock_directory(BorrowedFd directory, int how) {
    Fd own = TRY(oci::open_at(directory, ".", O_RDONLY | O_DIRECTORY));
    while (::flock(own.get(), how) != 0) {
        if (errno != EINTR) return oci::last_system_failure("lock the layer cache");
    }
    return own;
}

/// The directory that a layer's tree grows in: as the specification wants roots that have no entry.
Result<Fd> make_tree(BorrowedFd place) {
    TRY(oci::make_directory(place, "fs", 0755));
    Fd tree = TRY(oci::open_at(place, "fs", directory_flags));
    if (::fchmod(tree.get(), 0755) != 0) return oci::last_system_failure("chmod the layer's directory");
    const struct timespec epoch[2] = {{0, 0}, {0, 0}};
    if (::futimens(tree.get(), epoch) != 0)
        return oci::last_system_failure("set times of the layer's directory");
    return tree;
}

/// The layers below, bottom first, as one tree. Empty: not open. A plain copy stands in `place`, as "lower".
Result<Fd> show_lower(std::span<const Fd> below, const LayerCache::Options& options, BorrowedFd place) {
    if (below.empty()) return Fd();
    if (below.size() == 1) return oci::duplicate(below.front());
    OverlayRequest request{.attributes = options.attributes};
    for (std::size_t i = below.size(); i > 0; --i) request.lowers.push_back(below[i - 1]);
    if (!options.plain_copies) return mount_overlay(request);
    Fd copy = TRY(open_or_make(place, "lower"));
    TRY(copy_layers(request.lowers, copy));
    return copy;
}

}  // namespace

std::vector<BorrowedFd> LayerStack::borrow() const {
    return {directories.begin(), directories.end()};
}

/// A layer's place while it is made: held by this process alone. Dropped, it goes away with all in it.
class LayerCache::Growing {
public:
    /// Waits for whoever makes the same layer.
    static Result<Growing> lock(const LayerCache& cache, const std::string& name) {
        for (;;) {
            auto opened = open_or_make(cache.growing_, name);
            // It was there and was published or given up before it could be opened.
            if (!opened && opened.error().code == ErrorCode::not_found) continue;
            Fd place = TRY(std::move(opened));
            while (::flock(place.get(), LOCK_EX) != 0) {
                if (errno != EINTR) return oci::last_system_failure("lock " + oci::quote(name));
            }
            // Meanwhile it may have become a finished layer, or have been given up.
            if (TRY(same_directory(place, cache.growing_, name)))
                return Growing(cache, name, std::move(place));
        }
    }
    ~Growing() {
        if (place_.is_open() && !published_) static_cast<void>(oci::remove_tree(cache_->growing_, name_));
    }
    Growing(Growing&& other) noexcept = default;
    Growing& operator=(Growing&&) = delete;
    Growing(const Growing&) = delete;
    Growing& operator=(const Growing&) = delete;

    [[nodiscard]] BorrowedFd place() const { return place_; }

    Result<void> publish() {
        if (::renameat(cache_->growing_.get(), name_.c_str(), cache_->layers_.get(), name_.c_str()) != 0)
            return oci::last_system_failure("put layer " + name_ + " into the cache");
        published_ = true;
        return {};
    }

private:
    Growing(const LayerCache& cache, std::string name, Fd place)
        : cache_(&cache), name_(std::move(name)), place_(std::move(place)) {}

    const LayerCache* cache_;
    std::string name_;
    Fd place_;
    bool published_ = false;
};

Result<LayerCache> LayerCache::open(const std::string& path, const Options& options) {
    const std::string context = "layer cache " + oci::quote(path);
    TRY(oci::make_directories(path, 0700).in(context));
    const Fd top = TRY(oci::open_file(path, O_RDONLY | O_DIRECTORY).in(context));
    std::string format = options.attributes == OverlayAttributes::trusted ? "trusted" : "user";
    if (options.keep_dirlinks) format += "-dirlinks";
    if (options.ids.uids.size() == 1 && options.ids.uids.front().size == 1) format += "-one";
    Fd root = TRY(open_or_make(top, format).in(context));
    Fd layers = TRY(open_or_make(root, "layers").in(context));
    Fd growing = TRY(open_or_make(root, "growing").in(context));
    spread_children(growing);
    return LayerCache(options, std::move(root), std::move(layers), std::move(growing));
}

Result<Fd> LayerCache::find(const std::string& chain_id) const {
    const std::string name = file_name_of(chain_id);
    auto tree = oci::open_at(layers_, name + "/fs", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!tree.has_value()) {
        if (tree.error().code == ErrorCode::not_found) return Fd();
        return tree.error().in("layer cache");
    }
    const auto boot = oci::read_file(layers_, name + "/" + unsynced, 100);
    if (boot.has_value() && *boot != boot_id()) return Fd();
    return tree;
}

Result<Fd> LayerCache::make(const LayerToUnpack& layer, const std::string& chain_id,
                            std::span<const Fd> below) const {
    const std::string name = file_name_of(chain_id);
    Growing growing = TRY(Growing::lock(*this, name));
    if (Fd found = TRY(find(chain_id)); found.is_open()) return found;
    TRY(oci::remove_tree(layers_, name));  // not synced before the last boot
    TRY(oci::remove_tree(growing.place(), "fs"));
    const Fd tree = TRY(make_tree(growing.place()));
    Fd lower = TRY(show_lower(below, options_, growing.place()));
    const Fd blob = TRY(layer.open_blob());
    const LayerSource source{.blob = blob,
                             .media_type = layer.media_type,
                             .digest = layer.digest,
                             .size = layer.size,
                             .diff_id = layer.diff_id};
    ApplyOptions apply{.keep_dirlinks = options_.keep_dirlinks,
                       .alone = LayerAlone{.lower = lower, .attributes = options_.attributes},
                       .on_read = layer.on_read};
    Owners owners(options_.ids, UnmappedOwners::note);
    owners.keep_no_notes();
    if (!options_.ids.empty()) apply.owners = &owners;
    TRY(apply_layer_blob(source, tree, apply));
    lower.reset();
    TRY(oci::remove_tree(growing.place(), "lower"));
    // The cache outlives power cuts: what is in it is whole.
    if (::syncfs(tree.get()) != 0) return oci::last_system_failure("sync the layer cache");
    TRY(growing.publish());
    if (layer.on_done) layer.on_done();
    return oci::open_at(layers_, name + "/fs", O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

Result<LayerStack> LayerCache::unpack(std::span<const LayerToUnpack> layers) const {
    std::vector<std::string> diff_ids;
    for (const LayerToUnpack& layer : layers) diff_ids.push_back(layer.diff_id);
    const std::vector<std::string> chains = TRY(chain_ids(diff_ids));
    std::vector<Fd> directories;  // bottom first
    for (std::size_t i = 0; i < layers.size(); ++i) {
        Fd directory = TRY(find(chains[i]));
        if (!directory.is_open()) {
            directory = TRY(make(layers[i], chains[i], directories).in("layers[" + std::to_string(i) + "]"));
        }
        directories.push_back(std::move(directory));
    }
    LayerStack stack;
    for (std::size_t i = chains.size(); i > 0; --i) {
        stack.directories.push_back(std::move(directories[i - 1]));
        stack.chain_ids.push_back(chains[i - 1]);
    }
    return stack;
}

Result<Fd> LayerCache::adopt(const std::string& chain_id, BorrowedFd directory,
                             const std::string& name) const {
    const std::string entry = file_name_of(chain_id);
    Growing growing = TRY(Growing::lock(*this, entry));
    if (Fd found = TRY(find(chain_id)); found.is_open()) return found;
    TRY(oci::remove_tree(layers_, entry));
    TRY(oci::remove_tree(growing.place(), "fs"));
    if (::renameat(directory.get(), name.c_str(), growing.place().get(), "fs") != 0)
        return oci::last_system_failure("move " + oci::quote(name) + " into the layer cache");
    TRY(oci::replace_file(growing.place(), unsynced, boot_id(), 0600, oci::Durability::atomic_only));
    TRY(growing.publish());
    return oci::open_at(layers_, entry + "/fs", O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

Result<void> LayerCache::remove(const std::string& chain_id) const {
    const std::string name = file_name_of(chain_id);
    const Growing growing = TRY(Growing::lock(*this, name));  // removes what is moved into it
    if (::renameat(layers_.get(), name.c_str(), growing.place().get(), "old") != 0 && errno != ENOENT)
        return oci::last_system_failure("remove layer " + name + " from the cache");
    return {};
}

Result<Fd> LayerCache::hold() const {
    return lock_directory(root_, LOCK_SH);
}

Result<Fd> LayerCache::hold_alone() const {
    return lock_directory(root_, LOCK_EX);
}

Result<std::vector<std::string>> LayerCache::list() const {
    std::vector<std::string> names = TRY(oci::list_directory(layers_).in("layer cache"));
    for (std::string& name : names) {
        const std::size_t dash = name.find('-');
        if (dash != std::string::npos) name[dash] = ':';
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace ocimg
