#include "imagetool/layer/xattrs.hpp"

#include <sys/xattr.h>

#include <cerrno>

#include "base/text.hpp"

namespace ocimg {
namespace {

bool belongs_to_host(std::string_view name) {
    return name == "security.selinux" || name == "system.nfs4_acl";
}

/// Calls `get(buffer, size)` with a buffer that grows until the answer fits.
template <class Get>
ssize_t read_growing(std::string& buffer, Get get) {
    buffer.resize(1024);
    for (;;) {
        const ssize_t size = get(buffer.data(), buffer.size());
        if (size >= 0) {
            buffer.resize(static_cast<std::size_t>(size));
            return size;
        }
        if (errno != ERANGE || buffer.size() > (1U << 20U)) return size;
        buffer.resize(buffer.size() * 8);
    }
}

}  // namespace

XattrTarget::XattrTarget(oci::BorrowedFd directory, std::string_view name)
    : path_("/proc/self/fd/" + std::to_string(directory.get()) + "/" + std::string(name)) {}

oci::Result<std::string> XattrTarget::list() const {
    std::string names;
    const ssize_t size = read_growing(names, [this](char* data, std::size_t room) {
        return path_.empty() ? ::flistxattr(file_.get(), data, room)
                             : ::llistxattr(path_.c_str(), data, room);
    });
    if (size >= 0) return names;
    if (errno == ENOTSUP) return std::string();
    return oci::last_system_failure("list extended attributes");
}

oci::Result<std::map<std::string, std::string>> XattrTarget::read() const {
    return read_those(layer_carries_xattr);
}

oci::Result<std::map<std::string, std::string>> XattrTarget::read_all() const {
    return read_those([](std::string_view name) { return !belongs_to_host(name); });
}

oci::Result<std::map<std::string, std::string>> XattrTarget::read_those(
    bool (*counts)(std::string_view)) const {
    std::map<std::string, std::string> attributes;
    for (const std::string& name : oci::split(TRY(list()), '\0')) {
        if (name.empty() || !counts(name)) continue;
        std::string value;
        const ssize_t size = read_growing(value, [&](char* data, std::size_t room) {
            return path_.empty() ? ::fgetxattr(file_.get(), name.c_str(), data, room)
                                 : ::lgetxattr(path_.c_str(), name.c_str(), data, room);
        });
        if (size < 0) return oci::last_system_failure("read extended attribute " + oci::quote(name));
        attributes[name] = value;
    }
    return attributes;
}

oci::Result<void> XattrTarget::set(const std::string& name, const std::string& value) const {
    const int result = path_.empty()
                           ? ::fsetxattr(file_.get(), name.c_str(), value.data(), value.size(), 0)
                           : ::lsetxattr(path_.c_str(), name.c_str(), value.data(), value.size(), 0);
    if (result == 0) return {};
    return oci::last_system_failure("set extended attribute " + oci::quote(name));
}

oci::Result<void> XattrTarget::clear() const {
    for (const std::string& name : oci::split(TRY(list()), '\0')) {
        if (name.empty() || !layer_carries_xattr(name)) continue;
        const int result = path_.empty() ? ::fremovexattr(file_.get(), name.c_str())
                                         : ::lremovexattr(path_.c_str(), name.c_str());
        if (result != 0 && errno != ENODATA) {
            return oci::last_system_failure("remove extended attribute " + oci::quote(name));
        }
    }
    return {};
}

bool layer_carries_xattr(std::string_view name) {
    const auto starts_with = [&](std::string_view start) { return name.substr(0, start.size()) == start; };
    return !belongs_to_host(name) && !starts_with("trusted.overlay.") && !starts_with("user.overlay.");
}

}  // namespace ocimg
