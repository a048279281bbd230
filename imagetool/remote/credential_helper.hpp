#pragma once
// docker-credential-NAME: programs that keep credentials, asked over stdin and stdout.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "imagetool/remote/authenticator.hpp"

namespace ocimg {

/// The path of docker-credential-NAME in the absolute directories of `search_path`. A name of other
/// characters than a-z, 0-9 and - is an error: it comes from a file and must not name just any program.
oci::Result<std::string> find_credential_helper(std::string_view name, std::string_view search_path);

/// What the helper has for a server; nothing when it says that it has nothing.
oci::Result<std::optional<Credential>> ask_credential_helper(const std::string& path,
                                                             const std::string& server);

}  // namespace ocimg
