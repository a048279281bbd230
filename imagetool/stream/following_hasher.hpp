#pragma once
// The digest of a file that is still being written: hashed behind the writer, on a thread of its own.

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg {

/// Reads what has been written from the file again (from the page cache, as a rule), so that the writer waits
/// for nothing and keeps nothing in memory. Its members are called from one thread.
class FollowingHasher {
public:
    /// The file stays the caller's and must stay open; its position is not moved.
    FollowingHasher(oci::BorrowedFd file, HashAlgorithm algorithm) : file_(file), hasher_(algorithm) {}
    ~FollowingHasher();
    FollowingHasher(const FollowingHasher&) = delete;
    FollowingHasher& operator=(const FollowingHasher&) = delete;

    /// The first `size` bytes of the file are there and will not change.
    void advance(std::uint64_t size);
    /// Waits, and gives the digest of these bytes. Ends the computation.
    oci::Result<std::string> finish();

private:
    void follow();
    oci::Result<void> hash_to(std::uint64_t size, std::vector<std::byte>& buffer);

    oci::BorrowedFd file_;
    Hasher hasher_;
    std::uint64_t hashed_ = 0;  // the thread's, until it has ended
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t there_ = 0;
    bool ending_ = false;
    std::optional<oci::Error> error_;
    std::thread thread_;
};

}  // namespace ocimg
