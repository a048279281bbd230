#include "imagetool/bundle/bundle_owners.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::IdMapping;

/// The ids inside of a namespace with these maps, each mapped to itself.
std::vector<IdMapping> seen_from_inside(std::vector<IdMapping> map) {
    for (IdMapping& range : map) range.host_id = range.container_id;
    return map;
}

Result<void> check_request(const OwnerRequest& request) {
    if (!request.rootless && request.maps.uids.empty() != request.maps.gids.empty()) {
        return failure(ErrorCode::invalid, "--uid-map and --gid-map must be given together");
    }
    for (const auto* map : {&request.maps.uids, &request.maps.gids}) {
        if (map->empty() || to_host_id(*map, 0).has_value()) continue;
        return failure(ErrorCode::invalid,
                       std::string(map == &request.maps.uids ? "--uid-map" : "--gid-map") +
                           " maps no host id to the container's 0: somebody must own its root");
    }
    return {};
}

bool names_an_owner(const std::string& option) {
    return option.starts_with("uid=") || option.starts_with("gid=");
}

/// Only one's own namespaces may be configured, only one's own network's sysfs be mounted, and limits need a
/// cgroup that somebody gave away.
void leave_out_privileges(oci::spec::RuntimeConfig& config) {
    for (oci::spec::Mount& mount : config.mounts) std::erase_if(mount.options, names_an_owner);
    std::erase_if(config.mounts, [](const auto& mount) { return mount.destination.starts_with("/sys/"); });
    for (oci::spec::Mount& mount : config.mounts) {
        if (mount.destination != "/sys") continue;
        mount.type = "none";
        mount.source = "/sys";
        mount.options = {"rbind", "nosuid", "noexec", "nodev", "ro"};
    }
    oci::spec::Linux& section = *config.linux_section;
    std::erase_if(section.namespaces, [](const auto& one) { return one.type == "network"; });
    section.resources.reset();
}

/// A process can only be who is mapped.
void keep_to_mapped_user(Conversion& conversion, const IdMaps& maps) {
    oci::spec::User& user = conversion.config.process->user;
    if (!to_host_id(maps.uids, user.uid).has_value() || !to_host_id(maps.gids, user.gid).has_value()) {
        conversion.warnings.push_back("the image's user " + std::to_string(user.uid) + ":" +
                                      std::to_string(user.gid) +
                                      " is not mapped: the container's process runs as 0:0, which is you");
        user = oci::spec::User{};
    }
    const bool lone = maps.gids.size() == 1 && maps.gids[0].size == 1;
    std::erase_if(user.additional_gids,
                  [&](std::uint32_t gid) { return lone || !to_host_id(maps.gids, gid).has_value(); });
}

Result<void> enter(const OwnerPlan& plan, const OwnIds& own) {
    if (!plan.enters_namespace) return {};
    return enter_user_namespace(plan.owners.maps, own);
}

}  // namespace

Result<IdMapping> parse_id_map(const std::string& text) {
    const std::vector<std::string> parts = oci::split(text, ':');
    IdMapping range{.size = 1};
    bool is_whole = parts.size() == 2 || parts.size() == 3;
    for (std::size_t i = 0; is_whole && i < parts.size(); ++i) {
        const auto number = oci::parse_integer<std::uint32_t>(parts[i]);
        is_whole = number.has_value();
        (i == 0 ? range.container_id : i == 1 ? range.host_id : range.size) = number.value_or(0);
    }
    constexpr std::uint64_t ids = std::uint64_t{1} << 32U;
    const bool fits = range.size > 0 && std::uint64_t{range.container_id} + range.size < ids &&
                      std::uint64_t{range.host_id} + range.size < ids;
    if (is_whole && fits) return range;
    return failure(ErrorCode::invalid, "found " + oci::quote(text) +
                                           ", expected CONTAINER:HOST[:SIZE], three numbers below 2^32");
}

Result<OwnerPlan> plan_owners(const OwnerRequest& request, const OwnIds& own, const IdMaps& subordinate) {
    TRY(check_request(request));
    const bool is_root = own.uid == 0;
    const bool is_usual = is_root && !request.rootless && request.maps.empty();
    if (request.overlay) {
        if (is_usual) return OwnerPlan{};
        return failure(ErrorCode::unsupported,
                       "--overlay mounts the root with the owners of the layers, which takes root: leave it "
                       "out, or run ocimg and the runtime in 'unshare --map-auto --map-root-user --mount'");
    }
    if (is_root && !request.rootless) {
        if (!request.maps.empty()) return OwnerPlan{.owners = {.rootless = false, .maps = request.maps}};
        if (own.has_all_ids) return OwnerPlan{};
        // Root of somebody's user namespace: it is the one to work in.
        return OwnerPlan{.owners = {.rootless = true, .maps = own.existing}};
    }
    OwnerPlan plan{.owners = {.rootless = true, .maps = request.maps}, .enters_namespace = true};
    const IdMaps usual = request.rootless ? map_own_ids(own) : subordinate;
    IdMaps& maps = plan.owners.maps;
    if (maps.uids.empty()) maps.uids = usual.uids;
    if (maps.gids.empty()) maps.gids = usual.gids;
    return plan;
}

Result<OwnerPlan> plan_owners_again(const BundleOwners& owners, const OwnIds& own) {
    if (!owners.rootless) {
        if (own.uid == 0) return OwnerPlan{.owners = owners};
        return failure(ErrorCode::wrong_state,
                       "the bundle was unpacked by root: only root can read all of it");
    }
    const bool is_inside = own.uid == 0 && !own.has_all_ids;
    if (!is_inside && to_container_id(owners.maps.uids, own.uid) != 0) {
        return failure(ErrorCode::wrong_state,
                       "the root of the bundle belongs to the user with the id " +
                           std::to_string(to_host_id(owners.maps.uids, 0).value_or(0)) +
                           ": only that user can tell its owners apart");
    }
    return OwnerPlan{.owners = owners, .enters_namespace = !is_inside};
}

Result<BundleOwners> enter_for(const OwnerRequest& request) {
    const OwnIds own = TRY(look_up_own_ids());
    const bool asks_system = own.uid != 0 && !request.rootless && request.maps.empty();
    const IdMaps subordinate = asks_system ? TRY(plan_subordinate_ids(own)) : IdMaps{};
    const OwnerPlan plan = TRY(plan_owners(request, own, subordinate));
    TRY(enter(plan, own));
    return plan.owners;
}

Result<void> enter_again(const BundleOwners& owners) {
    const OwnIds own = TRY(look_up_own_ids());
    return enter(TRY(plan_owners_again(owners, own)), own);
}

std::optional<Owners> owners_of_files(const BundleOwners& bundle) {
    if (bundle.are_plain()) return std::nullopt;
    if (!bundle.rootless) return Owners(bundle.maps, UnmappedOwners::refuse);
    return Owners({seen_from_inside(bundle.maps.uids), seen_from_inside(bundle.maps.gids)},
                  UnmappedOwners::note);
}

void map_container(Conversion& conversion, const BundleOwners& owners) {
    if (owners.are_plain()) return;
    oci::spec::Linux& section = *conversion.config.linux_section;
    oci::spec::Namespace user;
    user.type = "user";
    section.namespaces.push_back(std::move(user));
    section.uid_mappings = owners.maps.uids;
    section.gid_mappings = owners.maps.gids;
    if (owners.rootless) leave_out_privileges(conversion.config);
    keep_to_mapped_user(conversion, owners.maps);
}

}  // namespace ocimg
