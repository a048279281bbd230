// RegistryClient: blobs going up (distribution-spec "Pushing blobs"): in one piece or in chunks, and once
// more from the start when the session is lost.

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "imagetool/remote/registry_client.hpp"
#include "imagetool/remote/retry.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

/// Gives the first `size` bytes of another source.
class PartSource final : public ByteSource {
public:
    PartSource(ByteSource& whole, std::uint64_t size) : whole_(whole), left_(size) {}
    Result<std::size_t> read(std::span<std::byte> buffer) override {
        const std::size_t got = TRY(whole_.read(buffer.first(std::min<std::uint64_t>(buffer.size(), left_))));
        if (got == 0 && left_ > 0) return failure(ErrorCode::invalid, "the content ends too early");
        left_ -= got;
        return got;
    }

private:
    ByteSource& whole_;
    std::uint64_t left_;
};

/// How one attempt ended that did not succeed, and whether another one may.
struct FailedAttempt {
    oci::Error error;
    bool again = false;
    std::optional<std::chrono::milliseconds> asked;
};

FailedAttempt refused(const HttpResponse& response) {
    // 404: the session is gone. 409, 416: it is not where we think it is. A new one may do. So may a fresh
    // token, which the answer to 401 has fetched meanwhile.
    const bool again = is_retryable_status(response.status) || response.status == 401 ||
                       response.status == 404 || response.status == 409 || response.status == 416;
    return {registry_failure(response), again, asked_pause(response)};
}

FailedAttempt broken(const oci::Error& error) {
    return {error, is_transient(error), std::nullopt};
}

}  // namespace

/// One attempt to upload one blob.
class BlobUpload {
public:
    BlobUpload(const RegistryClient& client, const Descriptor& blob, std::uint64_t chunk_size)
        : client_(client),
          blob_(blob),
          size_(static_cast<std::uint64_t>(blob.size)),
          chunk_size_(chunk_size) {}

    /// Nothing: the registry has the blob.
    std::optional<FailedAttempt> run(ByteSource& content) {
        auto opened = client_.session_->send(client_.request("POST", "/blobs/uploads/"));
        if (!opened) return broken(opened.error());
        if (opened->status == 201) return std::nullopt;
        if (opened->status != 202) return refused(*opened);
        if (auto taken = take_location(
                *opened, client_.session_->url("/v2/" + client_.repository_ + "/blobs/uploads/"));
            !taken) {
            return FailedAttempt{taken.error(), false, std::nullopt};
        }
        const auto least =
            oci::parse_integer<std::uint64_t>(opened->headers.find("oci-chunk-min-length").value_or(""));
        if (chunk_size_ > 0) chunk_size_ = std::max(chunk_size_, least.value_or(0));
        return chunk_size_ == 0 || size_ <= chunk_size_ ? put_whole(content) : send_chunks(content);
    }

    /// Releases what the registry keeps for an upload that is given up.
    void cancel() {
        if (location_.host.empty()) return;
        RegistryRequest remove = session_request("DELETE");
        static_cast<void>(client_.session_->send(remove).has_value());
    }

private:
    Result<void> take_location(const HttpResponse& response, const Url& base) {
        const auto location = response.headers.find("location");
        if (!location.has_value())
            return failure(ErrorCode::invalid, "the registry names no place for the upload");
        location_ = TRY(client_.session_->named_url(base, *location));
        return {};
    }

    RegistryRequest session_request(const char* method) {
        RegistryRequest request = client_.request(method, "");
        request.http.url = location_;
        request.retry = Retry::no;
        return request;
    }

    std::optional<FailedAttempt> put_whole(ByteSource& content) {
        RegistryRequest put = session_request("PUT");
        add_query(put.http.url, "digest", blob_.digest);
        put.http.headers.emplace_back("Content-Type: application/octet-stream");
        put.http.body = &content;
        put.http.body_size = size_;
        return finish(put);
    }

    std::optional<FailedAttempt> finish(const RegistryRequest& put) {
        const auto response = client_.session_->send(put);
        if (!response) return broken(response.error());
        if (response->status == 201) return std::nullopt;
        return refused(*response);
    }

    std::optional<FailedAttempt> send_chunks(ByteSource& content) {
        for (std::uint64_t sent = 0; sent < size_;) {
            const std::uint64_t length = std::min(chunk_size_, size_ - sent);
            PartSource part(content, length);
            RegistryRequest patch = session_request("PATCH");
            patch.http.headers.emplace_back("Content-Type: application/octet-stream");
            patch.http.headers.push_back("Content-Range: " + std::to_string(sent) + "-" +
                                         std::to_string(sent + length - 1));
            patch.http.body = &part;
            patch.http.body_size = length;
            const auto response = client_.session_->send(patch);
            if (!response) return broken(response.error());
            if (response->status != 202) return refused(*response);
            sent += length;
            const std::string range = response->headers.find("range").value_or("");
            if (!range.empty() && !range.ends_with("-" + std::to_string(sent - 1))) {
                return FailedAttempt{failure("after " + std::to_string(sent) +
                                             " bytes the registry has the range " + quote(range)),
                                     true, std::nullopt};
            }
            if (auto taken = take_location(*response, patch.http.url); !taken) {
                return FailedAttempt{taken.error(), false, std::nullopt};
            }
        }
        RegistryRequest put = session_request("PUT");
        add_query(put.http.url, "digest", blob_.digest);
        return finish(put);
    }

    const RegistryClient& client_;
    const Descriptor& blob_;
    std::uint64_t size_;
    std::uint64_t chunk_size_;
    Url location_;
};

Result<void> RegistryClient::upload_blob(const Descriptor& blob, const BlobOpener& open,
                                         const UploadOptions& options) const {
    const std::string where = context("push blob " + blob.digest);
    RetryBudget budget;
    while (true) {
        const std::unique_ptr<ByteSource> content = TRY(open().in(where));
        BlobUpload upload(*this, blob, options.chunk_size);
        const auto failed = upload.run(*content);
        if (!failed.has_value()) return {};
        if (!failed->again || !budget.wait_for_next(failed->asked)) {
            upload.cancel();
            return failed->error.in(where);
        }
        // The answer may have been lost, not the blob.
        if (TRY(has_blob(blob.digest))) return {};
    }
}

}  // namespace ocimg
