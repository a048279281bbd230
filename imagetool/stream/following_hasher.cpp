#include "imagetool/stream/following_hasher.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ocimg {

namespace {

using oci::Result;

constexpr std::size_t reading_size = 256U << 10U;
/// Less than this is not worth a thread.
constexpr std::uint64_t worth_a_thread = 1U << 20U;

}  // namespace

FollowingHasher::~FollowingHasher() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        there_ = 0;  // whatever is not hashed yet does not matter any more
    }
    changed_.notify_all();
    thread_.join();
}

void FollowingHasher::advance(std::uint64_t size) {
    {
        const std::lock_guard lock(mutex_);
        there_ = size;
    }
    if (thread_.joinable()) {
        changed_.notify_all();
    } else if (size >= worth_a_thread) {
        thread_ = std::thread([this] { follow(); });
    }
}

Result<std::string> FollowingHasher::finish() {
    if (thread_.joinable()) {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        thread_.join();
    } else {
        std::vector<std::byte> buffer(reading_size);
        TRY(hash_to(there_, buffer));
    }
    if (error_.has_value()) return *error_;
    return hasher_.finish();
}

Result<void> FollowingHasher::hash_to(std::uint64_t size, std::vector<std::byte>& buffer) {
    while (hashed_ < size) {
        const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), size - hashed_);
        const ssize_t got = ::pread(file_.get(), buffer.data(), wanted, static_cast<off_t>(hashed_));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return oci::last_system_failure("read what was written");
        if (got == 0) return oci::failure("what was written has gone: the file was cut short");
        hasher_.update(std::span(buffer).first(static_cast<std::size_t>(got)));
        hashed_ += static_cast<std::uint64_t>(got);
    }
    return {};
}

void FollowingHasher::follow() {
    std::vector<std::byte> buffer(reading_size);
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return ending_ || there_ > hashed_; });
        if (there_ <= hashed_) return;
        // Piece by piece, so that the end is noticed.
        const std::uint64_t next = std::min<std::uint64_t>(there_, hashed_ + buffer.size());
        lock.unlock();
        auto outcome = hash_to(next, buffer);
        lock.lock();
        if (outcome) continue;
        error_ = outcome.error();
        return;
    }
}

}  // namespace ocimg
