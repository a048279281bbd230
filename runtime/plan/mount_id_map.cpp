// Id-mapped mounts: whose maps a mount uses. Pure.

#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "runtime/plan/mount_plan.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

/// crun's "0-1000-10#20-2000-5": id in the files, id in the mount, size. A leading '@' makes the second
/// id one of the container.
std::optional<std::vector<IdRange>> parse_ranges(std::string_view text,
                                                 const std::vector<IdRange>& container_map) {
    std::vector<IdRange> ranges;
    const bool relative = !text.empty() && text.front() == '@';
    for (const std::string& part : oci::split(text.substr(relative ? 1 : 0), '#')) {
        const std::vector<std::string> numbers = oci::split(part, '-');
        if (numbers.size() != 3) return std::nullopt;
        const auto inside = oci::parse_integer<std::uint32_t>(numbers[0]);
        auto outside = oci::parse_integer<std::uint32_t>(numbers[1]);
        const auto size = oci::parse_integer<std::uint32_t>(numbers[2]);
        if (!inside || !outside || !size || *size == 0) return std::nullopt;
        if (relative && !to_host_id(container_map, *outside, *outside)) return std::nullopt;
        ranges.push_back({*inside, *outside, *size});
    }
    return ranges;
}

Result<IdMapPlan> parse_idmap_text(const std::string& text, const IdMapPlan& container,
                                   const std::string& origin) {
    IdMapPlan plan;
    for (const std::string& part : oci::split(text, ';')) {
        const bool uids = part.rfind("uids=", 0) == 0;
        if (!uids && part.rfind("gids=", 0) != 0) continue;
        const auto ranges =
            parse_ranges(std::string_view(part).substr(5), uids ? container.uids : container.gids);
        if (!ranges) {
            return oci::failure(ErrorCode::invalid,
                                origin + ".options: " + oci::quote("idmap=" + text) +
                                    " must have the form \"idmap=uids=ID-ID-SIZE;gids=ID-ID-SIZE\"");
        }
        (uids ? plan.uids : plan.gids) = *ranges;
    }
    if (plan.uids.empty() || plan.gids.empty()) {
        return oci::failure(ErrorCode::invalid, origin + ".options: " + oci::quote("idmap=" + text) +
                                                    " must give both uids and gids");
    }
    return plan;
}

}  // namespace

Result<IdMapPlan> plan_mount_id_map(const MountContext& context, const oci::spec::Mount& mount,
                                    const MountOptions& options, const std::string& origin) {
    IdMapPlan own = to_id_maps(mount.uid_mappings, mount.gid_mappings);
    if (own.empty() && !options.idmap) return own;
    if (!own.empty()) {
        if (!own.uids.empty() && !own.gids.empty()) return own;
        return oci::failure(ErrorCode::invalid,
                            origin + ": uidMappings and gidMappings must be given together");
    }
    if (!options.idmap_text.empty()) return parse_idmap_text(options.idmap_text, context.id_maps, origin);
    if (!context.id_maps.uids.empty() && !context.id_maps.gids.empty()) return context.id_maps;
    return oci::failure(ErrorCode::invalid,
                        origin +
                            ".options: idmap needs uidMappings and gidMappings, of the mount or of a "
                            "user namespace");
}

}  // namespace ocirun
