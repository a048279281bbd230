#pragma once
// A blob on its way from a registry: a source that goes on where a broken connection left off.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "imagetool/remote/registry_session.hpp"
#include "imagetool/stream/bounded_pipe.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// Which blob, and from which of its bytes on.
struct BlobRequest {
    std::string repository;
    std::string digest;
    std::uint64_t size = 0;    // of the whole blob
    std::uint64_t offset = 0;  // the first byte that is wanted
    std::string scope;
};

/// Downloads on a thread of its own. Exactly `size` - `offset` bytes come, or an error: a blob of another
/// size than its descriptor says is refused. The digest is the reader's business.
class BlobDownload final : public ByteSource {
public:
    /// The session must outlive the download.
    BlobDownload(RegistrySession& session, BlobRequest request);
    ~BlobDownload() override;
    BlobDownload(const BlobDownload&) = delete;
    BlobDownload& operator=(const BlobDownload&) = delete;

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return pipe_.read(buffer); }

private:
    class Receiver;
    oci::Result<void> run();
    oci::Result<void> check_answer(const HttpResponse& head, Receiver& receiver);

    RegistrySession& session_;
    BlobRequest request_;
    BoundedPipe pipe_;
    std::uint64_t position_;     // of the next byte that the reader gets
    bool range_works_ = true;    // Range is asked for
    std::atomic<bool> stopped_;  // the reader has gone
    std::thread thread_;         // last: it uses all of the above
};

}  // namespace ocimg
