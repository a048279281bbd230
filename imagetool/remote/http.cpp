#include "imagetool/remote/http.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/remote/curl_library.hpp"
#include "imagetool/remote/http_exchange.hpp"

namespace ocimg {

namespace {

using oci::Error;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr long buffer_size = 256L << 10U;
constexpr long slowest = 1024;  // bytes a second
constexpr std::size_t most_idle = 32;
constexpr int loopback_buffer = 32 << 10U;  // bytes; the kernel doubles it for its own needs

/// A list of headers as libcurl wants it.
class HeaderList {
public:
    explicit HeaderList(const CurlLibrary& curl) : curl_(curl) {}
    ~HeaderList() { curl_.slist_free_all(list_); }
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;
    void add(const std::string& header) { list_ = curl_.slist_append(list_, header.c_str()); }
    [[nodiscard]] curl_slist* get() const { return list_; }

private:
    const CurlLibrary& curl_;
    curl_slist* list_ = nullptr;
};

/// The kind of a failure, as an errno: what passes (see is_transient) and what does not.
int errno_of(CURLcode code) {
    switch (static_cast<int>(code)) {
        case CURLE_COULDNT_CONNECT:
            return ECONNREFUSED;
        case CURLE_SSL_CONNECT_ERROR:
            return EPROTO;  // no TLS, or none that we accept
        case CURLE_OPERATION_TIMEDOUT:
            return ETIMEDOUT;
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_FAIL_REWIND:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return ECONNRESET;
        default:
            return 0;
    }
}

Error failure_of(const CurlLibrary& curl, CURLcode code, const char* detail) {
    std::string text = detail[0] == '\0' ? curl.easy_strerror(code) : detail;
    // libcurl quotes what the server sent; a terminal must not obey it.
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' ' || c == '\x7f'; }, '?');
    const int number = errno_of(code);
    if (number != 0) return {ErrorCode::system, number, std::move(text)};
    return failure(std::move(text));
}

bool is_loopback(const curl_sockaddr& address) {
    if (address.family == AF_INET) {
        struct sockaddr_in name {};
        std::memcpy(&name, &address.addr, sizeof name);
        return (ntohl(name.sin_addr.s_addr) >> 24U) == 127;
    }
    struct sockaddr_in6 name {};
    if (address.family != AF_INET6 || address.addrlen < sizeof name) return false;
    std::memcpy(&name, static_cast<const void*>(&address.addr), sizeof name);
    return IN6_IS_ADDR_LOOPBACK(&name.sin6_addr);
}

