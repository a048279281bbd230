#include "runtime/cgroup/cgroup_mounts.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {
namespace {

/// Undoes the kernel's \040 style escapes.
std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto code = text[i] == '\\' && i + 3 < text.size()
                              ? oci::parse_integer<unsigned char>(text.substr(i + 1, 3), 8)
                              : std::nullopt;
        if (code) {
            plain += static_cast<char>(*code);
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

/// Super options that are switches of the file system, not controllers.
bool is_switch(const std::string& option) {
    return option == "rw" || option == "ro" || option == "xattr" || option == "noprefix" ||
           option == "clone_children" || option == "cpuset_v2_mode" || option == "none" ||
           option == "favordynmods" || option == "seclabel" || option.rfind("release_agent=", 0) == 0;
}

bool parse_mount(std::string_view line, CgroupMount& mount) {
    const std::size_t separator = line.find(" - ");
    if (separator == std::string_view::npos) return false;
    const std::vector<std::string> before = oci::words(line.substr(0, separator));
    const std::vector<std::string> after = oci::words(line.substr(separator + 3));
    if (before.size() < 5 || after.empty()) return false;
    if (after[0] != "cgroup" && after[0] != "cgroup2") return false;
    mount.unified = after[0] == "cgroup2";
    const std::vector<std::string> device = oci::split(before[2], ':');
    if (device.size() != 2) return false;
    mount.device_major = oci::parse_integer<unsigned>(device[0]).value_or(0);
    mount.device_minor = oci::parse_integer<unsigned>(device[1]).value_or(0);
    mount.root = unescape(before[3]);
    mount.mount_point = unescape(before[4]);
    if (mount.unified || after.size() < 3) return true;
    for (const std::string& option : oci::split(after[2], ','))
        if (!is_switch(option)) mount.controllers.push_back(option);
    return true;
}

bool is_visible(const CgroupMount& mount) {
    struct stat status {};
    if (::stat(mount.mount_point.c_str(), &status) != 0) return false;
    return major(status.st_dev) == mount.device_major && minor(status.st_dev) == mount.device_minor;
}

}  // namespace

std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo) {
    std::vector<CgroupMount> mounts;
    for (const std::string& line : oci::split(mountinfo, '\n')) {
        CgroupMount mount;
        if (parse_mount(line, mount)) mounts.push_back(std::move(mount));
    }
    return mounts;
}

std::map<std::string, std::string> parse_cgroup_membership(std::string_view text) {
    std::map<std::string, std::string> paths;
    for (const std::string& line : oci::split(text, '\n')) {
        // ID:CONTROLLERS:PATH, where a path may hold colons.
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        paths[line.substr(first + 1, second - first - 1)] = line.substr(second + 1);
    }
    return paths;
}

oci::Result<std::vector<CgroupMount>> visible_cgroup_mounts() {
    std::vector<CgroupMount> mounts = parse_cgroup_mounts(TRY(oci::read_kernel_file("/proc/self/mountinfo")));
    std::erase_if(mounts, [](const CgroupMount& mount) { return !is_visible(mount); });
    // A hierarchy mounted at several places counts once: at the place that shows most of it.
    std::stable_sort(mounts.begin(), mounts.end(), [](const CgroupMount& a, const CgroupMount& b) {
        return a.root.size() < b.root.size();
    });
    std::vector<CgroupMount> unique;
    for (CgroupMount& mount : mounts) {
        const bool known = std::any_of(unique.begin(), unique.end(), [&](const CgroupMount& other) {
            return other.device_major == mount.device_major && other.device_minor == mount.device_minor;
        });
        if (!known) unique.push_back(std::move(mount));
    }
    return unique;
}

}  // namespace ocirun
