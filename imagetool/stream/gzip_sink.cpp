// The writing side of gzip. The input is cut into pieces of one size which are deflated each for itself, on
// as many threads as there are processors, and written one after the other: the bytes are the same whatever
// the number of threads, and any reader of gzip takes them as one member.

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include "imagetool/stream/gzip.hpp"

namespace ocimg {
namespace {

// Cutting costs a new window and new code tables for each piece: 0.3 % more bytes at this size.
constexpr std::size_t piece_size = 512U << 10U;
// The buffers must stay small on machines with many processors; the disk is slower than this many threads.
constexpr unsigned most_threads = 8;
// Of ISA-L's levels 0-3. Level 3 made a real 1 GB layer 1.5 % smaller than 2, the default, and took a fifth
// more time.
constexpr std::array<std::uint32_t, 4> level_buffer_sizes = {ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT,
                                                             ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};
constexpr int highest_level = 3;

std::uint8_t* octets(std::byte* data) {
    return reinterpret_cast<std::uint8_t*>(data);
}

/// A part of the input and what it becomes.
struct Piece {
    std::vector<std::byte> plain;
    std::vector<std::byte> deflated;
    bool last = false;
    bool done = false;
    bool failed = false;
};

/// Deflates pieces; each thread has one of its own.
class PieceDeflater {
public:
    explicit PieceDeflater(int level)
        : level_(static_cast<std::uint32_t>(std::clamp(level, 0, highest_level))),
          level_buffer_(level_buffer_sizes.at(level_)) {}

    /// Every piece but the last ends at a byte's border and leaves the window empty, so that the next one
    /// can simply follow it (RFC 1951, 3.2.4: an empty stored block).
    void deflate(Piece& piece) {
        isal_deflate_init(stream_.get());
        stream_->level = level_;
        stream_->level_buf = octets(level_buffer_.data());
        stream_->level_buf_size = static_cast<std::uint32_t>(level_buffer_.size());
        stream_->gzip_flag = IGZIP_DEFLATE;
        stream_->flush = piece.last ? NO_FLUSH : FULL_FLUSH;
        stream_->end_of_stream = piece.last ? 1 : 0;
        // Stored blocks are the worst case: some bytes for every 64 KiB.
        piece.deflated.resize(piece.plain.size() + piece.plain.size() / 1024 + 1024);
        std::size_t used = store_first_byte(piece);
        const std::size_t stored = used == 0 ? 0 : 1;
        stream_->next_in = octets(piece.plain.data()) + stored;
        stream_->avail_in = static_cast<std::uint32_t>(piece.plain.size() - stored);
        do {
            piece.deflated.resize(std::max(piece.deflated.size(), used + 1024));
            stream_->next_out = octets(piece.deflated.data() + used);
            stream_->avail_out = static_cast<std::uint32_t>(piece.deflated.size() - used);
            piece.failed = piece.failed || isal_deflate(stream_.get()) != COMP_OK;
            used = piece.deflated.size() - stream_->avail_out;
        } while (!piece.failed && stream_->avail_out == 0);
        piece.deflated.resize(used);
    }

private:
    /// Writes the first byte as a stored block and makes it the dictionary of what follows; returns the size
    /// of the block. Without a dictionary ISA-L begins a stream by hashing a register that still holds the
    /// address of its state, and one layer in some thousands gets other bytes than it should.
    std::size_t store_first_byte(Piece& piece) {
        if (piece.plain.empty()) return 0;
        constexpr std::array<std::uint8_t, 5> block{0, 1, 0, 0xfe,
                                                    0xff};  // RFC 1951, 3.2.4: one byte, its complement
        std::memcpy(piece.deflated.data(), block.data(), block.size());
        piece.deflated[block.size()] = piece.plain.front();
        piece.failed = isal_deflate_set_dict(stream_.get(), octets(piece.plain.data()), 1) != COMP_OK;
        return block.size() + 1;
    }

    std::uint32_t level_;
    std::vector<std::byte> level_buffer_;
    std::unique_ptr<isal_zstream> stream_ = std::make_unique<isal_zstream>();
};

/// Threads that deflate whatever pieces are queued, in any order.
class DeflateThreads {
public:
    explicit DeflateThreads(int level) : level_(level) {}
    ~DeflateThreads() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }
    DeflateThreads(const DeflateThreads&) = delete;
    DeflateThreads& operator=(const DeflateThreads&) = delete;

    static unsigned most() { return std::clamp(std::thread::hardware_concurrency(), 1U, most_threads); }

