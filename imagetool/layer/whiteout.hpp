#pragma once
// Which entries of a layer are whiteouts (image-spec layer.md "Whiteouts"), and entry names as paths. Pure.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocimg {

/// A name of a lower layer that is removed has this in front of it in the layer that removes it.
inline constexpr std::string_view whiteout_prefix = ".wh.";
/// Hides everything that lower layers have in its directory.
inline constexpr std::string_view opaque_whiteout_name = ".wh..wh..opq";

/// A path of an archive as a place below the root: "." and ".." resolved lexically and kept inside the
/// root, without leading or trailing slash. The root itself has an empty `name`.
struct EntryPath {
    std::string parent;  // "usr/lib"; empty: the root
    std::string name;    // "libc.so"

    [[nodiscard]] bool is_root() const { return name.empty(); }
    [[nodiscard]] std::string full() const { return parent.empty() ? name : parent + "/" + name; }
};

/// Splits an entry's name. Empty names, NUL bytes and paths of 4096 bytes and more are errors.
oci::Result<EntryPath> entry_path(std::string_view name);

enum class WhiteoutKind {
    none,      // an entry of its own
    single,    // ".wh.NAME": NAME of the lower layers is removed
    opaque,    // ".wh..wh..opq": everything the lower layers have in this directory is removed
    metadata,  // other ".wh..wh.*" of aufs, and what stands below it: ignored
};

struct Whiteout {
    WhiteoutKind kind = WhiteoutKind::none;
    std::string target;  // NAME of a single whiteout
};

/// Tells whether an entry is a whiteout. A whiteout of nothing, "." or "..", and an entry below a
/// whiteout are errors.
oci::Result<Whiteout> whiteout_of(const EntryPath& path);

/// Whether a file of this name cannot be stored in a layer, because it would read as a whiteout.
bool is_whiteout_name(std::string_view name);

}  // namespace ocimg
