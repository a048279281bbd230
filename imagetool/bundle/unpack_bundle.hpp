#pragma once
// From an image of a layout to a bundle on disk: rootfs and config.json (runtime-spec bundle.md).

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/bundle/bundle_owners.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"
#include "spec/runtime/process.hpp"

namespace ocimg {

/// What an unpacking that is given up has written goes away again: so long that may take.
constexpr std::chrono::seconds time_to_take_back(60);

struct UnpackOptions {
    bool force = false;          // replace rootfs and config.json of an existing bundle
    bool keep_dirlinks = false;  // see ApplyOptions
    bool overlay = false;        // rootfs is a mount of shared layers, see overlay_root.hpp
    std::string layer_cache;     // for overlays; empty: default_layer_cache()
    BundleOwners owners;         // for trees; this process is where enter_for() put it
    /// Bytes that the files of the layers may hold together.
    std::optional<std::uint64_t> max_size;
    bool sync = false;  // all of it is on the disk before the bundle counts as whole
    Progress* progress = nullptr;
    /// Called before each layer is applied, when layers may still be on their way: comes back when it is
    /// there.
    std::function<oci::Result<void>(const oci::spec::Descriptor&)> wait_for_layer;
};

/// Applies every layer, with its digest and diff id checked, and writes config.json and ocimg.json last
/// (an overlay is mounted after that). A bundle that is
/// there and not empty is an error unless forced. On any failure the directory is as it was before; a
/// forced replacement keeps the old content until the new one is whole.
/// Gives warnings for the user.
oci::Result<std::vector<std::string>> unpack_bundle(const Layout& layout, const FoundImage& image,
                                                    const std::string& bundle, const UnpackOptions& options);

/// The ids of an image's process, looked up in the passwd and group files below `rootfs`: regular files of
/// at most 10 MiB, not links.
oci::Result<oci::spec::User> look_up_user(oci::BorrowedFd rootfs, const std::string& user);

}  // namespace ocimg
