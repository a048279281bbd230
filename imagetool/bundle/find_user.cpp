#include "imagetool/bundle/find_user.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr std::uint32_t largest_id = 2147483647;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool looks_like_number(std::string_view text) {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::optional<std::uint32_t> id_of(std::string_view text) {
    if (text.size() > 1 && text[0] == '0') return std::nullopt;
    const auto id = oci::parse_integer<std::uint32_t>(text);
    return id.has_value() && *id <= largest_id ? id : std::nullopt;
}

/// A name that a passwd or group file can hold: no separators, spaces or control characters, no number,
/// and no dash in front.
bool is_name(std::string_view text) {
    if (text.empty() || text.size() > 256 || text[0] == '-' || looks_like_number(text)) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != ':' && c != ',' && c != '/' && c != '\x7f';
    });
}

/// One line that has the right number of fields, cut at the colons.
struct Record {
    std::vector<std::string> fields;
};

/// Calls `visit` for every line of exactly `count` fields until it answers true. Other lines (comments,
/// NIS entries, cut lines) name nobody.
template <class Visit>
void for_each_record(std::string_view text, std::size_t count, Visit visit) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        const auto colons = static_cast<std::size_t>(std::count(line.begin(), line.end(), ':'));
        if (colons + 1 != count || line[0] == '#') continue;
        if (visit(Record{oci::split(line, ':')})) return;
    }
}

struct PasswdEntry {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

/// The first entry of passwd with this name, or with this uid when `uid` is given. An entry whose own ids
/// are broken is passed over.
std::optional<PasswdEntry> find_passwd(std::string_view passwd, std::string_view name,
                                       std::optional<std::uint32_t> uid) {
    std::optional<PasswdEntry> found;
    for_each_record(passwd, 7, [&](const Record& record) {
        const auto entry_uid = id_of(record.fields[2]);
        const auto entry_gid = id_of(record.fields[3]);
        if (!entry_uid.has_value() || !entry_gid.has_value()) return false;
        if (uid.has_value() ? *entry_uid != *uid : record.fields[0] != name) return false;
        found = PasswdEntry{record.fields[0], *entry_uid, *entry_gid};
        return true;
    });
    return found;
}

Result<std::uint32_t> find_group(std::string_view group, std::string_view name) {
    std::optional<std::uint32_t> found;
    for_each_record(group, 4, [&](const Record& record) {
        if (record.fields[0] == name) found = id_of(record.fields[2]);
        return found.has_value();
    });
    if (!found.has_value()) {
        return failure(ErrorCode::not_found, "group " + quote(name) + " is not in the image's /etc/group");
    }
    return *found;
}

/// The groups that list `name` as a member, the user's own group left out, in the file's order.
std::vector<std::uint32_t> groups_with_member(std::string_view group, std::string_view name,
                                              std::uint32_t own) {
    std::vector<std::uint32_t> ids;
    for_each_record(group, 4, [&](const Record& record) {
        const auto id = id_of(record.fields[2]);
        const std::vector<std::string> members = oci::split(record.fields[3], ',');
        if (id.has_value() && *id != own &&
            std::find(members.begin(), members.end(), name) != members.end() &&
            std::find(ids.begin(), ids.end(), *id) == ids.end()) {
            ids.push_back(*id);
        }
        return false;
    });
    return ids;
}

/// A part of Config.User: an id, or a name when `id` is empty.
struct Part {
    std::optional<std::uint32_t> id;
    std::string name;
};

Result<Part> read_part(std::string_view whole, std::string_view text, std::string_view what) {
    const std::string start = "user " + quote(whole) + " of the image config: ";
    if (looks_like_number(text)) {
        const auto id = id_of(text);
        if (id.has_value()) return Part{id, {}};
        return failure(ErrorCode::invalid, start + quote(text) + " is not a " + std::string(what) +
                                               " id: allowed are 0 to 2147483647 without leading zeros");
    }
    if (!is_name(text)) {
        return failure(ErrorCode::invalid,
                       start + quote(text) + " is neither a " + std::string(what) + " name nor an id");
    }
    return Part{std::nullopt, std::string(text)};
}

}  // namespace

bool needs_user_files(std::string_view user) {
    if (user.empty()) return false;
    const std::size_t colon = user.find(':');
    return colon == std::string_view::npos || !looks_like_number(user.substr(0, colon)) ||
           !looks_like_number(user.substr(colon + 1));
}

Result<oci::spec::User> find_user(std::string_view user, std::string_view passwd, std::string_view group) {
    oci::spec::User result;
    if (user.empty()) return result;
    const std::size_t colon = user.find(':');
    const Part who = TRY(read_part(user, user.substr(0, colon), "user"));
    const std::optional<PasswdEntry> entry = find_passwd(passwd, who.name, who.id);
    if (!who.id.has_value() && !entry.has_value()) {
        return failure(ErrorCode::not_found,
                       "user " + quote(who.name) + " is not in the image's /etc/passwd");
    }
    result.uid = who.id.has_value() ? *who.id : entry->uid;
    if (colon != std::string_view::npos) {
        const Part which = TRY(read_part(user, user.substr(colon + 1), "group"));
        result.gid = which.id.has_value() ? *which.id : TRY(find_group(group, which.name));
        return result;
    }
    if (entry.has_value()) result.gid = entry->gid;
    if (!who.id.has_value()) result.additional_gids = groups_with_member(group, who.name, result.gid);
    return result;
}

}  // namespace ocimg
