#include "imagetool/remote/authenticator.hpp"

#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "imagetool/remote/retry.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/reader.hpp"

namespace ocimg {

/// What a token server answers (distribution "Token Authentication Specification", OAuth2).
struct TokenAnswer {
    std::string token;
    std::string access_token;
    std::int64_t expires_in = 0;  // seconds
};

}  // namespace ocimg

template <>
struct oci::spec::FieldsOf<ocimg::TokenAnswer> {
    static constexpr const char* section = "token answer";
    static void list(auto& fields, auto& self) {
        fields.optional("token", self.token);
        fields.optional("access_token", self.access_token);
        fields.optional("expires_in", self.expires_in);
    }
};

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using std::chrono::steady_clock;

constexpr std::uint64_t token_answer_limit = 1U << 20U;
constexpr int most_redirects = 10;
constexpr std::int64_t shortest_life = 60;  // seconds; what a token lives at least, says the specification

/// Registries whose token server has another host name, as their operators document it.
struct KnownRealm {
    std::string_view registry;
    std::string_view realm;
};
constexpr std::array<KnownRealm, 4> known_realms{{
    {"registry-1.docker.io", "auth.docker.io"},
    {"registry.gitlab.com", "gitlab.com"},
    {"registry.digitalocean.com", "api.digitalocean.com"},
    {"docker.elastic.co", "docker-auth.elastic.co"},
}};

/// A token must be one word of a header.
bool is_header_word(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_known_realm(const Url& registry, const Url& realm) {
    return std::any_of(known_realms.begin(), known_realms.end(), [&](const KnownRealm& known) {
        return known.registry == registry.host && known.realm == realm.host && realm.scheme == "https" &&
               realm.port == 443;
    });
}

std::string basic_authorization(const Credential& credential) {
    return "Basic " + oci::to_base64(credential.user + ":" + credential.password);
}

}  // namespace

bool is_trusted_host(const RegistryAddress& registry, const Url& url) {
    const std::string with_port = url.host + ":" + std::to_string(url.port);
    const auto& trusted = registry.trusted_hosts;
    return std::any_of(trusted.begin(), trusted.end(),
                       [&](const std::string& host) { return host == url.host || host == with_port; });
}

Result<void> check_other_server(const RegistryAddress& registry, const Url& other) {
    const std::string name = origin_text(registry.origin) + " points to " + origin_text(other);
    if (registry.origin.scheme == "https" && other.scheme == "http") {
        return failure(ErrorCode::invalid, name + ": https never goes on as http");
    }
    // An address of this host or its network may be one that only we can reach.
    if (!is_private_host(other.host) || other.host == registry.origin.host ||
        is_trusted_host(registry, other)) {
        return {};
    }
    return failure(
        ErrorCode::invalid,
        name + ", an address that is not public and not the registry's own: allow it with --trust-host " +
            other.host);
}

Result<void> check_hop(const Url& from, const Url& to) {
    if (from.scheme != "https" || to.scheme != "http") return {};
    return failure(ErrorCode::invalid,
                   origin_text(from) + " redirects to " + origin_text(to) + ": https never goes on as http");
}

TlsSettings tls_for(const RegistryAddress& registry, const Url& url) {
    if (url.host == registry.origin.host) return registry.tls;
    TlsSettings others;
    others.authorities = registry.tls.authorities;
    return others;
}

Result<std::string> Authenticator::authorization(const std::string& scope) {
    const std::lock_guard lock(mutex_);
    if (!challenge_.has_value()) return std::string();
    if (challenge_->scheme == "basic") {
        return credential_.empty() ? std::string() : basic_authorization(credential_);
    }
    return token_for(scope, false);
}

Result<std::string> Authenticator::token_for(const std::string& scope, bool fresh) {
    const auto known = tokens_.find(scope);
    if (!fresh && known != tokens_.end() && known->second.expires > steady_clock::now()) {
        return "Bearer " + known->second.value;
    }
    const Token token = TRY(fetch_token(scope));
    tokens_[scope] = token;
    return "Bearer " + token.value;
}

