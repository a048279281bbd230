#include "imagetool/bundle/unpack_bundle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/bundle_directory.hpp"
#include "imagetool/bundle/bundle_record.hpp"
#include "imagetool/bundle/cache_users.hpp"
#include "imagetool/bundle/find_user.hpp"
#include "imagetool/bundle/overlay_root.hpp"
#include "imagetool/bundle/to_runtime_config.hpp"
#include "imagetool/bundle/tree_records.hpp"
#include "imagetool/layer/apply_layer.hpp"
#include "imagetool/layer/xattrs.hpp"
#include "imagetool/overlay/mount_overlay.hpp"
#include "imagetool/stream/compression.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocimg {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

constexpr std::size_t user_file_limit = std::size_t{10} << 20U;
/// Everything about the layers that can be known before the first byte is written.
Result<void> check_layers(const Layout& layout, const oci::spec::Manifest& manifest,
                          const UnpackOptions& options) {
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
        const std::string context = "layers[" + std::to_string(i) + "]";
        TRY(compression_of_media_type(manifest.layers[i].media_type).in(context));
        if (!options.wait_for_layer) TRY(layout.open_blob(manifest.layers[i]).in(context));
    }
    return {};
}

ProgressItem start_item(const UnpackOptions& options, const Descriptor& layer) {
    if (options.progress == nullptr) return {};
    constexpr std::size_t shown = 12;
    const std::size_t colon = layer.digest.find(':');
    return options.progress->start("layer " + layer.digest.substr(colon + 1, shown),
                                   static_cast<std::uint64_t>(layer.size));
}

/// Lets the layers that the cache lacks report on themselves. The items outlive the layers.
void report_on_layers(std::vector<LayerToUnpack>& layers, std::vector<ProgressItem>& items,
                      const UnpackOptions& options, const oci::spec::Manifest& manifest) {
    items.resize(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
        layers[i].open_blob = [&item = items[i], &options, &blob = manifest.layers[i],
                               open = std::move(layers[i].open_blob)] {
            item = start_item(options, blob);
            return open();
        };
        layers[i].on_read = [&item = items[i]](std::uint64_t bytes) { item.add(bytes); };
        layers[i].on_done = [&item = items[i]] { item.finish(); };
    }
}

Result<void> apply_layers(const Layout& layout, const FoundImage& image, BorrowedFd rootfs,
                          TreeRecorder& recorder, Owners* owners, const UnpackOptions& options) {
    std::uint64_t space = options.max_size.value_or(0);
    ApplyOptions apply{.keep_dirlinks = options.keep_dirlinks,
                       .observer = &recorder,
                       .owners = owners,
                       .space = options.max_size.has_value() ? &space : nullptr};
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
        const Descriptor& layer = image.manifest.layers[i];
        const std::string context = "layers[" + std::to_string(i) + "]";
        if (options.wait_for_layer) TRY(options.wait_for_layer(layer).in(context));
        const Fd blob = TRY(layout.open_blob(layer).in(context));
        const LayerSource source{.blob = blob,
                                 .media_type = layer.media_type,
                                 .digest = layer.digest,
                                 .size = static_cast<std::uint64_t>(layer.size),
                                 .diff_id = image.config.rootfs.diff_ids[i]};
        recorder.begin_layer(static_cast<std::uint32_t>(i));
        ProgressItem item = start_item(options, layer);
        apply.on_read = [&item](std::uint64_t bytes) { item.add(bytes); };
        TRY(apply_layer_blob(source, rootfs, apply).in(context));
        item.finish();
    }
    return {};
}

Result<Conversion> convert_config(const FoundImage& image, BorrowedFd root) {
    const std::string user = image.config.config.has_value() ? image.config.config->user : std::string();
    return to_runtime_config(image.config, TRY(look_up_user(root, user)));
}

/// The root directory belongs to the container's root, who must also get through the bundle to it; and it
/// shows whether files here can have notes.
Result<void> own_root(const BundleDirectory& bundle, BorrowedFd root, bool is_rootless, Owners& owners) {
    for (const BorrowedFd directory : {root, bundle.was_made() ? bundle.fd() : root}) {
        if (::fchown(directory.get(), owners.root_uid(), owners.root_gid()) != 0)
            return oci::last_system_failure("change owner of the root directory");
    }
    if (!is_rootless) return {};
    if (!XattrTarget(root).set(owner_note_name, "\b\1").has_value()) owners.keep_no_notes();
    return XattrTarget(root).clear();
}

/// The parts have their places; config.json and the record say that the bundle is whole.
Result<void> write_documents(const BundleDirectory& bundle, const Conversion& conversion,
                             const BundleRecord& record) {
    const std::string text = oci::spec::to_json(conversion.config, "    ") + "\n";
    TRY(oci::replace_file(bundle.fd(), "config.json", text, 0644, oci::Durability::atomic_only));
    return write_bundle_record(bundle.fd(), record);
}

