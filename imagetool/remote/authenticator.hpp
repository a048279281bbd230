#pragma once
// Who we are to one registry: Basic credentials, or tokens got from the server that the registry names.
// Credentials are bound to the registry's scheme, host and port; where else they may go is decided here.

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/remote/auth_challenge.hpp"
#include "imagetool/remote/http.hpp"

namespace ocimg {

/// What the user has for a registry. Empty: nothing.
struct Credential {
    std::string user;
    std::string password;
    std::string identity_token;              // a refresh token for OAuth2, instead of a password
    std::vector<std::string> trusted_hosts;  // HOST or HOST:PORT allowed for this registry when logging in

    [[nodiscard]] bool empty() const { return user.empty() && password.empty() && identity_token.empty(); }
};

/// The registry that is spoken to, and how.
struct RegistryAddress {
    Url origin;  // its target does not count
    TlsSettings tls;
    std::vector<std::string> trusted_hosts;  // HOST or HOST:PORT the user allows beside the registry itself
};

/// Whether a server named by the registry (by a redirect, a Location, a token realm) may be asked at all. An
/// error says why not: https to http, or an address that is not public and not the registry's own host.
oci::Result<void> check_other_server(const RegistryAddress& registry, const Url& other);
/// An error when a redirect leads from https to http.
oci::Result<void> check_hop(const Url& from, const Url& to);
/// The settings for a server: the registry's own for its host, those of the system for every other.
TlsSettings tls_for(const RegistryAddress& registry, const Url& url);
/// Whether the user allowed this host by name.
bool is_trusted_host(const RegistryAddress& registry, const Url& url);

class Authenticator {
public:
    Authenticator(HttpClient& client, RegistryAddress registry, Credential credential)
        : client_(client), registry_(std::move(registry)), credential_(std::move(credential)) {}

    /// The value of Authorization for a request under `scope` ("repository:NAME:pull", several with spaces
    /// between); empty when none is needed as far as is known.
    oci::Result<std::string> authorization(const std::string& scope);

    /// Takes the answer 401 to a request that was sent with `used`. True: ask again with authorization();
    /// false: nothing more can be shown.
    oci::Result<bool> answer_challenge(const HttpResponse& response, const std::string& scope,
                                       const std::string& used);

private:
    struct Token {
        std::string value;
        std::chrono::steady_clock::time_point expires;
    };

    oci::Result<std::string> token_for(const std::string& scope, bool fresh);
    oci::Result<Token> fetch_token(const std::string& scope);
    oci::Result<HttpResponse> ask_realm(const Url& realm, const std::string& scope);
    [[nodiscard]] oci::Result<void> check_realm(const Url& realm) const;

    HttpClient& client_;
    RegistryAddress registry_;
    Credential credential_;
    std::mutex mutex_;
    std::optional<AuthChallenge> challenge_;  // the last one that is understood
    std::map<std::string, Token> tokens_;     // by scope
};

}  // namespace ocimg
