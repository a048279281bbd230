#pragma once
// Requests to one registry as every verb needs them: with authentication, with redirects followed by our
// rules, with another try where that may help, and with the registry's own words in errors.

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/remote/authenticator.hpp"
#include "imagetool/remote/http.hpp"

namespace ocimg {

/// Whether a request may be sent again after a failure of the network or an answer that asks for it.
enum class Retry { yes, no };

struct RegistryRequest {
    HttpRequest http;
    std::string scope;  // what a token must allow
    Retry retry = Retry::yes;
};

class RegistrySession {
public:
    /// `warn` gets each warning of the registry once.
    RegistrySession(HttpClient& client, RegistryAddress address, Credential credential,
                    std::function<void(const std::string&)> warn)
        : client_(client),
          address_(address),
          authenticator_(client, std::move(address), std::move(credential)),
          warn_(std::move(warn)) {}

    /// The URL of a path below the registry ("/v2/...").
    [[nodiscard]] Url url(const std::string& target) const;
    /// A URL that the registry named in an answer to `base`, checked against the rules for other servers.
    [[nodiscard]] oci::Result<Url> named_url(const Url& base, const std::string& text) const;

    /// The answer after redirects, whatever its status. Authorization goes to the registry's own origin only.
    oci::Result<HttpResponse> send(const RegistryRequest& request);

    [[nodiscard]] const RegistryAddress& address() const { return address_; }

private:
    oci::Result<HttpResponse> send_once(const RegistryRequest& request);
    oci::Result<HttpResponse> send_hop(const HttpRequest& hop, const std::string& scope);
    void report_warnings(const HttpResponse& response);

    HttpClient& client_;
    RegistryAddress address_;
    Authenticator authenticator_;
    std::function<void(const std::string&)> warn_;
    std::mutex warnings_mutex_;
    std::set<std::string> warnings_;
};

/// "status 404: MANIFEST_UNKNOWN: manifest unknown" of an answer that is no success: not_found for 404, and
/// the words of the registry, safe to print.
oci::Error registry_failure(const HttpResponse& response);

/// The text of a Warning header ("299 - \"text\""); empty for other codes.
std::string warning_text(std::string_view header);

}  // namespace ocimg
