#pragma once
// A blob on its way from a registry, which goes on where a broken connection left off.

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "imagetool/remote/registry_session.hpp"
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

/// Writes exactly `size` - `offset` bytes into `sink` as they come, on the caller's thread, or gives an
/// error: a blob of another size than its descriptor says is refused. The digest is the sink's business.
oci::Result<void> download_blob(RegistrySession& session, const BlobRequest& request, ByteSink& sink);

}  // namespace ocimg
