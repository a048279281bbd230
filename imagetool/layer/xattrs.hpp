#pragma once
// Extended attributes of files in a root file system, and which of them layers carry.

#include <map>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg {

/// A file whose attributes are meant: an open file, or a name in an open directory (a final link is
/// not followed; reached through /proc/self/fd because there is no *at() call for it).
class XattrTarget {
public:
    explicit XattrTarget(oci::BorrowedFd file) : file_(file) {}
    XattrTarget(oci::BorrowedFd directory, std::string_view name);

    /// The attributes that layers carry.
    [[nodiscard]] oci::Result<std::map<std::string, std::string>> read() const;
    /// Those, and the marks of an overlay (trusted.overlay.*, user.overlay.*).
    [[nodiscard]] oci::Result<std::map<std::string, std::string>> read_all() const;
    [[nodiscard]] oci::Result<void> set(const std::string& name, const std::string& value) const;
    /// Removes every attribute that layers can carry.
    [[nodiscard]] oci::Result<void> clear() const;

private:
    [[nodiscard]] oci::Result<std::string> list() const;
    [[nodiscard]] oci::Result<std::map<std::string, std::string>> read_those(
        bool (*counts)(std::string_view)) const;

    oci::BorrowedFd file_;
    std::string path_;
};

/// Whether an attribute of this name is part of a layer. Not those that belong to the host
/// (security.selinux, system.nfs4_acl), nor those that steer an overlay mount (trusted.overlay.*,
/// user.overlay.*), by which a layer could redirect or hide files of others.
bool layer_carries_xattr(std::string_view name);

}  // namespace ocimg
