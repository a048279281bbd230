#pragma once
// Whose the files of a layer are in a file system that cannot have every owner: below an id map, and for
// ordinary users, who own all files themselves.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/tar/entry.hpp"
#include "spec/runtime/linux.hpp"

namespace ocimg {

/// The attribute in which owners are kept that a file cannot have: two numbers as a protocol buffer
/// (rootlesscontainers.proto), which umoci and PRoot write and read too.
inline constexpr const char* owner_note_name = "user.rootlesscontainers";

/// Ids of the container and the ids of files that stand for them.
struct IdMaps {
    std::vector<oci::spec::IdMapping> uids;
    std::vector<oci::spec::IdMapping> gids;

    [[nodiscard]] bool empty() const { return uids.empty() && gids.empty(); }
};

/// The id that stands for an id of the container, and the other way round; none: it is not mapped.
std::optional<std::uint32_t> to_host_id(const std::vector<oci::spec::IdMapping>& map, std::uint32_t id);
std::optional<std::uint32_t> to_container_id(const std::vector<oci::spec::IdMapping>& map, std::uint32_t id);

/// Owners that the maps lack.
enum class UnmappedOwners {
    refuse,  // are an error: the caller chose the maps and may make any file
    note,    // are kept in an attribute; devices become empty files: the caller is no real root
};

/// Changes entries of layers to what can be stored, and files back to what they stand for.
class Owners {
public:
    Owners(IdMaps maps, UnmappedOwners unmapped) : maps_(std::move(maps)), unmapped_(unmapped) {}

    /// An entry of a layer as it will stand in the file system. Of attributes that only the host's root
    /// may set, none is left when owners are noted.
    oci::Result<void> store(Entry& entry);
    /// The other way round, for what was read from the file system.
    [[nodiscard]] oci::Result<void> restore(Entry& entry) const;

    /// The ids of files that belong to the container's root.
    [[nodiscard]] std::uint32_t root_uid() const { return to_host_id(maps_.uids, 0).value_or(0); }
    [[nodiscard]] std::uint32_t root_gid() const { return to_host_id(maps_.gids, 0).value_or(0); }

    /// The file system has no room for notes: owners that are not mapped are forgotten.
    void keep_no_notes() { keeps_notes_ = false; }

    /// What store() could not keep so far, as sentences for the user.
    [[nodiscard]] std::vector<std::string> describe_losses() const;

private:
    oci::Result<void> store_mapped(Entry& entry) const;
    void store_noted(Entry& entry);

    IdMaps maps_;
    UnmappedOwners unmapped_;
    bool keeps_notes_ = true;
    std::uint64_t noted_ = 0;
    std::uint64_t placeholders_ = 0;
    std::uint64_t dropped_attributes_ = 0;
};

}  // namespace ocimg
