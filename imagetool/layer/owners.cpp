#include "imagetool/layer/owners.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::spec::IdMapping;

/// In the note: this half of the owner is the file's own.
constexpr std::uint32_t as_it_is = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t uid_field = 1;
constexpr std::uint64_t gid_field = 2;
constexpr std::uint64_t varint_wire_type = 0;

void put_varint(std::string& out, std::uint64_t number) {
    for (; number > 0x7F; number >>= 7U) out += static_cast<char>((number & 0x7FU) | 0x80U);
    out += static_cast<char>(number);
}

/// Takes a number from the front; none when the text ends before it or it is too long.
std::optional<std::uint64_t> take_varint(std::string_view& rest) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 63 && !rest.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(rest.front());
        rest.remove_prefix(1);
        number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0) return number;
    }
    return std::nullopt;
}

/// Fields of the value 0 are not written, as protocol buffers of version 3 ask.
std::string owner_note(std::uint32_t uid, std::uint32_t gid) {
    std::string note;
    for (const auto& [field, id] : {std::pair{uid_field, uid}, std::pair{gid_field, gid}}) {
        if (id == 0) continue;
        put_varint(note, field << 3U | varint_wire_type);
        put_varint(note, id);
    }
    return note;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> read_owner_note(std::string_view note) {
    std::pair<std::uint32_t, std::uint32_t> owner{0, 0};
    while (!note.empty()) {
        const auto tag = take_varint(note);
        const auto id = take_varint(note);
        if (!tag.has_value() || !id.has_value() || *id > as_it_is) return std::nullopt;
        if (*tag == (uid_field << 3U | varint_wire_type)) {
            owner.first = static_cast<std::uint32_t>(*id);
        } else if (*tag == (gid_field << 3U | varint_wire_type)) {
            owner.second = static_cast<std::uint32_t>(*id);
        } else {
            return std::nullopt;
        }
    }
    return owner;
}

std::string map_text(const std::vector<IdMapping>& map) {
    std::vector<std::string> ranges;
    ranges.reserve(map.size());
    for (const IdMapping& range : map) {
        ranges.push_back(std::to_string(range.container_id) + ":" + std::to_string(range.host_id) + ":" +
                         std::to_string(range.size));
    }
    return ranges.empty() ? "empty" : oci::join(ranges, ", ");
}

oci::Result<std::uint32_t> mapped(std::optional<std::uint32_t> id, std::uint32_t wanted,
                                  const std::string& what, const std::vector<IdMapping>& map) {
    if (id.has_value()) return *id;
    return oci::failure(oci::ErrorCode::invalid, what + " " + std::to_string(wanted) +
                                                     " is outside of the map, which is " + map_text(map));
}

// File capabilities (linux/capability.h): revision 2 counts for the host's root, revision 3 for the root of
// the user namespace that is named behind it.
constexpr std::size_t capabilities_size = 20;
constexpr std::size_t namespaced_size = 24;
constexpr char revision_2 = 2;
constexpr char revision_3 = 3;
constexpr std::size_t revision_byte = 3;

/// The same capabilities for the root with this id outside.
void own_capabilities(std::string& value, std::uint32_t root) {
    if (value.size() != capabilities_size || value[revision_byte] != revision_2 || root == 0) return;
    value[revision_byte] = revision_3;
    for (unsigned shift = 0; shift < 32; shift += 8) value += static_cast<char>(root >> shift & 0xFFU);
}

void disown_capabilities(std::string& value) {
    if (value.size() != namespaced_size || value[revision_byte] != revision_3) return;
    value.resize(capabilities_size);
    value[revision_byte] = revision_2;
}

constexpr const char* capability_attribute = "security.capability";

/// Attributes that root of a user namespace may not set.
bool is_for_real_root(std::string_view name) {
    return name.starts_with("trusted.") || (name.starts_with("security.") && name != capability_attribute);
}

bool is_device(EntryKind kind) {
    return kind == EntryKind::character_device || kind == EntryKind::block_device;
}

/// Overlay file systems take it for a whiteout: it stays what it is, to be refused.
bool is_whiteout_device(const Entry& entry) {
    return entry.kind == EntryKind::character_device && entry.device_major == 0 && entry.device_minor == 0;
}

}  // namespace

std::optional<std::uint32_t> to_host_id(const std::vector<IdMapping>& map, std::uint32_t id) {
    for (const IdMapping& range : map)
        if (id >= range.container_id && id - range.container_id < range.size)
            return range.host_id + (id - range.container_id);
    return std::nullopt;
}

