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

/// Small, so that little is lost when the process is killed; the sockets buffer too.
constexpr std::size_t pipe_size = 256U << 10U;
/// So much of a blob makes a broken connection one that was worth it.
constexpr std::uint64_t worthwhile = 16U << 10U;

/// The first byte that "bytes 5-9/10" names.
std::optional<std::uint64_t> range_start(std::string_view text) {
    constexpr std::string_view unit = "bytes ";
    if (!text.starts_with(unit)) return std::nullopt;
    text.remove_prefix(unit.size());
    return oci::parse_integer<std::uint64_t>(text.substr(0, text.find('-')));
}

}  // namespace

/// Passes on the bytes that are wanted of one answer.
class BlobDownload::Receiver final : public ByteSink {
public:
    Receiver(BoundedPipe& pipe, std::uint64_t& position, std::uint64_t size)
        : pipe_(pipe), position_(position), size_(size) {}

    void discard(std::uint64_t bytes) { discarded_ = bytes; }
    Result<void> write(std::span<const std::byte> data) override {
        const std::size_t unwanted = std::min<std::uint64_t>(discarded_, data.size());
        discarded_ -= unwanted;
        data = data.subspan(unwanted);
        if (data.size() > size_ - position_) {
            return failure(ErrorCode::invalid,
                           "more than the " + std::to_string(size_) + " bytes of its descriptor");
        }
        TRY(pipe_.write(data));
        position_ += data.size();
        return {};
    }

private:
    BoundedPipe& pipe_;
    std::uint64_t& position_;
    std::uint64_t size_;
    std::uint64_t discarded_ = 0;
};

BlobDownload::BlobDownload(RegistrySession& session, BlobRequest request)
    : session_(session),
      request_(std::move(request)),
      pipe_(pipe_size),
      position_(request_.offset),
      stopped_(false),
      thread_([this] { pipe_.close(run().in("blob " + request_.digest)); }) {}

BlobDownload::~BlobDownload() {
    stopped_ = true;
    pipe_.abandon();
    thread_.join();
}

Result<void> BlobDownload::check_answer(const HttpResponse& head, Receiver& receiver) {
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
        if (stopped_) return failure("nobody reads any more");
        Receiver receiver(pipe_, position_, request_.size);
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

}  // namespace ocimg
