// The rules of namespaces and of what needs one: id mappings, time offsets, sysctl, network devices.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <set>

#include "base/text.hpp"
#include "spec/runtime/checks.hpp"
#include "spec/runtime/names.hpp"

namespace oci::spec {

namespace {

constexpr std::string_view namespaces_list = "linux.namespaces";

void check_namespace_list(const Linux& section, Findings& findings) {
    findings.section("config-linux.md \"Namespaces\"");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < section.namespaces.size(); ++i) {
        const Namespace& entry = section.namespaces[i];
        const std::string path = item_path(namespaces_list, i);
        findings.expect_one_of(path + ".type", entry.type, namespace_types());
        if (!seen.insert(entry.type).second) {
            findings.add(path + ".type", "is listed twice (" + quote(entry.type) + ")", "listed once");
        }
        if (!entry.path.empty()) findings.expect_absolute(path + ".path", entry.path);
    }
}

void check_user_namespace(const RuntimeConfig& config, const Linux& section, Findings& findings) {
    findings.section("config-linux.md \"User namespace mappings\"");
    const Namespace* user = find_namespace(config, "user");
    check_id_mappings("linux.uidMappings", section.uid_mappings, findings);
    check_id_mappings("linux.gidMappings", section.gid_mappings, findings);
    if (user == nullptr) {
        const std::string allowed = "left out without an entry of type \"user\" in linux.namespaces";
        if (!section.uid_mappings.empty()) findings.add("linux.uidMappings", "is set", allowed);
        if (!section.gid_mappings.empty()) findings.add("linux.gidMappings", "is set", allowed);
    } else if (user->path.empty()) {
        const std::string found = "is required for a new user namespace";
        if (section.uid_mappings.empty()) findings.add("linux.uidMappings", found);
        if (section.gid_mappings.empty()) findings.add("linux.gidMappings", found);
    }
}

void check_time_offsets(const RuntimeConfig& config, const Linux& section, Findings& findings) {
    if (section.time_offsets.empty()) return;
    constexpr std::uint32_t most_nanoseconds = 999'999'999;
    constexpr auto clocks = std::to_array<std::string_view>({"monotonic", "boottime"});
    findings.section("config-linux.md \"Offset for Time Namespace\"");
    const Namespace* time = find_namespace(config, "time");
    if (time == nullptr) {
        findings.add("linux.timeOffsets", "is set",
                     "left out without an entry of type \"time\" in linux.namespaces");
    } else if (!time->path.empty()) {
        findings.add("linux.timeOffsets", "is set",
                     "left out when the time namespace is joined: its clocks run already");
    }
    for (const auto& [clock, offset] : section.time_offsets) {
        const std::string path = property_path("linux.timeOffsets", clock);
        if (!contains(clocks, clock))
            findings.add(path, "is not a clock that has an offset", list_of(clocks));
        if (offset.nanosecs > most_nanoseconds) {
            findings.add(path + ".nanosecs", is_number(offset.nanosecs),
                         "at most " + std::to_string(most_nanoseconds));
        }
    }
}

/// The components of a sysctl's name. As sysctl(8) has it, the first separator decides: in
/// "net/ipv4/conf/eth0.1/forwarding" a dot belongs to a component, in the dotted form a slash stands
/// for such a dot.
std::vector<std::string> sysctl_components(std::string_view name) {
    const std::size_t first = name.find_first_of("./");
    const char separator = first == std::string_view::npos ? '.' : name[first];
    std::vector<std::string> components = split(name, separator);
    if (separator == '.') {
        for (std::string& component : components) std::replace(component.begin(), component.end(), '/', '.');
    }
    return components;
}

/// The type of the namespace that a sysctl belongs to; empty when it is the whole host's.
std::string_view namespace_of_sysctl(const std::vector<std::string>& components) {
    constexpr auto ipc_names =
        std::to_array<std::string_view>({"msgmax", "msgmnb", "msgmni", "msg_next_id", "sem", "sem_next_id",
                                         "shmall", "shmmax", "shmmni", "shm_next_id", "shm_rmid_forced"});
    if (components.size() < 2) return "";
    const std::string& top = components[0];
    const std::string& second = components[1];
    if (top == "net") return "network";
    if (top == "user") return "user";
    if (top == "fs" && second == "mqueue" && components.size() > 2) return "ipc";
    if (top != "kernel" || components.size() != 2) return "";
    if (second == "hostname" || second == "domainname") return "uts";
    return contains(ipc_names, second) ? "ipc" : "";
}

bool is_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

}  // namespace