std::optional<std::uint32_t> to_container_id(const std::vector<IdMapping>& map, std::uint32_t id) {
    for (const IdMapping& range : map)
        if (id >= range.host_id && id - range.host_id < range.size)
            return range.container_id + (id - range.host_id);
    return std::nullopt;
}

oci::Result<void> Owners::store(Entry& entry) {
    // Further names have the attributes of the file they name.
    if (entry.kind == EntryKind::hard_link) return {};
    if (unmapped_ == UnmappedOwners::refuse) return store_mapped(entry);
    store_noted(entry);
    return {};
}

oci::Result<void> Owners::store_mapped(Entry& entry) const {
    entry.uid = TRY(mapped(to_host_id(maps_.uids, entry.uid), entry.uid, "uid", maps_.uids));
    entry.gid = TRY(mapped(to_host_id(maps_.gids, entry.gid), entry.gid, "gid", maps_.gids));
    const auto capabilities = entry.xattrs.find(capability_attribute);
    if (capabilities != entry.xattrs.end()) own_capabilities(capabilities->second, root_uid());
    return {};
}

void Owners::store_noted(Entry& entry) {
    dropped_attributes_ +=
        std::erase_if(entry.xattrs, [](const auto& attribute) { return is_for_real_root(attribute.first); });
    // A note of the layer itself would be taken for ours.
    entry.xattrs.erase(owner_note_name);
    if (is_device(entry.kind) && !is_whiteout_device(entry)) {
        ++placeholders_;
        entry.kind = EntryKind::file;
        entry.device_major = entry.device_minor = 0;
    }
    const auto uid = to_host_id(maps_.uids, entry.uid);
    const auto gid = to_host_id(maps_.gids, entry.gid);
    if (!uid.has_value() || !gid.has_value()) {
        ++noted_;
        // Links and fifos cannot have such attributes.
        const bool has_room = entry.kind == EntryKind::file || entry.kind == EntryKind::directory;
        if (has_room && keeps_notes_) {
            entry.xattrs[owner_note_name] =
                owner_note(uid.has_value() ? as_it_is : entry.uid, gid.has_value() ? as_it_is : entry.gid);
        }
    }
    entry.uid = uid.value_or(root_uid());
    entry.gid = gid.value_or(root_gid());
}

oci::Result<void> Owners::restore(Entry& entry) const {
    const auto uid = to_container_id(maps_.uids, entry.uid);
    const auto gid = to_container_id(maps_.gids, entry.gid);
    if (unmapped_ == UnmappedOwners::refuse) {
        entry.uid = TRY(mapped(uid, entry.uid, "the file's uid", maps_.uids));
        entry.gid = TRY(mapped(gid, entry.gid, "the file's gid", maps_.gids));
        const auto capabilities = entry.xattrs.find(capability_attribute);
        if (capabilities != entry.xattrs.end()) disown_capabilities(capabilities->second);
        return {};
    }
    entry.uid = uid.value_or(0);
    entry.gid = gid.value_or(0);
    const auto note = entry.xattrs.find(owner_note_name);
    if (note == entry.xattrs.end()) return {};
    const auto owner = read_owner_note(note->second);
    if (!owner.has_value()) {
        return oci::failure(oci::ErrorCode::invalid,
                            std::string("its attribute ") + owner_note_name + " holds no owner");
    }
    entry.xattrs.erase(note);
    if (owner->first != as_it_is) entry.uid = owner->first;
    if (owner->second != as_it_is) entry.gid = owner->second;
    return {};
}

std::vector<std::string> Owners::describe_losses() const {
    std::vector<std::string> losses;
    if (noted_ > 0) {
        losses.push_back(oci::count_of(noted_, "file") +
                         " of owners that are not mapped became files of the container's root" +
                         (keeps_notes_ ? std::string(": the owners are in the attribute ") + owner_note_name
                                       : "; this file system cannot keep the owners beside them"));
    }
    if (placeholders_ > 0) {
        losses.push_back(oci::count_of(placeholders_, "device") +
                         " made as an empty file: an ordinary user cannot make devices");
    }
    if (dropped_attributes_ > 0) {
        losses.push_back(oci::count_of(dropped_attributes_, "extended attribute") +
                         " left out that an ordinary user cannot set");
    }
    return losses;
}

}  // namespace ocimg