Result<std::vector<std::string>> fill_tree(const Layout& layout, const FoundImage& image,
                                           const BundleDirectory& bundle, const UnpackOptions& options,
                                           const BundleRecord& record) {
    const Fd growing = TRY(bundle.make_growing());
    const Fd root = TRY(make_root_directory(growing, "rootfs"));
    std::optional<Owners> owners = owners_of_files(options.owners);
    if (owners.has_value()) TRY(own_root(bundle, root, options.owners.rootless, *owners));
    const auto recorder = TRY(TreeRecorder::open(growing, tree_records_name, root));
    TRY(apply_layers(layout, image, root, *recorder, owners.has_value() ? &*owners : nullptr, options));
    Conversion conversion = TRY(convert_config(image, root));
    map_container(conversion, options.owners);
    if (owners.has_value()) {
        const std::vector<std::string> losses = owners->describe_losses();
        conversion.warnings.insert(conversion.warnings.end(), losses.begin(), losses.end());
    }
    TRY(recorder->finish());
    if (options.sync && ::syncfs(root.get()) != 0) return oci::last_system_failure("sync the bundle");
    TRY(bundle.publish(growing));
    TRY(write_documents(bundle, conversion, record));
    return std::move(conversion.warnings);
}

Result<std::vector<std::string>> fill_overlay(const Layout& layout, const FoundImage& image,
                                              const BundleDirectory& bundle, const UnpackOptions& options,
                                              BundleRecord record) {
    if (image.manifest.layers.empty())
        return failure(ErrorCode::invalid, "the image has no layers: unpack it without --overlay");
    if (options.max_size.has_value())
        return failure(ErrorCode::unsupported, "--max-size is not for --overlay: layers are shared");
    record.layer_cache = TRY(
        oci::absolute_path(options.layer_cache.empty() ? TRY(default_layer_cache()) : options.layer_cache));
    const LayerCache cache =
        TRY(LayerCache::open(record.layer_cache, {.attributes = usable_overlay_attributes(),
                                                  .keep_dirlinks = options.keep_dirlinks}));
    record.attributes = cache.attributes() == OverlayAttributes::user ? "user" : "trusted";
    const Fd hold = TRY(cache.hold());
    std::vector<LayerToUnpack> needed = layers_to_unpack(layout, image);
    std::vector<ProgressItem> items;
    report_on_layers(needed, items, options, image.manifest);
    const LayerStack layers = TRY(cache.unpack(needed));
    record.chain_ids = layers.chain_ids;
    const Fd growing = TRY(bundle.make_growing());
    TRY(make_overlay_directories(growing, layers));
    const Fd mount = TRY(mount_overlay_root(growing, layers, cache.attributes()));
    Conversion conversion = TRY(convert_config(image, mount));
    TRY(bundle.publish(growing));
    TRY(write_documents(bundle, conversion, record));
    TRY(register_cache_user(cache, bundle.path()));
    // Last of all, so that nothing that fails leaves a mount behind.
    const Fd place = TRY(oci::open_at(bundle.fd(), "rootfs", O_PATH | O_DIRECTORY | O_NOFOLLOW));
    TRY(attach_mount(mount, place));
    return std::move(conversion.warnings);
}

Result<std::string> read_user_file(BorrowedFd rootfs, const std::string& path) {
    const std::string context = "the image's /" + path;
    // O_PATH: neither a fifo nor a device is opened before its kind is known. A final link could lead to
    // whatever the image likes, and is none of the kinds that count.
    auto place = oci::open_in_root(rootfs, path, O_PATH, 0, {.follow_last = false});
    if (!place) {
        if (place.error().code == ErrorCode::not_found) return std::string();
        return failure(place.error().code, context + ": " + oci::errno_text(place.error().system_errno));
    }
    const struct stat status = TRY(oci::status_of(*place).in(context));
    if (!S_ISREG(status.st_mode)) return failure(ErrorCode::invalid, context + " is not a regular file");
    const Fd file =
        TRY(oci::open_file("/proc/self/fd/" + std::to_string(place->get()), O_RDONLY).in(context));
    return oci::read_all(file, user_file_limit).in(context);
}

}  // namespace

Result<oci::spec::User> look_up_user(BorrowedFd rootfs, const std::string& user) {
    if (!needs_user_files(user)) return find_user(user, {}, {});
    const std::string passwd = TRY(read_user_file(rootfs, "etc/passwd"));
    const std::string group = TRY(read_user_file(rootfs, "etc/group"));
    return find_user(user, passwd, group);
}

Result<std::vector<std::string>> unpack_bundle(const Layout& layout, const FoundImage& image,
                                               const std::string& bundle_path, const UnpackOptions& options) {
    TRY(check_layers(layout, image.manifest, options));
    BundleRecord record{.layout = TRY(oci::absolute_path(layout.path())),
                        .tag = image.tag,
                        .manifest = image.descriptor,
                        .root = options.overlay ? "overlay" : "tree",
                        .keep_dirlinks = options.keep_dirlinks,
                        .owners = options.owners};
    const BundleDirectory bundle =
        TRY(BundleDirectory::open(bundle_path, options.force ? BundleMode::replace : BundleMode::fresh));
    auto filled = options.overlay ? fill_overlay(layout, image, bundle, options, std::move(record))
                                  : fill_tree(layout, image, bundle, options, record);
    if (!filled) {
        bundle.take_back();
        return filled.error().in("unpack to " + quote(bundle_path));
    }
    return filled;
}

}  // namespace ocimg
