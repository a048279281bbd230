#include "imagetool/remote/blob_download.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "imagetool/remote/retry.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

/// So much of a blob makes a broken connection one that was worth it.
constexpr std::uint64_t worthwhile = 16U << 10U;

/// The first byte that "bytes 5-9/10" names.
std::optional<std::uint64_t> range_start(std::string_view text) {
    constexpr std::string_view unit = "bytes ";
    if (!text.starts_with(unit)) return std::nullopt;
    text.remove_prefix(unit.size());
    return oci::parse_integer<std::uint64_t>(text.substr(0, text.find('-')));
}

/// Passes on the bytes that are wanted of one answer.
class Receiver final : public ByteSink {
public:
    Receiver(ByteSink& sink, std::uint64_t& position, std::uint64_t size)
        : sink_(sink), position_(position), size_(size) {}

    void discard(std::uint64_t bytes) { discarded_ = bytes; }
    Result<void> write(std::span<const std::byte> data) override {
        const std::size_t unwanted = std::min<std::uint64_t>(discarded_, data.size());
        discarded_ -= unwanted;
        data = data.subspan(unwanted);
        if (data.size() > size_ - position_) {
            return failure(ErrorCode::invalid,
                           "more than the " + std::to_string(size_) + " bytes of its descriptor");
        }
        TRY(sink_.write(data));
        position_ += data.size();
        return {};
    }

private:
    ByteSink& sink_;
    std::uint64_t& position_;
    std::uint64_t size_;
    std::uint64_t discarded_ = 0;
};

/// One blob, over as many requests as it takes.
class BlobDownload {
public:
    BlobDownload(RegistrySession& session, const BlobRequest& request, ByteSink& sink)
        : session_(session), request_(request), sink_(sink), position_(request.offset) {}

    Result<void> run();

private:
    Result<void> check_answer(const HttpResponse& head, Receiver& receiver) const;

    RegistrySession& session_;
    const BlobRequest& request_;
    ByteSink& sink_;
    std::uint64_t position_;   // of the next byte that the sink gets
    bool range_works_ = true;  // Range is asked for
};

Result<void> BlobDownload::check_answer(const HttpResponse& head, Receiver& receiver) const {
    std::uint64_t expected = request_.size;
    if (head.status == 206) {
        const auto start = range_start(head.headers.find("content-range").value_or(""));
        if (start != position_) {
            return failure(ErrorCode::wrong_state,
                           "asked for bytes from " + std::to_string(position_) +
                               ", the answer has Content-Range " +
                               quote(head.headers.find("content-range").value_or("")));
        }
        expected -= position_;
    } else {
        receiver.discard(position_);
    }
    const auto length = head.headers.find("content-length");
    if (length.has_value() && oci::parse_integer<std::uint64_t>(*length) != expected) {
        return failure(ErrorCode::invalid, "the answer has " + *length + " bytes, the descriptor says " +
                                               std::to_string(expected));
    }
    return {};
}

Result<void> BlobDownload::run() {
    RetryBudget budget;
    std::uint64_t achieved = position_;
    while (position_ < request_.size) {
        Receiver receiver(sink_, position_, request_.size);
        RegistryRequest request;
        request.retry = Retry::no;
        request.scope = request_.scope;
        request.http.url = session_.url("/v2/" + request_.repository + "/blobs/" + request_.digest);
        const bool ranged = range_works_ && position_ > 0;
        if (ranged) {
            request.http.headers.push_back("Range: bytes=" + std::to_string(position_) + "-" +
                                           std::to_string(request_.size - 1));
        }
        request.http.choose_sink = [&](const HttpResponse& head) -> Result<ByteSink*> {
            if (head.status != 200 && !(ranged && head.status == 206)) return static_cast<ByteSink*>(nullptr);
            TRY(check_answer(head, receiver));
            return &receiver;
        };
        const auto response = session_.send(request);
        if (position_ == request_.size && response) return {};
        const bool worth_it = position_ - achieved >= worthwhile;
        achieved = position_;
        const bool range_refused =
            ranged && (response ? response->status == 416 : response.error().code == ErrorCode::wrong_state);
        if (range_refused) {
            range_works_ = false;
            continue;
        }
        if (!response && !is_transient(response.error())) return response.error();
        const bool answered = response && !is_retryable_status(response->status) && response->status != 200 &&
                              response->status != 206;
        if (answered) return registry_failure(*response);
        if (worth_it) {
            budget.progress();
            continue;
        }
        const auto asked = response ? asked_pause(*response) : std::nullopt;
        if (budget.wait_for_next(asked)) continue;
        if (!response) return response.error();
        if (response->status >= 300) return registry_failure(*response);
        return failure(ErrorCode::invalid, "the answer ends after " + std::to_string(position_) + " of " +
                                               std::to_string(request_.size) + " bytes");
    }
    return {};
}

}  // namespace

Result<void> download_blob(RegistrySession& session, const BlobRequest& request, ByteSink& sink) {
    return BlobDownload(session, request, sink).run().in("blob " + request.digest);
}

}  // namespace ocimg
