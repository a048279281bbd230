#include "imagetool/remote/http_exchange.hpp"

#include <algorithm>

#include "base/interruption.hpp"
#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr std::size_t header_budget = 256U << 10U;

/// Keeps the first error and tells libcurl to stop.
std::size_t answer(HttpExchange& exchange, const Result<void>& outcome, std::size_t taken) {
    if (outcome) return taken;
    if (!exchange.refusal.has_value()) exchange.refusal = outcome.error();
    return taken == 0 ? 1 : 0;
}

}  // namespace

std::size_t HttpExchange::on_header(char* data, std::size_t size, std::size_t count, void* exchange) {
    auto& self = *static_cast<HttpExchange*>(exchange);
    return answer(self, self.take_header({data, size * count}), size * count);
}

std::size_t HttpExchange::on_body(char* data, std::size_t size, std::size_t count, void* exchange) {
    auto& self = *static_cast<HttpExchange*>(exchange);
    auto taken = self.take_body({data, size * count});
    if (self.cut_short) return size * count + 1;
    return answer(self, std::move(taken), size * count);
}

std::size_t HttpExchange::on_upload(char* buffer, std::size_t size, std::size_t count, void* exchange) {
    auto& self = *static_cast<HttpExchange*>(exchange);
    const auto got = self.request.body->read(std::as_writable_bytes(std::span(buffer, size * count)));
    if (got) return *got;
    self.refusal = got.error();
    return CURL_READFUNC_ABORT;
}

int HttpExchange::on_progress(void* exchange, curl_off_t /*to_get*/, curl_off_t /*got*/,
                              curl_off_t /*to_send*/, curl_off_t /*sent*/) {
    auto& self = *static_cast<HttpExchange*>(exchange);
    const auto state = oci::check_interruption();
    if (state) return 0;
    self.refusal = state.error();
    return 1;
}

Result<void> HttpExchange::take_header(std::string_view line) {
    header_bytes += line.size();
    if (header_bytes > header_budget)
        return failure(ErrorCode::invalid, "the answer's headers are longer than 256 KiB");
    if (head_is_complete) return {};  // trailers say nothing we need
    if (line.starts_with("HTTP/")) {
        const std::vector<std::string> parts = oci::words(oci::trim(line));
        response = {};
        response.status = parts.size() < 2 ? 0 : oci::parse_integer<int>(parts[1]).value_or(0);
        return {};
    }
    const std::string_view text = oci::trim(line);
    if (text.empty()) return response.status >= 200 ? complete_head() : Result<void>{};
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    response.headers.fields.emplace_back(oci::to_lower(oci::trim(text.substr(0, colon))),
                                         std::string(oci::trim(text.substr(colon + 1))));
    return {};
}

Result<void> HttpExchange::complete_head() {
    head_is_complete = true;
    TRY(check_head());
    if (request.choose_sink) sink = TRY(request.choose_sink(response));
    return {};
}

Result<void> HttpExchange::check_head() const {
    for (const std::string& encoding : response.headers.all("content-encoding")) {
        if (oci::to_lower(encoding) == "identity") continue;
        return failure(ErrorCode::invalid, "the answer has the Content-Encoding " + quote(encoding) +
                                               ", which was not asked for: only identity is accepted");
    }
    const std::vector<std::string> lengths = response.headers.all("content-length");
    for (const std::string& length : lengths) {
        if (length != lengths.front() || !oci::parse_integer<std::uint64_t>(length).has_value()) {
            return failure(ErrorCode::invalid, "the answer's Content-Length is " +
                                                   quote(oci::join(lengths, ", ")) + ": expected one number");
        }
    }
    if (!lengths.empty() && response.headers.find("transfer-encoding").has_value()) {
        return failure(ErrorCode::invalid, "the answer has both Content-Length and Transfer-Encoding");
    }
    return {};
}

Result<void> HttpExchange::take_body(std::string_view data) {
    if (sink != nullptr) return sink->write(bytes_of(data));
    const bool tells_error = response.status >= 300;
    const std::uint64_t limit = tells_error ? error_body_limit : request.answer_limit;
    const std::uint64_t room = limit - std::min<std::uint64_t>(limit, response.body.size());
    response.body += data.substr(0, room);
    if (data.size() <= room) return {};
    if (tells_error) {
        cut_short = true;
        return {};
    }
    return failure(ErrorCode::invalid, "the answer is longer than " + std::to_string(limit) + " bytes");
}

}  // namespace ocimg
