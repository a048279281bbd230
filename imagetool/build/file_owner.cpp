#include "imagetool/build/file_owner.hpp"

#include "base/text.hpp"
#include "imagetool/bundle/unpack_bundle.hpp"

namespace ocimg::build {

namespace {

/// A number as find_user takes it: no sign, no leading zero.
bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

oci::Result<Owner> find_owner(oci::BorrowedFd rootfs, const std::string& text) {
    if (text.empty()) return Owner{};
    const std::size_t colon = text.find(':');
    const std::string user = text.substr(0, colon);
    std::string group = colon == std::string::npos ? std::string() : text.substr(colon + 1);
    if (group.empty() && is_number(user)) group = user;
    const std::string full = (user.empty() ? "0" : user) + (group.empty() ? std::string() : ":" + group);
    const oci::spec::User found = TRY(look_up_user(rootfs, full).in("owner " + oci::quote(text)));
    return Owner{found.uid, found.gid};
}

}  // namespace ocimg::build
