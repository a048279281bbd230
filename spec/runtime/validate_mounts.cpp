// The rules of mounts and of devices in the container.

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.hpp"
#include "spec/runtime/checks.hpp"
#include "spec/runtime/names.hpp"

namespace oci::spec {

namespace {

bool has_option(const Mount& mount, std::string_view name) {
    return std::find(mount.options.begin(), mount.options.end(), name) != mount.options.end();
}

void check_mount(const RuntimeConfig& config, const Mount& mount, const std::string& path,
                 Findings& findings) {
    // A relative destination is allowed, for old tools, and means relative to "/".
    if (mount.destination.empty()) findings.add(path + ".destination", is_text(""), "a path");
    const bool is_bind = mount.type == "bind" || has_option(mount, "bind") || has_option(mount, "rbind");
    if (is_bind && mount.source.empty()) {
        findings.add(path + ".source", "is required for a bind mount");
    }
    check_id_mappings(path + ".uidMappings", mount.uid_mappings, findings);
    check_id_mappings(path + ".gidMappings", mount.gid_mappings, findings);
    if (mount.uid_mappings.empty() != mount.gid_mappings.empty()) {
        const bool uid_missing = mount.uid_mappings.empty();
        findings.add(path + (uid_missing ? ".uidMappings" : ".gidMappings"),
                     std::string("is missing in an invalid mount: it is required together with ") +
                         (uid_missing ? "gidMappings" : "uidMappings"));
    }
    const bool mapped = has_option(mount, "idmap") || has_option(mount, "ridmap");
    if (mapped && mount.uid_mappings.empty() && find_namespace(config, "user") == nullptr) {
        findings.add(path + ".options", "asks for an id-mapped mount",
                     "accompanied by uidMappings and gidMappings, or by a user namespace");
    }
}

}  // namespace

void check_mounts(const RuntimeConfig& config, Findings& findings) {
    findings.section("config.md \"Mounts\"");
    for (std::size_t i = 0; i < config.mounts.size(); ++i) {
        check_mount(config, config.mounts[i], item_path("mounts", i), findings);
    }
}

void check_devices(const std::string& list, const std::vector<Device>& devices, Findings& findings) {
    constexpr std::int64_t most_major = (1 << 12) - 1;  // the kernel's dev_t has 12 and 20 bits
    constexpr std::int64_t most_minor = (1 << 20) - 1;
    constexpr std::uint32_t most_mode = 0177777;  // engines leave the bits of the file type in
    constexpr auto types = std::to_array<std::string_view>({"c", "b", "u", "p"});
    findings.section("config-linux.md \"Devices\"");
    const auto check_number = [&](const std::string& path, const std::optional<std::int64_t>& number,
                                  std::int64_t most, bool required) {
        if (!number) {
            if (required) findings.add(path, "is required unless the type is \"p\"");
        } else if (*number < 0 || *number > most) {
            findings.add(path, is_number(*number), "an integer from 0 to " + std::to_string(most));
        }
    };
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const Device& device = devices[i];
        const std::string path = item_path(list, i);
        findings.expect_one_of(path + ".type", device.type, types);
        findings.expect_absolute(path + ".path", device.path);
        check_number(path + ".major", device.major, most_major, device.type != "p");
        check_number(path + ".minor", device.minor, most_minor, device.type != "p");
        if (device.file_mode && *device.file_mode > most_mode) {
            findings.add(path + ".fileMode", is_number(*device.file_mode),
                         "a file mode, at most " + std::to_string(most_mode));
        }
    }
}

}  // namespace oci::spec