    /// Starts one more thread as long as there are fewer than queued pieces.
    void queue(Piece& piece) {
        {
            const std::lock_guard lock(mutex_);
            queued_.push_back(&piece);
            if (threads_.size() < most() && threads_.size() < queued_.size() + busy_) {
                threads_.emplace_back([this] { work(); });
            }
        }
        changed_.notify_all();
    }

    void wait_for(const Piece& piece) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&piece] { return piece.done; });
    }

private:
    void work() {
        PieceDeflater deflater(level_);
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return ending_ || !queued_.empty(); });
            if (ending_) return;
            Piece& piece = *queued_.front();
            queued_.pop_front();
            ++busy_;
            lock.unlock();
            deflater.deflate(piece);
            lock.lock();
            --busy_;
            piece.done = true;
            changed_.notify_all();
        }
    }

    int level_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Piece*> queued_;
    std::size_t busy_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

class GzipSink final : public Compressor {
public:
    GzipSink(ByteSink& sink, int level)
        : sink_(sink), level_(level), pieces_(DeflateThreads::most() + 2), threads_(level) {}

    oci::Result<void> write(std::span<const std::byte> data) override {
        while (!data.empty()) {
            std::vector<std::byte>& plain = pieces_[filling_].plain;
            // Only input that follows shows that a full piece is not the last one.
            if (plain.size() == piece_size) {
                TRY(queue_filled());
                continue;
            }
            if (plain.empty()) plain.reserve(piece_size);
            const std::size_t count = std::min(data.size(), piece_size - plain.size());
            plain.insert(plain.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(count));
            data = data.subspan(count);
        }
        return {};
    }

    oci::Result<void> finish() override {
        Piece& last = pieces_[filling_];
        last.last = true;
        checksum(last);
        // What fits into one piece needs no thread.
        if (unwritten_ > 0 || header_written_) {
            threads_.queue(last);
        } else {
            PieceDeflater(level_).deflate(last);
            last.done = true;
        }
        while (unwritten_ > 0) TRY(write_oldest());
        threads_.wait_for(last);
        TRY(write_piece(last));
        return write_trailer();
    }

private:
    void checksum(const Piece& piece) {
        const std::uint64_t size = piece.plain.size();
        crc_ = crc32_gzip_refl(crc_, reinterpret_cast<const unsigned char*>(piece.plain.data()), size);
        size_ += size;
    }

    /// Gives the filled piece to the threads and makes room for the next one.
    oci::Result<void> queue_filled() {
        Piece& piece = pieces_[filling_];
        checksum(piece);
        threads_.queue(piece);
        ++unwritten_;
        filling_ = (filling_ + 1) % pieces_.size();
        if (unwritten_ == pieces_.size()) TRY(write_oldest());
        return {};
    }

    oci::Result<void> write_oldest() {
        Piece& piece = pieces_[(filling_ + pieces_.size() - unwritten_) % pieces_.size()];
        threads_.wait_for(piece);
        TRY(write_piece(piece));
        --unwritten_;
        piece.plain.clear();
        piece.done = false;
        return {};
    }

    oci::Result<void> write_piece(const Piece& piece) {
        if (piece.failed) return oci::failure("gzip compression failed");
        if (!header_written_) {
            // RFC 1952, 2.3: deflate, no flags, no time, no extra flags, operating system unknown.
            constexpr std::array<std::uint8_t, 10> header{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
            TRY(sink_.write(std::as_bytes(std::span(header))));
            header_written_ = true;
        }
        return sink_.write(piece.deflated);
    }

    oci::Result<void> write_trailer() {
        std::array<std::uint8_t, 8> trailer{};
        for (unsigned i = 0; i < 4; ++i) {
            trailer.at(i) = static_cast<std::uint8_t>(crc_ >> (8 * i));
            trailer.at(4 + i) = static_cast<std::uint8_t>(size_ >> (8 * i));  // modulo 2^32, as the RFC says
        }
        return sink_.write(std::as_bytes(std::span(trailer)));
    }

    ByteSink& sink_;
    int level_;
    std::vector<Piece> pieces_;  // a ring; the threads hold addresses of its elements
    std::size_t filling_ = 0;
    std::size_t unwritten_ = 0;
    std::uint32_t crc_ = 0;
    std::uint64_t size_ = 0;
    bool header_written_ = false;
    DeflateThreads threads_;  // the last member: its threads end before the pieces go
};

}  // namespace

std::unique_ptr<Compressor> open_gzip_sink(ByteSink& sink, int level) {
    return std::make_unique<GzipSink>(sink, level);
}

}  // namespace ocimg
