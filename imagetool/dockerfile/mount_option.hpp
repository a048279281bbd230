#pragma once
// RUN --mount=type=...: the value of the flag as a typed mount. Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg::dockerfile {

enum class MountType : std::uint8_t { bind, cache, tmpfs, secret, ssh };
/// How steps that run at the same time share a cache.
enum class CacheSharing : std::uint8_t { shared, private_copy, locked };

/// One mount of a RUN step, with every default filled in that does not depend on the stage.
struct Mount {
    MountType type = MountType::bind;
    std::string from;    // stage, named context or image of a bind or cache source; empty: the context
    std::string source;  // path below `from`; of a secret: the id, when `id` is empty
    std::string target;  // as written; relative to WORKDIR. Empty only for secret (see secret_target) and ssh
    bool readonly = true;
    std::string id;  // cache: `target` when none is given; secret: name of `source`; ssh: "default"
    CacheSharing sharing = CacheSharing::shared;
    bool required = false;
    std::optional<std::int64_t> size;   // tmpfs, bytes
    std::optional<std::uint32_t> mode;  // cache 0755, secret 0400, ssh 0600 when not given
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
    std::optional<std::string> env;  // secret: the variable that holds it; then only a given target is a file

    bool operator==(const Mount&) const = default;
};

/// Fills in the variables of one value.
using ExpandValue = std::function<oci::Result<std::string>(std::string_view)>;

/// Reads the value of --mount: `type=cache,target=/var/cache/apt`. Keys are compared without case; `required`
/// counts only after `type`. Nothing when a value holds a variable ("$") that has to be expanded first;
/// unknown keys and what no expansion can repair are errors even then.
oci::Result<std::optional<Mount>> parse_mount(std::string_view text);
/// The same with each value expanded, once it is divided from its neighbours: a comma in a variable's value
/// divides nothing.
oci::Result<Mount> parse_mount(std::string_view text, const ExpandValue& expand);

/// The fields of a line of comma separated values; a field in double quotes may hold commas, and "" in it is
/// a quote.
oci::Result<std::vector<std::string>> comma_separated(std::string_view text);

/// "bind", "cache", ...
std::string_view to_text(MountType type);
std::string_view to_text(CacheSharing sharing);

}  // namespace ocimg::dockerfile
