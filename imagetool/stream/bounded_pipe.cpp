#include "imagetool/stream/bounded_pipe.hpp"

#include <algorithm>
#include <cstring>

namespace ocimg {

oci::Result<void> BoundedPipe::write(std::span<const std::byte> data) {
    while (!data.empty()) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return filled_ < buffer_.size() || abandoned_; });
        if (abandoned_) return oci::failure("nobody reads any more");
        const std::size_t place = (first_ + filled_) % buffer_.size();
        const std::size_t room = std::min(buffer_.size() - filled_, buffer_.size() - place);
        const std::size_t length = std::min(room, data.size());
        std::memcpy(buffer_.data() + place, data.data(), length);
        const bool was_empty = filled_ == 0;
        filled_ += length;
        data = data.subspan(length);
        if (was_empty) changed_.notify_all();
    }
    return {};
}

void BoundedPipe::close(const oci::Result<void>& outcome) {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (!outcome) error_ = outcome.error();
    changed_.notify_all();
}

oci::Result<std::size_t> BoundedPipe::read(std::span<std::byte> buffer) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return filled_ > 0 || closed_; });
    if (filled_ == 0) {
        if (error_.has_value()) return *error_;
        return std::size_t{0};
    }
    const std::size_t length = std::min({buffer.size(), filled_, buffer_.size() - first_});
    std::memcpy(buffer.data(), buffer_.data() + first_, length);
    const bool was_full = filled_ == buffer_.size();
    first_ = (first_ + length) % buffer_.size();
    filled_ -= length;
    if (was_full) changed_.notify_all();
    return length;
}

void BoundedPipe::abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
}

}  // namespace ocimg
