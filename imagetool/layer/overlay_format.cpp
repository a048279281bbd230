#include "imagetool/layer/overlay_format.hpp"

#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocimg {
namespace {

constexpr std::string_view trusted_prefix = "trusted.overlay.";
constexpr std::string_view user_prefix = "user.overlay.";
/// An attribute of a file, whose name reads like a mark, is kept under one more "overlay.".
constexpr std::string_view escape = "overlay.";

/// CAP_SYS_ADMIN among the effective capabilities of this process.
bool may_administer() {
    constexpr unsigned administer = 21;
    const auto status = oci::read_kernel_file("/proc/self/status");
    if (!status.has_value()) return ::geteuid() == 0;
    constexpr std::string_view label = "CapEff:\t";
    const std::size_t place = status->find(label);
    if (place == std::string::npos) return ::geteuid() == 0;
    const unsigned long long effective = std::strtoull(status->c_str() + place + label.size(), nullptr, 16);
    return ((effective >> administer) & 1U) != 0;
}

bool holds_opaque_mark(oci::BorrowedFd directory, OverlayAttributes attributes) {
    const std::string name = std::string(overlay_prefix(attributes)) + "opaque";
    char value = 0;
    return ::fgetxattr(directory.get(), name.c_str(), &value, 1) == 1 && value == 'y';
}

}  // namespace

std::string_view overlay_prefix(OverlayAttributes attributes) {
    return attributes == OverlayAttributes::trusted ? trusted_prefix : user_prefix;
}

OverlayAttributes usable_overlay_attributes() {
    const auto map = oci::read_kernel_file("/proc/self/uid_map");
    // The first user namespace maps everything onto itself.
    const bool first_namespace = !map.has_value() || map->substr(0, map->find('\n')).ends_with(" 4294967295");
    return first_namespace && may_administer() ? OverlayAttributes::trusted : OverlayAttributes::user;
}

bool is_overlay_whiteout(const struct stat& status) {
    return S_ISCHR(status.st_mode) && status.st_rdev == ::makedev(0, 0);
}

oci::Result<void> make_overlay_whiteout(oci::BorrowedFd directory, const std::string& name) {
    if (::mknodat(directory.get(), name.c_str(), S_IFCHR, ::makedev(0, 0)) == 0) return {};
    return oci::last_system_failure("make overlay whiteout " + oci::quote(name));
}

oci::Result<void> mark_opaque(oci::BorrowedFd directory, OverlayAttributes attributes) {
    const std::string name = std::string(overlay_prefix(attributes)) + "opaque";
    if (::fsetxattr(directory.get(), name.c_str(), "y", 1, 0) == 0) return {};
    return oci::last_system_failure("set extended attribute " + oci::quote(name));
}

oci::Result<bool> is_opaque(oci::BorrowedFd directory) {
    return holds_opaque_mark(directory, OverlayAttributes::trusted) ||
           holds_opaque_mark(directory, OverlayAttributes::user);
}

OverlayAttributeMeaning overlay_meaning_of(std::string_view name) {
    for (const std::string_view prefix : {trusted_prefix, user_prefix}) {
        if (!name.starts_with(prefix)) continue;
        const std::string_view rest = name.substr(prefix.size());
        if (!rest.starts_with(escape)) return {.is_mark = true, .name = {}};
        return {.is_mark = false, .name = std::string(prefix) + std::string(rest.substr(escape.size()))};
    }
    return {.is_mark = false, .name = std::string(name)};
}

}  // namespace ocimg
