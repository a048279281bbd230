#pragma once
// The files that hold credentials: auth.json (containers-auth.json(5)) and Docker's config.json, which have
// the same shape. Pure: text in, text out.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/remote/authenticator.hpp"

namespace ocimg {

/// One entry of "auths".
struct StoredAuth {
    std::string auth;           // base64 of "user:password"
    std::string identitytoken;  // instead of a password
    // Our own, which other tools pass over: servers that login allowed to ask for the credentials.
    std::vector<std::string> trusted_hosts;
};

struct CredentialFile {
    std::map<std::string, StoredAuth> auths;
    std::map<std::string, std::string> cred_helpers;  // registry to helper
    std::string creds_store;                          // helper for every registry
};

/// Reads a file; `name` stands in errors.
oci::Result<CredentialFile> parse_credential_file(std::string_view text, const std::string& name);

/// The keys under which credentials for a repository may stand, the most specific first:
/// "host/name/space", "host/name", "host", and Docker's own spellings of it.
std::vector<std::string> credential_keys(std::string_view registry, std::string_view repository);

/// The credential of the first key that the file has; a damaged entry is an error that names its key.
oci::Result<std::optional<Credential>> find_credential(const CredentialFile& file,
                                                       const std::vector<std::string>& keys);

/// The text of a file with the entry of `key` set, or removed when `credential` is nothing; without `key`
/// every entry is removed. Everything else in `text` (empty: a new file) stays as it is. Removing what is not
/// there is an error of code `not_found`.
oci::Result<std::string> change_credential_file(std::string_view text, const std::string& name,
                                                const std::optional<std::string>& key,
                                                const std::optional<Credential>& credential);

}  // namespace ocimg