/// Opens a socket for libcurl. On the loopback the sender is as fast as we are and would fill a buffer of any
/// size: what waits there when this process is killed has to be fetched again.
curl_socket_t open_socket(void* /*unused*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && is_loopback(*address)) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &loopback_buffer, sizeof loopback_buffer);
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

}  // namespace

struct HttpClient::Connection {
    Connection(const CurlLibrary& library, std::string origin)
        : curl(library), handle(library.easy_init()), key(std::move(origin)) {}
    ~Connection() {
        if (handle != nullptr) curl.easy_cleanup(handle);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    template <class Value>
    void set(CURLoption option, Value value) {
        const CURLcode code = curl.easy_setopt(handle, option, value);
        if (code != CURLE_OK && first_failure == CURLE_OK) first_failure = code;
    }
    void set_method(const HttpRequest& request);
    void set_tls(const TlsSettings& tls);
    void set_limits(const HttpOptions& options, bool uploads);

    const CurlLibrary& curl;
    CURL* handle;
    std::string key;
    CURLcode first_failure = CURLE_OK;
    std::array<char, CURL_ERROR_SIZE> detail{};
};

void HttpClient::Connection::set_method(const HttpRequest& request) {
    if (request.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else if (request.body != nullptr) {
        set(CURLOPT_UPLOAD, 1L);
        set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body_size));
        set(CURLOPT_READFUNCTION, &HttpExchange::on_upload);
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDS, request.text.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.text.size()));
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else if (request.method != "GET") {
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
}

void HttpClient::Connection::set_tls(const TlsSettings& tls) {
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!tls.verify) {
        set(CURLOPT_SSL_VERIFYPEER, 0L);
        set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!tls.authorities.empty()) {
        curl_blob blob{};
        // libcurl copies it (CURL_BLOB_COPY) and does not write to it.
        blob.data = const_cast<char*>(tls.authorities.data());
        blob.len = tls.authorities.size();
        blob.flags = CURL_BLOB_COPY;
        set(CURLOPT_CAINFO_BLOB, &blob);
    }
    if (!tls.client_certificate.empty()) {
        set(CURLOPT_SSLCERT, tls.client_certificate.c_str());
        set(CURLOPT_SSLKEY, tls.client_key.c_str());
    }
}

void HttpClient::Connection::set_limits(const HttpOptions& options, bool uploads) {
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, slowest);
    // A registry hashes a big blob before it answers: silence at the end of an upload is no stall.
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()) * (uploads ? 10 : 1));
    if (!options.deadline.has_value()) return;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*options.deadline -
                                                                            std::chrono::steady_clock::now());
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(left.count(), 1)));
}

std::optional<std::string> HttpHeaders::find(std::string_view name) const {
    for (const auto& [key, value] : fields) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::vector<std::string> HttpHeaders::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [key, value] : fields) {
        if (key == name) values.push_back(value);
    }
    return values;
}

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::take_connection(const std::string& key) {
    const std::lock_guard lock(mutex_);
    for (auto place = idle_.rbegin(); place != idle_.rend(); ++place) {
        if ((*place)->key != key) continue;
        auto connection = std::move(*place);
        idle_.erase(std::next(place).base());
        return connection;
    }
    return nullptr;
}

void HttpClient::give_back(std::unique_ptr<Connection> connection) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() >= most_idle) idle_.erase(idle_.begin());
    idle_.push_back(std::move(connection));
}

Result<HttpResponse> HttpClient::perform(const HttpRequest& request, const TlsSettings& tls) {
    const CurlLibrary& curl = *TRY(curl_library());
    const std::string url = to_text(request.url);
    const std::string context = request.method + " " + printable_url(request.url);
    if (options_.deadline.has_value() && *options_.deadline <= std::chrono::steady_clock::now()) {
        return failure(context + ": the time given by --timeout is over");
    }
    auto connection = take_connection(origin_text(request.url));
    if (connection == nullptr) connection = std::make_unique<Connection>(curl, origin_text(request.url));
    if (connection->handle == nullptr) return failure(context + ": libcurl gives no handle");

    HeaderList headers(curl);
    for (const std::string& header : request.headers) headers.add(header);
    headers.add("Accept-Encoding: identity");
    if (request.body == nullptr) headers.add("Expect:");
    HttpExchange exchange(request);
    Connection& it = *connection;
    it.set(CURLOPT_URL, url.c_str());
    it.set(CURLOPT_PATH_AS_IS, 1L);
    it.set(CURLOPT_PROTOCOLS_STR, "http,https");
    it.set(CURLOPT_FOLLOWLOCATION, 0L);
    it.set(CURLOPT_NOSIGNAL, 1L);
    it.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    it.set(CURLOPT_BUFFERSIZE, buffer_size);
    it.set(CURLOPT_UPLOAD_BUFFERSIZE, buffer_size);
    it.set(CURLOPT_USERAGENT, "ocimg/" OCIMG_VERSION);
    it.set(CURLOPT_ERRORBUFFER, it.detail.data());
    it.set(CURLOPT_HTTPHEADER, headers.get());
    it.set(CURLOPT_HEADERFUNCTION, &HttpExchange::on_header);
    it.set(CURLOPT_HEADERDATA, &exchange);
    it.set(CURLOPT_WRITEFUNCTION, &HttpExchange::on_body);
    it.set(CURLOPT_WRITEDATA, &exchange);
    it.set(CURLOPT_READDATA, &exchange);
    it.set(CURLOPT_NOPROGRESS, 0L);
    it.set(CURLOPT_XFERINFOFUNCTION, &HttpExchange::on_progress);
    it.set(CURLOPT_XFERINFODATA, &exchange);
    it.set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    it.set_method(request);
    it.set_tls(tls);
    it.set_limits(options_, request.body != nullptr);
    if (it.first_failure != CURLE_OK) {
        return failure(context + ": this libcurl lacks something: " + curl.easy_strerror(it.first_failure));
    }
    const CURLcode code = curl.easy_perform(it.handle);
    if (options_.trace) {
        options_.trace(context + (code == CURLE_OK ? " -> " + std::to_string(exchange.response.status)
                                                   : std::string(" -> ") + curl.easy_strerror(code)));
    }
    const Error error = failure_of(curl, code, it.detail.data());
    curl.easy_reset(it.handle);
    give_back(std::move(connection));
    if (exchange.refusal.has_value()) return exchange.refusal->in(context);
    if (code != CURLE_OK && !exchange.cut_short) return error.in(context);
    return std::move(exchange.response);
}

bool is_transient(const Error& error) {
    return error.code == ErrorCode::system &&
           (error.system_errno == ECONNREFUSED || error.system_errno == ETIMEDOUT ||
            error.system_errno == ECONNRESET);
}

}  // namespace ocimg
