#pragma once
// A root file system while a layer is applied to it: its directories held open by descriptor, what this
// layer has made so far, and the modification times to set at the end.

#include <sys/stat.h>
#include <unistd.h>

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/layer/apply_observer.hpp"
#include "imagetool/layer/lower_layers.hpp"
#include "imagetool/tar/entry.hpp"

namespace ocimg {

/// An open directory inside the root. `path` is its place without symbolic links; empty: the root.
struct OpenDirectory {
    oci::Fd fd;
    std::string path;
    bool has_default_acl = false;  // new files get attributes that no layer gave them

    [[nodiscard]] std::string path_of(const std::string& name) const {
        return path.empty() ? name : path + "/" + name;
    }
};
using DirectoryPtr = std::shared_ptr<const OpenDirectory>;

/// What to do about missing directories on the way.
enum class MissingDirectories { make, leave };

class LayerRoot {
public:
    /// The root holds all lower layers, and what the layer hides is removed from it.
    static oci::Result<LayerRoot> open(oci::BorrowedFd rootfs, ApplyObserver* observer = nullptr);
    /// The root is an empty directory for this layer alone, in the overlay's format: what it hides of
    /// `lower` is marked. Parents that only `lower` has are copied, without their content.
    static oci::Result<LayerRoot> open_above(oci::BorrowedFd rootfs, LowerLayers lower);

    /// Whose the directories are that no layer names but something stands in; else this process's.
    void own_by(uid_t uid, gid_t gid) {
        uid_ = uid;
        gid_ = gid;
    }

    [[nodiscard]] const DirectoryPtr& root() const { return root_; }
    [[nodiscard]] ApplyObserver* observer() const { return observer_; }

    /// The directory at `path` (relative, clean). Symbolic links on the way are followed as if the root
    /// were "/": none leads out. With `make`, missing directories are made (0755, time 0) and anything
    /// that is not a directory gives way to one; with `leave` the answer is null then.
    oci::Result<DirectoryPtr> directory(const std::string& path, MissingDirectories missing);

    /// Registers a directory that was just opened or made as the place `path`.
    oci::Result<DirectoryPtr> adopt(oci::Fd fd, std::string canonical_path);
    void remember(const std::string& path, DirectoryPtr directory);

    /// Looks at a directory anew whose default ACL has changed.
    oci::Result<void> refresh(const std::string& canonical_path);

    /// Marks an entry, and with it its parents, as this layer's own: whiteouts spare it.
    void mark_made(const std::string& canonical_path);

    /// After a directory was made where something else stood: hides what lower layers have there.
    oci::Result<void> hide_lower(const OpenDirectory& directory);
    /// Copies a file that only the lower layers have into the root. False when they have none either.
    oci::Result<bool> copy_up(const OpenDirectory& parent, const std::string& name);
    /// The file that the lower layers show at this place, when the root has none there.
    oci::Result<LowerFile> find_lower(const OpenDirectory& parent, const std::string& name) const;

    /// Removes whatever stands at `name`, with all below it. A name that is not there is no error.
    oci::Result<void> remove(const OpenDirectory& parent, const std::string& name);
    /// The same, but sparing what this layer has made.
    oci::Result<void> remove_lower(const OpenDirectory& parent, const std::string& name);
    /// Removes from a directory all that this layer has not made.
    oci::Result<void> remove_lower_children(const OpenDirectory& directory);

    /// The modification time that a directory has in the end.
    void set_directory_time(const std::string& canonical_path, const Timestamp& time);
    /// Sets the times of all directories that changed. The last thing done to the tree.
    oci::Result<void> restore_directory_times();

private:
    struct Cached {
        DirectoryPtr directory;
        std::list<std::string>::iterator use;
    };
    class Walk;

    LayerRoot() = default;
    oci::Result<DirectoryPtr> open_canonical(const std::string& canonical_path);
    oci::Result<DirectoryPtr> make_child(const OpenDirectory& parent, const std::string& name);
    oci::Result<DirectoryPtr> copy_directory_up(const OpenDirectory& parent, const std::string& name,
                                                const LowerFile& lower);
    oci::Result<void> remove_copied_children(const OpenDirectory& directory);
    oci::Result<void> hide_lower_children(const OpenDirectory& directory);
    void forget_below(const std::string& canonical_path);
    [[nodiscard]] bool is_made(const std::string& canonical_path) const;

    DirectoryPtr root_;
    uid_t uid_ = ::geteuid();
    gid_t gid_ = ::getegid();
    std::optional<LowerLayers> lower_;  // only in the overlay's format
    ApplyObserver* observer_ = nullptr;
    bool lower_is_empty_ = false;  // then nothing can be hidden, and nothing need be marked
    std::unordered_map<std::string, Cached> cache_;
    std::list<std::string> uses_;  // most recent first
    std::unordered_set<std::string> made_;
    // Directories that hold nothing of lower layers any more, nor can again: many whiteouts in one
    // directory must not mean as many walks through it.
    std::unordered_set<std::string> cleared_;
    std::map<std::string, Timestamp> times_;
};

}  // namespace ocimg