void check_id_mappings(const std::string& path, const std::vector<IdMapping>& mappings, Findings& findings) {
    constexpr std::size_t most = 340;  // the kernel's UID_GID_MAP_MAX_EXTENTS
    constexpr std::uint64_t end = std::numeric_limits<std::uint32_t>::max();
    if (mappings.size() > most) {
        findings.add(path, "has " + std::to_string(mappings.size()) + " entries",
                     "at most " + std::to_string(most) + " entries long");
        return;
    }
    const auto overlap = [](std::uint64_t a, std::uint64_t b, std::uint64_t a_size, std::uint64_t b_size) {
        return a < b + b_size && b < a + a_size;
    };
    for (std::size_t i = 0; i < mappings.size(); ++i) {
        const IdMapping& one = mappings[i];
        const std::string item = item_path(path, i);
        if (one.size == 0) findings.add(item + ".size", is_number(0), "greater than zero");
        if (one.container_id + std::uint64_t{one.size} > end || one.host_id + std::uint64_t{one.size} > end) {
            findings.add(item, "maps ids beyond " + std::to_string(end - 1), "within the range of ids");
        }
        for (std::size_t k = 0; k < i; ++k) {
            const IdMapping& other = mappings[k];
            if (overlap(one.container_id, other.container_id, one.size, other.size) ||
                overlap(one.host_id, other.host_id, one.size, other.size)) {
                findings.add(item, "overlaps " + item_path(path, k), "apart from every other range");
            }
        }
    }
}

void check_namespaces(const RuntimeConfig& config, Findings& findings) {
    const Linux& section = *config.linux_section;
    check_namespace_list(section, findings);
    check_user_namespace(config, section, findings);
    check_time_offsets(config, section, findings);
}

void check_sysctl(const RuntimeConfig& config, Findings& findings) {
    findings.section("config-linux.md \"Sysctl\"");
    for (const auto& [name, value] : config.linux_section->sysctl) {
        const std::string path = property_path("linux.sysctl", name);
        const std::vector<std::string> components = sysctl_components(name);
        if (!std::all_of(components.begin(), components.end(), is_file_name)) {
            findings.add(path, "is not the name of a kernel parameter",
                         "a name as in \"net.ipv4.ip_forward\"");
            continue;
        }
        if (value.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) {
            findings.add(path, is_text(value), "without line ends and zero bytes");
        }
        const std::string_view type = namespace_of_sysctl(components);
        if (components == std::vector<std::string>{"kernel", "hostname"}) {
            findings.add(path, "conflicts with hostname", "left out: the property `hostname` sets it");
        } else if (type.empty()) {
            findings.add(path, "is a parameter of the whole host", "one that belongs to a namespace");
        } else if (find_namespace(config, type) == nullptr) {
            findings.add(path, "is set",
                         "left out without an entry of type " + quote(type) + " in linux.namespaces");
        }
    }
}

void check_net_devices(const RuntimeConfig& config, Findings& findings) {
    const auto& devices = config.linux_section->net_devices;
    if (devices.empty()) return;
    findings.section("config-linux.md \"Network Devices\"");
    if (find_namespace(config, "network") == nullptr) {
        findings.add("linux.netDevices", "is set",
                     "left out without an entry of type \"network\" in linux.namespaces");
    }
    const auto is_interface = [](std::string_view name) {
        return is_file_name(name) && name.size() < 16 && name.find_first_of(": \t\n\v\f\r") == name.npos;
    };
    const std::string allowed = "the name of a network interface, at most 15 bytes long";
    for (const auto& [name, device] : devices) {
        const std::string path = property_path("linux.netDevices", name);
        if (!is_interface(name)) findings.add(path, "is named " + quote(name), allowed);
        if (!device.name.empty() && !is_interface(device.name)) {
            findings.add(path + ".name", is_text(device.name), allowed);
        }
    }
}

}  // namespace oci::spec
