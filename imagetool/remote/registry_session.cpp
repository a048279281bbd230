#include "imagetool/remote/registry_session.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/remote/retry.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/reader.hpp"

namespace ocimg {

/// What a registry says about a failure (distribution-spec "Error Codes").
struct RegistryErrorItem {
    std::string code;
    std::string message;
};
struct RegistryErrors {
    std::vector<RegistryErrorItem> errors;
};

}  // namespace ocimg

template <>
struct oci::spec::FieldsOf<ocimg::RegistryErrorItem> {
    static constexpr const char* section = "distribution-spec \"Error Codes\"";
    static void list(auto& fields, auto& self) {
        fields.optional("code", self.code);
        fields.optional("message", self.message);
    }
};

template <>
struct oci::spec::FieldsOf<ocimg::RegistryErrors> {
    static constexpr const char* section = "distribution-spec \"Error Codes\"";
    static void list(auto& fields, auto& self) { fields.optional("errors", self.errors); }
};

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr int most_redirects = 10;
constexpr std::size_t longest_words = 300;
constexpr std::size_t most_warnings = 20;

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string printable_words(std::string_view text) {
    std::string words(text.substr(0, longest_words));
    std::replace_if(
        words.begin(), words.end(), [](char c) { return c < ' ' || c == '\x7f'; }, ' ');
    return oci::is_utf8(words) ? words : quote(words);
}

/// The words of the registry, from a JSON body as the specification has it; nothing from other bodies.
std::string words_of(const HttpResponse& response) {
    const auto read = oci::spec::read_json<RegistryErrors>(response.body, "answer");
    if (!read) return {};
    std::vector<std::string> texts;
    for (const RegistryErrorItem& item : read->errors) {
        texts.push_back(item.message.empty() ? item.code : item.code + ": " + item.message);
    }
    return printable_words(oci::join(texts, "; "));
}

}  // namespace

oci::Error registry_failure(const HttpResponse& response) {
    std::string text = "status " + std::to_string(response.status);
    if (const std::string words = words_of(response); !words.empty()) text += ": " + words;
    if (response.status == 401) text += " (not logged in, or not allowed: ocimg login)";
    return failure(response.status == 404 ? ErrorCode::not_found : ErrorCode::failed, std::move(text));
}

std::string warning_text(std::string_view header) {
    constexpr std::string_view start = "299 - \"";
    if (!header.starts_with(start) || !header.ends_with('"') || header.size() <= start.size()) return {};
    return printable_words(header.substr(start.size(), header.size() - start.size() - 1));
}

Url RegistrySession::url(const std::string& target) const {
    Url url = address_.origin;
    url.target = target;
    return url;
}

Result<Url> RegistrySession::named_url(const Url& base, const std::string& text) const {
    Url url = TRY(resolve_url(base, text));
    TRY(check_hop(base, url));
    if (!same_origin(url, address_.origin)) TRY(check_other_server(address_, url));
    return url;
}

void RegistrySession::report_warnings(const HttpResponse& response) {
    for (const std::string& header : response.headers.all("warning")) {
        const std::string text = warning_text(header);
        if (text.empty() || !warn_) continue;
        const std::lock_guard lock(warnings_mutex_);
        if (warnings_.size() < most_warnings && warnings_.insert(text).second) {
            warn_(authority_text(address_.origin) + ": " + text);
        }
    }
}

Result<HttpResponse> RegistrySession::send_hop(const HttpRequest& hop, const std::string& scope) {
    const TlsSettings tls = tls_for(address_, hop.url);
    const bool ours = same_origin(hop.url, address_.origin);
    for (int attempt = 0;; ++attempt) {
        HttpRequest request = hop;
        std::string used;
        if (ours) {
            used = TRY(authenticator_.authorization(scope));
            if (!used.empty()) request.headers.push_back("Authorization: " + used);
        }
        HttpResponse response = TRY(client_.perform(request, tls));
        // A body that streams has been used up by the attempt that was refused: the caller starts again.
        const bool repeatable = attempt < 2 && ours && response.status == 401;
        if (!repeatable || !TRY(authenticator_.answer_challenge(response, scope, used))) return response;
        if (hop.body != nullptr) return response;
    }
}

Result<HttpResponse> RegistrySession::send_once(const RegistryRequest& request) {
    HttpRequest hop = request.http;
    for (int hops = 0; hops <= most_redirects; ++hops) {
        HttpResponse response = TRY(send_hop(hop, request.scope));
        report_warnings(response);
        const auto location = response.headers.find("location");
        if (!is_redirect(response.status) || !location.has_value()) return response;
        hop.url = TRY(named_url(hop.url, *location));
        const bool reads = hop.method == "GET" || hop.method == "HEAD";
        if (!reads && !same_origin(hop.url, address_.origin)) {
            return failure(ErrorCode::invalid, hop.method + " is redirected to " + origin_text(hop.url) +
                                                   ": only reading goes on to another server");
        }
    }
    return failure(ErrorCode::invalid, "more than 10 redirects, the last one to " + printable_url(hop.url));
}

Result<HttpResponse> RegistrySession::send(const RegistryRequest& request) {
    RetryBudget budget;
    while (true) {
        auto response = send_once(request);
        if (request.retry == Retry::no) return response;
        if (!response) {
            if (is_transient(response.error()) && budget.wait_for_next()) continue;
            return response;
        }
        if (!is_retryable_status(response->status) || !budget.wait_for_next(asked_pause(*response)))
            return response;
    }
}

}  // namespace ocimg
