#include "imagetool/stream/pipeline.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/interruption.hpp"

namespace ocimg {
namespace {

constexpr std::size_t block_size = 256U << 10U;
constexpr std::size_t block_count = 4;

struct Block {
    std::vector<std::byte> bytes = std::vector<std::byte>(block_size);
    std::size_t used = 0;
};

/// A ring of blocks between one thread that fills and one that empties. The filled blocks are
/// `filled` ones from `first`; the rest is free.
struct Ring {
    std::mutex mutex;
    std::condition_variable changed;
    std::array<Block, block_count> blocks;
    std::size_t first = 0;
    std::size_t filled = 0;
    bool ended = false;      // the filling side is done
    bool cancelled = false;  // the emptying side gave up, or the whole ring is dropped
    std::optional<oci::Error> error;

    /// A block to fill, or null when nobody wants it any more.
    Block* wait_for_free() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return filled < block_count || cancelled; });
        return cancelled ? nullptr : &blocks.at((first + filled) % block_count);
    }
    void push() {
        const std::lock_guard lock(mutex);
        ++filled;
        changed.notify_all();
    }
    /// A filled block, or null at the end.
    Block* wait_for_filled() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return filled > 0 || ended || cancelled; });
        return filled > 0 && !cancelled ? &blocks.at(first) : nullptr;
    }
    void pop() {
        const std::lock_guard lock(mutex);
        first = (first + 1) % block_count;
        --filled;
        changed.notify_all();
    }
    void end(std::optional<oci::Error> why) {
        const std::lock_guard lock(mutex);
        ended = true;
        if (why.has_value()) error = std::move(why);
        changed.notify_all();
    }
    void cancel(std::optional<oci::Error> why) {
        const std::lock_guard lock(mutex);
        cancelled = true;
        if (why.has_value()) error = std::move(why);
        changed.notify_all();
    }
    std::optional<oci::Error> failure() {
        const std::lock_guard lock(mutex);
        return error;
    }
};

}  // namespace

struct ReadAheadSource::Shared {
    Ring ring;
    bool holds_block = false;
    std::thread thread;

    void run(ByteSource& source) {
        for (;;) {
            Block* const block = ring.wait_for_free();
            if (block == nullptr) return;
            // A small blob may be read long ago and still give gigabytes.
            if (const auto state = oci::check_interruption(); !state) return ring.end(state.error());
            const oci::Result<std::size_t> count = read_fully(source, block->bytes);
            if (!count.has_value()) return ring.end(count.error());
            block->used = *count;
            if (*count > 0) ring.push();
            if (*count < block->bytes.size()) return ring.end(std::nullopt);
        }
    }
};

ReadAheadSource::ReadAheadSource(ByteSource& source) : shared_(std::make_unique<Shared>()) {
    shared_->thread = std::thread([shared = shared_.get(), &source] { shared->run(source); });
}

ReadAheadSource::~ReadAheadSource() {
    shared_->ring.cancel(std::nullopt);
    shared_->thread.join();
}

oci::Result<std::span<const std::byte>> ReadAheadSource::next_block() {
    if (!rest_.empty()) return std::exchange(rest_, {});
    if (shared_->holds_block) shared_->ring.pop();
    shared_->holds_block = false;
    const Block* const block = shared_->ring.wait_for_filled();
    if (block == nullptr) {
        const std::optional<oci::Error> error = shared_->ring.failure();
        if (error.has_value()) return *error;
        return std::span<const std::byte>{};
    }
    shared_->holds_block = true;
    return std::span<const std::byte>(block->bytes).first(block->used);
}

oci::Result<std::size_t> ReadAheadSource::read(std::span<std::byte> buffer) {
    if (rest_.empty()) rest_ = TRY(next_block());
    const std::size_t count = std::min(buffer.size(), rest_.size());
    if (count > 0) std::memcpy(buffer.data(), rest_.data(), count);
    rest_ = rest_.subspan(count);
    return count;
}

struct WriteBehindSink::Shared {
    Ring ring;
    Block* current = nullptr;
    std::thread thread;

    void run(ByteSink& sink) {
        while (const Block* const block = ring.wait_for_filled()) {
            const oci::Result<void> written = sink.write(std::span(block->bytes).first(block->used));
            if (!written.has_value()) return ring.cancel(written.error());
            ring.pop();
        }
    }
};

WriteBehindSink::WriteBehindSink(ByteSink& sink) : shared_(std::make_unique<Shared>()) {
    shared_->thread = std::thread([shared = shared_.get(), &sink] { shared->run(sink); });
}

WriteBehindSink::~WriteBehindSink() {
    if (!shared_->thread.joinable()) return;
    shared_->ring.cancel(std::nullopt);
    shared_->thread.join();
}

oci::Result<void> WriteBehindSink::hand_over() {
    if (shared_->current != nullptr) shared_->ring.push();
    shared_->current = nullptr;
    return {};
}

oci::Result<void> WriteBehindSink::write(std::span<const std::byte> data) {
    while (!data.empty()) {
        if (shared_->current == nullptr) {
            shared_->current = shared_->ring.wait_for_free();
            if (shared_->current == nullptr) {
                return shared_->ring.failure().value_or(oci::failure("the writing thread has stopped"));
            }
            shared_->current->used = 0;
        }
        Block& block = *shared_->current;
        const std::size_t count = std::min(data.size(), block.bytes.size() - block.used);
        std::memcpy(block.bytes.data() + block.used, data.data(), count);
        block.used += count;
        data = data.subspan(count);
        if (block.used == block.bytes.size()) TRY(hand_over());
    }
    return {};
}

oci::Result<void> WriteBehindSink::finish() {
    TRY(hand_over());
    shared_->ring.end(std::nullopt);
    if (shared_->thread.joinable()) shared_->thread.join();
    const std::optional<oci::Error> error = shared_->ring.failure();
    if (error.has_value()) return *error;
    return {};
}

BufferedSource::BufferedSource(ByteSource& source) : source_(source), buffer_(block_size) {}

oci::Result<std::span<const std::byte>> BufferedSource::next_block() {
    const std::size_t count = TRY(read_fully(source_, buffer_));
    return std::span<const std::byte>(buffer_).first(count);
}

}  // namespace ocimg
