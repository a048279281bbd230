#pragma once
// Addresses of registries: http and https URLs by their parts, and what may be told from a host's name. Pure.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocimg {

/// An absolute URL without user, password and fragment.
struct Url {
    std::string scheme;  // "http" or "https"
    std::string host;    // lower case; an IPv6 address in brackets
    unsigned port = 0;   // never 0 when parsed
    std::string target;  // path and query as written, at least "/"
};

/// Reads an absolute URL. Other schemes, a user or password, control characters, spaces and letters outside
/// ASCII are errors.
oci::Result<Url> parse_url(std::string_view text);

/// What a Location or Link says, seen from the URL whose answer it came with: absolute, "//host/path",
/// "/path" or relative.
oci::Result<Url> resolve_url(const Url& base, std::string_view text);

/// Scheme, host and port are the same: the extent of credentials.
bool same_origin(const Url& a, const Url& b);

/// "https://host:5000", the port left out when it is the scheme's own.
std::string origin_text(const Url& url);
/// The same without the scheme, as registries are written in names: "host:5000".
std::string authority_text(const Url& url);
std::string to_text(const Url& url);
/// Without the query, which may hold secrets.
std::string printable_url(const Url& url);

/// Whether the host is an address (not a name) that is not public: loopback, link-local, private,
/// unspecified, in any of the spellings that resolvers accept ("127.1", "0x7f000001"), or the name
/// "localhost".
bool is_private_host(std::string_view host);
/// Whether the host is this machine: "localhost", 127.0.0.0/8, [::1].
bool is_loopback_host(std::string_view host);

/// The parameter added to the query.
void add_query(Url& url, std::string_view name, std::string_view value);
/// Letters, digits and -._~ stay, everything else becomes %XX.
std::string percent_encode(std::string_view text);

}  // namespace ocimg
