#pragma once
// The layers below one that is unpacked into a directory of its own: what of them is still visible, and
// the marks that hide the rest.

#include <sys/stat.h>

#include <string>
#include <unordered_set>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/overlay_format.hpp"

namespace ocimg {

/// A file of the lower layers, opened with O_PATH; `mode` 0: there is none.
struct LowerFile {
    oci::Fd place;
    mode_t mode = 0;

    [[nodiscard]] bool is_there() const { return mode != 0; }
};

class LowerLayers {
public:
    /// `root` shows all lower layers as one tree: a plain directory, or an overlay mount of them.
    LowerLayers(oci::Fd root, OverlayAttributes attributes)
        : root_(std::move(root)), attributes_(attributes) {}

    [[nodiscard]] oci::BorrowedFd root() const { return root_; }

    /// What stands at a place without symbolic links, unless an opaque directory of the new layer hides
    /// it. That no file of the new layer hides it is the caller's part.
    [[nodiscard]] oci::Result<LowerFile> find(const std::string& canonical_path) const;

    /// Makes a directory of the new layer hide everything at its place. Not for the root, whose mark
    /// the kernel does not heed.
    oci::Result<void> hide_below(oci::BorrowedFd directory, const std::string& canonical_path);

    /// Forgets the marks of a place and below it, when it is removed.
    void forget_below(const std::string& canonical_path);

private:
    oci::Fd root_;
    OverlayAttributes attributes_;
    std::unordered_set<std::string> opaque_;
};

}  // namespace ocimg
