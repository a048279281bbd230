#pragma once
// The header WWW-Authenticate (RFC 9110 section 11.6.1) as registries use it. Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ocimg {

struct AuthChallenge {
    std::string scheme;                             // lower case: "bearer", "basic"
    std::map<std::string, std::string> parameters;  // names in lower case: realm, service, scope, error
};

/// The challenges of one header, in order. What is no challenge ends the list: a server's words are never an
/// error here, they are only not understood.
std::vector<AuthChallenge> parse_challenges(std::string_view header);

}  // namespace ocimg
