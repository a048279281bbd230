#pragma once
// What happens while one request runs: the callbacks that libcurl makes, and what they keep.

#include <cstddef>
#include <optional>

#include "imagetool/remote/curl_library.hpp"
#include "imagetool/remote/http.hpp"

namespace ocimg {

/// The state of one request. The members that libcurl calls answer with the number of bytes taken; another
/// number ends the request, and `refusal` says why.
struct HttpExchange {
    explicit HttpExchange(const HttpRequest& sent) : request(sent) {}

    const HttpRequest& request;
    HttpResponse response;
    ByteSink* sink = nullptr;
    std::optional<oci::Error> refusal;
    std::size_t header_bytes = 0;
    bool head_is_complete = false;
    bool cut_short = false;  // the rest of an error's body does not matter

    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* exchange);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* exchange);
    static int on_progress(void* exchange, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
    static std::size_t on_upload(char* buffer, std::size_t size, std::size_t count, void* exchange);

private:
    oci::Result<void> take_header(std::string_view line);
    oci::Result<void> complete_head();
    oci::Result<void> check_head() const;
    oci::Result<void> take_body(std::string_view data);
};

}  // namespace ocimg