Result<bool> Authenticator::answer_challenge(const HttpResponse& response, const std::string& scope,
                                             const std::string& used) {
    const std::lock_guard lock(mutex_);
    for (const std::string& header : response.headers.all("www-authenticate")) {
        for (AuthChallenge& challenge : parse_challenges(header)) {
            if (challenge.scheme == "basic") {
                if (credential_.user.empty() || used == basic_authorization(credential_)) continue;
                challenge_ = std::move(challenge);
                return true;
            }
            if (challenge.scheme != "bearer" || !challenge.parameters.contains("realm")) continue;
            challenge_ = std::move(challenge);
            // Another thread may have got a new token since the request was sent.
            if (TRY(token_for(scope, false)) != used) return true;
            TRY(token_for(scope, true));
            return true;
        }
    }
    return false;
}

Result<void> Authenticator::check_realm(const Url& realm) const {
    TRY(check_other_server(registry_, realm).in("token realm"));
    if (credential_.empty() || same_origin(realm, registry_.origin) || is_trusted_host(registry_, realm) ||
        is_known_realm(registry_.origin, realm)) {
        return {};
    }
    return failure(ErrorCode::invalid, origin_text(registry_.origin) + " asks to send your credentials to " +
                                           origin_text(realm) +
                                           ": if that is right, allow it with --trust-host " + realm.host);
}

Result<HttpResponse> Authenticator::ask_realm(const Url& first, const std::string& scope) {
    HttpRequest request;
    request.answer_limit = token_answer_limit;
    const std::string service = challenge_->parameters["service"];
    const bool refreshes = !credential_.identity_token.empty();
    if (refreshes) {
        request.method = "POST";
        request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
        request.text = "grant_type=refresh_token&client_id=ocimg&service=" + percent_encode(service) +
                       "&scope=" + percent_encode(scope) +
                       "&refresh_token=" + percent_encode(credential_.identity_token);
    }
    request.url = first;
    if (!refreshes) {
        if (!service.empty()) add_query(request.url, "service", service);
        for (const std::string& one : oci::words(scope)) add_query(request.url, "scope", one);
    }
    for (int hop = 0; hop <= most_redirects; ++hop) {
        TRY(check_realm(request.url));
        std::vector<std::string> headers = request.headers;
        if (!refreshes && !credential_.user.empty() && same_origin(request.url, first)) {
            request.headers.push_back("Authorization: " + basic_authorization(credential_));
        }
        HttpResponse response = TRY(client_.perform(request, tls_for(registry_, request.url)));
        request.headers = std::move(headers);
        const bool redirects = response.status >= 301 && response.status <= 308 && response.status != 304;
        if (!redirects) return response;
        const auto location = response.headers.find("location");
        if (!location.has_value() || refreshes) return response;
        const Url next = TRY(resolve_url(request.url, *location));
        TRY(check_hop(request.url, next));
        request.url = next;
    }
    return failure(ErrorCode::invalid, "token realm: more than 10 redirects");
}

Result<Authenticator::Token> Authenticator::fetch_token(const std::string& scope) {
    const Url realm = TRY(parse_url(challenge_->parameters["realm"]).in("token realm"));
    const std::string context = "token from " + origin_text(realm);
    RetryBudget budget;
    while (true) {
        TRY(check_realm(realm));
        auto response = ask_realm(realm, scope);
        if (!response) {
            if (is_transient(response.error()) && budget.wait_for_next()) continue;
            return response.error().in(context);
        }
        if (is_retryable_status(response->status) && budget.wait_for_next(asked_pause(*response))) continue;
        if (response->status == 401 || response->status == 403) {
            return failure(ErrorCode::failed, context + ": refused (status " +
                                                  std::to_string(response->status) +
                                                  "): check the credentials with ocimg login");
        }
        if (response->status != 200) {
            return failure(context + ": status " + std::to_string(response->status));
        }
        const auto answer = oci::spec::read_json<TokenAnswer>(response->body, "token answer");
        if (!answer) return failure(ErrorCode::invalid, context + ": the answer is no token document");
        const std::string& value = answer->token.empty() ? answer->access_token : answer->token;
        if (!is_header_word(value))
            return failure(ErrorCode::invalid, context + ": the answer holds no token");
        const std::int64_t life = std::clamp<std::int64_t>(answer->expires_in, shortest_life, 86400);
        return Token{.value = value, .expires = steady_clock::now() + std::chrono::seconds(life - 5)};
    }
}

}  // namespace ocimg
