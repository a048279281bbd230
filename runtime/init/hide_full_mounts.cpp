#include "runtime/init/hide_full_mounts.hpp"

#include <sys/mount.h>

#include <cerrno>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::Result;

/// The kernel writes blanks of a path as "\040" and the like.
std::string decoded(const std::string& text) {
    constexpr std::size_t digits = 3;
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + digits >= text.size()) {
            plain += text[i];
            continue;
        }
        plain += static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0'));
        i += digits;
    }
    return plain;
}

/// Where a line of mountinfo has a whole procfs or sysfs; empty when it is something else.
std::string full_mount_of(const std::string& line) {
    constexpr std::size_t root_field = 3;
    constexpr std::size_t place_field = 4;
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) return {};
    const std::string type = oci::split(line.substr(dash + 3), ' ').at(0);
    if (type != "proc" && type != "sysfs") return {};
    const std::vector<std::string> fields = oci::split(line.substr(0, dash), ' ');
    return fields.size() > place_field && fields[root_field] == "/" ? decoded(fields[place_field])
                                                                    : std::string();
}

Result<void> hide(const std::string& place) {
    // Shared, the unmounting would travel to the host.
    if (::mount("", place.c_str(), "", MS_SLAVE | MS_REC, "") != 0 && errno != EINVAL && errno != ENOENT)
        return oci::last_system_failure("--no-pivot: detach " + place);
    if (::umount2(place.c_str(), MNT_DETACH) == 0) return {};
    // Locked by the user namespace, or below a mount that is gone already.
    if (errno == ENOENT) return {};
    if (::mount("tmpfs", place.c_str(), "tmpfs", 0, "") != 0)
        return oci::last_system_failure("--no-pivot: cover " + place);
    return {};
}

}  // namespace

Result<void> hide_full_mounts(const std::string& root) {
    const std::string text = TRY(oci::read_kernel_file("/proc/self/mountinfo").in("--no-pivot"));
    for (const std::string& line : oci::split(text, '\n')) {
        const std::string place = full_mount_of(line);
        if (place.empty() || place == root || (place + "/").starts_with(root + "/")) continue;
        TRY(hide(place));
    }
    return {};
}

}  // namespace ocirun
