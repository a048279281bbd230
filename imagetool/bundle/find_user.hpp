#pragma once
// Who an image's process runs as: Config.User looked up in the texts of the image's own passwd and group
// files (image-spec config.md "User", conversion.md "Config.User"). Pure.

#include <string_view>

#include "base/result.hpp"
#include "spec/runtime/process.hpp"

namespace ocimg {

/// The ids for "user", "uid", "user:group", "uid:gid", "uid:group" or "user:gid".
/// - Digits are ids and never names: decimal, no leading zero, at most 2147483647.
/// - Without a group the user's group of passwd counts; a uid that is not there has group 0. A *name*
///   without a group also gets the groups that list it as a member.
/// - An empty text is 0:0. A name that is not in the files is an error.
oci::Result<oci::spec::User> find_user(std::string_view user, std::string_view passwd,
                                       std::string_view group);

/// Whether find_user needs the files for this text ("1000:1000" and "" do not).
bool needs_user_files(std::string_view user);

}  // namespace ocimg
