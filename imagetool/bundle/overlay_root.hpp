#pragma once
// Roots of bundles that are overlay mounts: the image's layers out of the shared cache, and the bundle's own
// directory for what is changed. Ten bundles of an image need its space once.
//
//     BUNDLE/rootfs   where the root is mounted      BUNDLE/upper, BUNDLE/work   what was changed
//
// The mount lives until `ocimg umount` or the next boot; `ocimg mount` makes it anew from ocimg.json.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/bundle/bundle_record.hpp"
#include "imagetool/overlay/layer_cache.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/layout.hpp"

namespace ocimg {

/// OCIMG_LAYER_CACHE, else /var/lib/ocimg-layers for root, else $XDG_CACHE_HOME/ocimg/layers, else
/// $HOME/.cache/ocimg/layers.
oci::Result<std::string> default_layer_cache();

/// The layers of an image as the cache takes them. The layout must outlive them.
std::vector<LayerToUnpack> layers_to_unpack(const Layout& layout, const FoundImage& image);

/// Makes rootfs, upper and work in `directory`, upper with the attributes of the image's root.
oci::Result<void> make_overlay_directories(oci::BorrowedFd directory, const LayerStack& layers);

/// Mounts the layers with upper and work of `directory` on top: a detached mount.
oci::Result<oci::Fd> mount_overlay_root(oci::BorrowedFd directory, const LayerStack& layers,
                                        OverlayAttributes attributes);

/// Mounts the root of a bundle that is not mounted (after a boot, or after unmounting). A layer that the
/// cache lacks is unpacked again from the bundle's layout.
oci::Result<void> mount_bundle(const std::string& bundle);

/// Unmounts the root of a bundle. A root that is in use is an error; containers that run keep their own
/// view of it. With `remove` the bundle goes away with all that was changed in it.
oci::Result<void> unmount_bundle(const std::string& bundle, bool remove);

}  // namespace ocimg
