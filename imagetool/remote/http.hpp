#pragma once
// One HTTP request and its answer, over libcurl: bodies stream from sources and into sinks, redirects are not
// followed here. Every answer has budgets; what a server says about lengths and encodings is checked.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "imagetool/remote/url.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// The most bytes kept of an answer that tells an error.
inline constexpr std::uint64_t error_body_limit = 64U << 10U;

struct HttpHeaders {
    std::vector<std::pair<std::string, std::string>> fields;  // names in lower case

    /// The first value of a header; nothing when it is absent.
    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
};

struct HttpResponse {
    int status = 0;
    HttpHeaders headers;
    std::string body;  // empty when it went into a sink
};

struct HttpRequest {
    std::string method = "GET";
    Url url;
    std::vector<std::string> headers;  // "Name: value"
    std::string text;                  // body of POST, PUT and PATCH unless `body` is set
    ByteSource* body = nullptr;
    std::uint64_t body_size = 0;
    std::uint64_t answer_limit = error_body_limit;  // a successful answer with more is an error
    /// Asked when the head of the answer is there: where its body goes; null: into HttpResponse::body. An
    /// error ends the request.
    std::function<oci::Result<ByteSink*>(const HttpResponse& head)> choose_sink;
};

/// How a server is spoken to.
struct TlsSettings {
    bool verify = true;
    std::string authorities;         // PEM, trusted besides those of the system
    std::string client_certificate;  // path of a PEM file; empty: none
    std::string client_key;          // path
};

struct HttpOptions {
    std::chrono::seconds connect_timeout{30};
    std::chrono::seconds stall_timeout{60};  // less than 1 KiB a second for this long ends a request
    std::optional<std::chrono::steady_clock::time_point> deadline;
    std::function<void(const std::string&)> trace;  // one line a request, without secrets
};

/// Sends requests, each on the caller's thread; connections are kept for the next request to the same origin.
class HttpClient {
public:
    explicit HttpClient(HttpOptions options);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// The answer, whatever its status. See is_transient for errors that may pass.
    oci::Result<HttpResponse> perform(const HttpRequest& request, const TlsSettings& tls);

    [[nodiscard]] const HttpOptions& options() const { return options_; }

private:
    struct Connection;
    std::unique_ptr<Connection> take_connection(const std::string& key);
    void give_back(std::unique_ptr<Connection> connection);

    HttpOptions options_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Connection>> idle_;
};

/// Whether the error is one of the network that another try may not meet: refused, reset, cut off, stalled.
bool is_transient(const oci::Error& error);

}  // namespace ocimg
