#include "imagetool/bundle/overlay_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/bundle_directory.hpp"
#include "imagetool/bundle/cache_users.hpp"
#include "imagetool/layer/copy_up.hpp"
#include "imagetool/overlay/mount_overlay.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

namespace {

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

std::string environment(const char* name) {
    const char* const text = ::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? std::string() : std::string(text);
}

/// The layers that the record names, out of the cache; none of them may be missing.
Result<LayerStack> find_layers(const LayerCache& cache, const BundleRecord& record) {
    LayerStack stack;
    for (const std::string& chain : record.chain_ids) {
        Fd directory = TRY(cache.find(chain));
        if (!directory.is_open())
            return failure(ErrorCode::not_found, "layer " + chain + " is not in the layer cache");
        stack.directories.push_back(std::move(directory));
        stack.chain_ids.push_back(chain);
    }
    return stack;
}

Result<LayerStack> unpack_again(const LayerCache& cache, const BundleRecord& record) {
    auto found = find_layers(cache, record);
    if (found || found.error().code != ErrorCode::not_found) return found;
    const Layout layout = TRY(Layout::open(record.layout));
    const FoundImage image = TRY(read_image(layout, record.manifest));
    LayerStack stack = TRY(cache.unpack(layers_to_unpack(layout, image)));
    if (stack.chain_ids != record.chain_ids)
        return failure(ErrorCode::invalid, "ocimg.json: chainIds: they are not those of the image's layers");
    return stack;
}

Result<BundleRecord> overlay_record(const BundleDirectory& bundle) {
    BundleRecord record = TRY(read_bundle_record(bundle.fd(), bundle.path()));
    if (record.kind() == RootKind::overlay) return record;
    return failure(ErrorCode::wrong_state, quote(bundle.path()) + " was not unpacked with --overlay");
}

}  // namespace

Result<std::string> default_layer_cache() {
    if (std::string chosen = environment("OCIMG_LAYER_CACHE"); !chosen.empty()) return chosen;
    if (::geteuid() == 0) return std::string("/var/lib/ocimg-layers");
    if (const std::string cache = environment("XDG_CACHE_HOME"); cache.starts_with('/'))
        return cache + "/ocimg/layers";
    if (const std::string home = environment("HOME"); home.starts_with('/'))
        return home + "/.cache/ocimg/layers";
    return failure(ErrorCode::invalid,
                   "where the layer cache is cannot be said: set OCIMG_LAYER_CACHE, XDG_CACHE_HOME or HOME");
}

std::vector<LayerToUnpack> layers_to_unpack(const Layout& layout, const FoundImage& image) {
    std::vector<LayerToUnpack> layers;
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
        const oci::spec::Descriptor& blob = image.manifest.layers[i];
        layers.push_back({.open_blob = [&layout, blob] { return layout.open_blob(blob); },
                          .media_type = blob.media_type,
                          .digest = blob.digest,
                          .size = static_cast<std::uint64_t>(blob.size),
                          .diff_id = image.config.rootfs.diff_ids[i]});
    }
    return layers;
}

Result<void> make_overlay_directories(BorrowedFd directory, const LayerStack& layers) {
    TRY(make_root_directory(directory, "rootfs"));
    TRY(oci::make_directory(directory, "work", 0700));
    const Fd upper = TRY(make_root_directory(directory, "upper"));
    if (layers.directories.empty()) return {};
    LowerFile top;
    top.place = TRY(oci::duplicate(layers.directories.front()));
    TRY(copy_directory_attributes(top, upper));
    const struct stat status = TRY(oci::status_of(top.place));
    const struct timespec times[2] = {{0, UTIME_OMIT}, status.st_mtim};
    if (::futimens(upper.get(), times) != 0)
        return oci::last_system_failure("set time of the root directory");
    return {};
}

Result<Fd> mount_overlay_root(BorrowedFd directory, const LayerStack& layers, OverlayAttributes attributes) {
    const Fd upper = TRY(oci::open_at(directory, "upper", directory_flags));
    const Fd work = TRY(oci::open_at(directory, "work", directory_flags));
    OverlayRequest request{.lowers = layers.borrow(), .upper = upper, .work = work, .attributes = attributes};
    auto mount = mount_overlay(request);
    if (mount || (mount.error().system_errno != EPERM && mount.error().system_errno != EACCES)) return mount;
    return failure(ErrorCode::unsupported,
                   mount.error().text +
                       ": mounting needs root, or a user and mount namespace of one's own (unshare -Urm)");
}

Result<void> mount_bundle(const std::string& path) {
    const BundleDirectory bundle = TRY(BundleDirectory::open(path, BundleMode::change));
    const BundleRecord record = TRY(overlay_record(bundle));
    if (TRY(is_mount_point(bundle.fd(), "rootfs"))) return {};
    const OverlayAttributes attributes =
        record.attributes == "user" ? OverlayAttributes::user : OverlayAttributes::trusted;
    const LayerCache cache = TRY(LayerCache::open(
        record.layer_cache, {.attributes = attributes, .keep_dirlinks = record.keep_dirlinks}));
    const Fd hold = TRY(cache.hold());
    const LayerStack layers = TRY(unpack_again(cache, record).in("mount " + quote(path)));
    TRY(register_cache_user(cache, path));
    const Fd mount = TRY(mount_overlay_root(bundle.fd(), layers, attributes));
    const Fd place = TRY(oci::open_at(bundle.fd(), "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW));
    return attach_mount(mount, place).in("mount " + quote(path));
}

Result<void> unmount_bundle(const std::string& path, bool remove) {
    const BundleDirectory bundle = TRY(BundleDirectory::open(path, BundleMode::change));
    const BundleRecord record = TRY(overlay_record(bundle));
    if (TRY(is_mount_point(bundle.fd(), "rootfs"))) {
        TRY(unmount("/proc/self/fd/" + std::to_string(bundle.fd().get()) + "/rootfs").in(quote(path)));
    } else if (!remove) {
        return failure(ErrorCode::wrong_state, "the rootfs of " + quote(path) + " is not mounted");
    }
    if (!remove) return {};
    for (const char* name : {"rootfs", "upper", "work"})
        TRY(oci::remove_tree(bundle.fd(), name).in(quote(path)));
    TRY(oci::remove_file(bundle.fd(), "config.json"));
    TRY(oci::remove_file(bundle.fd(), bundle_record_name));
    if (::rmdir(path.c_str()) != 0 && errno != ENOTEMPTY)
        return oci::last_system_failure("remove " + quote(path));
    return {};
}

}  // namespace ocimg
