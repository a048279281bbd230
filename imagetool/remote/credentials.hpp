#pragma once
// Where credentials are looked for, and where login keeps them (containers-auth.json(5)).

#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/remote/authenticator.hpp"

namespace ocimg {

/// Asks the environment for a variable; empty when it is not set.
std::string environment_value(const char* name);

/// The files to look into, in order: `chosen` alone when it is given (--authfile), else REGISTRY_AUTH_FILE
/// alone when that is set, else auth.json of the runtime directory and of the configuration, then Docker's
/// config.json.
std::vector<std::string> credential_files(const std::string& chosen);
/// The file that login and logout change: the first of these.
std::string writable_credential_file(const std::string& chosen);

/// The places of credentials: files, and helpers as registries.conf lists them ("containers-auth.json" there
/// stands for the files; an empty list too).
struct CredentialPlaces {
    std::vector<std::string> files;
    std::vector<std::string> helpers;
};

/// The credential for a repository (empty: for the registry as a whole); empty when there is none. A file
/// that is not there is passed over, a damaged one is an error, and so is a helper that is not there.
oci::Result<Credential> look_up_credential(const CredentialPlaces& places, const std::string& registry,
                                           const std::string& repository);

/// Sets (or with nothing removes) what `file` has for `key` (removes: without one, for all); the file is made
/// 0600, replaced as a whole.
oci::Result<void> store_credential(const std::string& file, const std::optional<std::string>& key,
                                   const std::optional<Credential>& credential);

}  // namespace ocimg
