#include "imagetool/bundle/unpack_bundle.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/find_user.hpp"
#include "imagetool/bundle/to_runtime_config.hpp"
#include "imagetool/layer/apply_layer.hpp"
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
/// Where the new root grows until it is whole, inside the bundle: the same file system, one rename.
constexpr const char* growing_root = ".ocimg-rootfs";

/// The bundle's directory, held by this process; made by it, or found empty (or forced).
struct BundleDirectory {
    Fd fd;
    std::string path;
    bool made = false;
};

Result<BundleDirectory> open_bundle(const std::string& path, bool force) {
    const std::string context = "bundle " + quote(path);
    BundleDirectory bundle{.fd = {}, .path = path};
    // 0700: the images' setuid programs are nothing for other users of this host.
    auto made = oci::make_directory(oci::current_directory, path, 0700);
    bundle.made = made.has_value();
    if (!made && made.error().code != ErrorCode::exists) {
        return failure(made.error().code, context + ": " + oci::errno_text(made.error().system_errno));
    }
    auto directory = oci::open_file(path, O_RDONLY | O_DIRECTORY);
    if (!directory) {
        return failure(directory.error().code,
                       context + ": " + oci::errno_text(directory.error().system_errno));
    }
    bundle.fd = std::move(*directory);
    if (::flock(bundle.fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return oci::last_system_failure(context + ": flock");
        return failure(ErrorCode::wrong_state, context + ": another ocimg works in it");
    }
    // What an ocimg that was killed left there does not count; it is removed before the new root grows.
    std::vector<std::string> names = TRY(oci::list_directory(bundle.fd).in(context));
    std::erase(names, growing_root);
    if (!force && !names.empty()) {
        return failure(ErrorCode::exists,
                       context +
                           " exists and is not empty: name another one, or give --force to replace its "
                           "rootfs and config.json");
    }
    return bundle;
}

/// Everything about the layers that can be known before the first byte is written.
Result<void> check_layers(const Layout& layout, const oci::spec::Manifest& manifest) {
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
        const std::string context = "layers[" + std::to_string(i) + "]";
        TRY(compression_of_media_type(manifest.layers[i].media_type).in(context));
        TRY(layout.open_blob(manifest.layers[i]).in(context));
    }
    return {};
}

Result<void> apply_layers(const Layout& layout, const FoundImage& image, BorrowedFd rootfs,
                          const UnpackOptions& options) {
    const ApplyOptions apply{.keep_dirlinks = options.keep_dirlinks};
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
        const Descriptor& layer = image.manifest.layers[i];
        const std::string context = "layers[" + std::to_string(i) + "]";
        const Fd blob = TRY(layout.open_blob(layer).in(context));
        const LayerSource source{.blob = blob,
                                 .media_type = layer.media_type,
                                 .digest = layer.digest,
                                 .size = static_cast<std::uint64_t>(layer.size),
                                 .diff_id = image.config.rootfs.diff_ids[i]};
        TRY(apply_layer_blob(source, rootfs, apply).in(context));
    }
    return {};
}

/// Makes the directory for the new root. What an ocimg that was killed left there goes away first.
Result<Fd> make_growing_root(BorrowedFd bundle) {
    TRY(oci::remove_tree(bundle, growing_root));
    TRY(oci::make_directory(bundle, growing_root, 0755));
    Fd root = TRY(oci::open_at(bundle, growing_root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    // Not the caller's umask and not the present time: images need not have an entry for their root.
    if (::fchmod(root.get(), 0755) != 0) return oci::last_system_failure("chmod the root directory");
    const struct timespec epoch[2] = {{0, 0}, {0, 0}};
    if (::futimens(root.get(), epoch) != 0)
        return oci::last_system_failure("set times of the root directory");
    return root;
}

/// Puts the finished root in its place; an old one goes away afterwards.
Result<void> publish_root(BorrowedFd bundle) {
    const bool replaces = oci::exists_at(bundle, "rootfs");
    const unsigned flags = replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(bundle.get(), growing_root, bundle.get(), "rootfs", flags) != 0) {
        return oci::last_system_failure("rename to rootfs");
    }
    return replaces ? oci::remove_tree(bundle, growing_root).in("remove the old rootfs") : Result<void>{};
}

Result<std::vector<std::string>> fill_bundle(const Layout& layout, const FoundImage& image, BorrowedFd bundle,
                                             const UnpackOptions& options) {
    const Fd root = TRY(make_growing_root(bundle));
    TRY(apply_layers(layout, image, root, options));
    const std::string user = image.config.config.has_value() ? image.config.config->user : std::string();
    Conversion conversion = TRY(to_runtime_config(image.config, TRY(look_up_user(root, user))));
    const std::string text = oci::spec::to_json(conversion.config, "    ") + "\n";
    TRY(publish_root(bundle));
    TRY(oci::replace_file(bundle, "config.json", text, 0644, oci::Durability::atomic_only));
    return std::move(conversion.warnings);
}

void take_back(const BundleDirectory& bundle, bool forced) {
    // Nothing more can be done when this fails too; the first error is the one to tell.
    if (auto removed = oci::remove_tree(bundle.fd, growing_root); !removed) return;
    if (forced && !bundle.made) return;
    if (auto removed = oci::remove_tree(bundle.fd, "rootfs"); !removed) return;
    if (bundle.made) ::rmdir(bundle.path.c_str());
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
    TRY(check_layers(layout, image.manifest));
    const BundleDirectory bundle = TRY(open_bundle(bundle_path, options.force));
    auto filled = fill_bundle(layout, image, bundle.fd, options);
    if (!filled) {
        take_back(bundle, options.force);
        return filled.error().in("unpack to " + quote(bundle_path));
    }
    return filled;
}

}  // namespace ocimg
