#include "imagetool/build/download_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/dockerfile/source_reference.hpp"
#include "imagetool/remote/http.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

constexpr int most_redirects = 10;
constexpr std::uint64_t most_bytes = std::uint64_t{8} << 30U;

std::int64_t modified_time(const HttpResponse& response) {
    const auto text = response.headers.find("last-modified");
    struct tm parts {};
    if (!text.has_value() || ::strptime(text->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr)
        return 0;
    return ::timegm(&parts);
}

Result<HttpResponse> fetch(const std::string& address, ByteSink& sink) {
    HttpClient client(HttpOptions{});
    Url url = TRY(parse_url(address));
    for (int hop = 0; hop <= most_redirects; ++hop) {
        HttpRequest request{.url = url, .answer_limit = most_bytes};
        request.choose_sink = [&](const HttpResponse& head) -> Result<ByteSink*> {
            return head.status == 200 ? &sink : nullptr;
        };
        HttpResponse response = TRY(client.perform(request, TlsSettings{}));
        if (response.status == 200) return response;
        const auto location = response.headers.find("location");
        if (response.status / 100 != 3 || !location.has_value())
            return failure("the server answers with status " + std::to_string(response.status));
        const Url next = TRY(resolve_url(url, *location));
        if (url.scheme == "https" && next.scheme != "https")
            return failure(ErrorCode::invalid, "the server redirects from https to http");
        url = next;
    }
    return failure("the server redirects more than " + std::to_string(most_redirects) + " times");
}

}  // namespace

Result<std::string> download_file(const std::string& url, const std::string& checksum,
                                  oci::BorrowedFd directory) {
    const std::string context = "download " + quote(dockerfile::without_credentials(url));
    std::string name = TRY(dockerfile::url_file_name(url).in(context));
    const Fd file =
        TRY(oci::open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600).in(context));
    FileSink content(file);
    HashingSink hashed(content);
    const HttpResponse response = TRY(fetch(url, hashed).in(context));
    const std::string found = hashed.finish();
    if (!checksum.empty() && checksum != found)
        return failure(ErrorCode::invalid,
                       context + ": the content has the digest " + found + ", expected " + checksum);
    const std::int64_t time = modified_time(response);
    const struct timespec times[2] = {{time, 0}, {time, 0}};
    if (::fchmod(file.get(), 0600) != 0 || ::futimens(file.get(), times) != 0)
        return oci::last_system_failure(context + ": mode and time");
    return name;
}

}  // namespace ocimg::build
