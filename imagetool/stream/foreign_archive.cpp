#include "imagetool/stream/foreign_archive.hpp"

#include <bzlib.h>
#include <lzma.h>

#include <array>
#include <string>
#include <vector>

#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/replaying_source.hpp"

namespace ocimg {
namespace {

constexpr std::size_t input_size = 128U << 10U;
constexpr std::uint64_t most_memory = std::uint64_t{256} << 20U;

oci::Error damaged(const char* kind, const std::string& how) {
    return oci::failure(oci::ErrorCode::invalid, std::string(kind) + " stream is damaged: " + how);
}

class XzSource final : public ByteSource {
public:
    explicit XzSource(std::unique_ptr<ByteSource> compressed)
        : compressed_(std::move(compressed)), input_(input_size) {
        opened_ = lzma_stream_decoder(&stream_, most_memory, LZMA_CONCATENATED);
    }
    ~XzSource() override { lzma_end(&stream_); }
    XzSource(const XzSource&) = delete;
    XzSource& operator=(const XzSource&) = delete;

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        if (opened_ != LZMA_OK) return oci::failure("xz: there is no memory");
        if (buffer.empty() || ended_) return std::size_t{0};
        stream_.next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
        stream_.avail_out = buffer.size();
        while (stream_.avail_out == buffer.size()) {
            if (stream_.avail_in == 0 && !input_ended_) TRY(fill());
            const lzma_ret result = lzma_code(&stream_, input_ended_ ? LZMA_FINISH : LZMA_RUN);
            ended_ = result == LZMA_STREAM_END;
            if (ended_) break;
            if (result == LZMA_MEMLIMIT_ERROR)
                return oci::failure(oci::ErrorCode::unsupported, "xz stream: it needs more than 256 MiB");
            if (result != LZMA_OK)
                return damaged("xz", result == LZMA_BUF_ERROR ? "it ends too early" : "its content is wrong");
        }
        return buffer.size() - stream_.avail_out;
    }

private:
    oci::Result<void> fill() {
        const std::size_t count = TRY(compressed_->read(input_));
        input_ended_ = count == 0;
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(input_.data());
        stream_.avail_in = count;
        return {};
    }

    std::unique_ptr<ByteSource> compressed_;
    std::vector<std::byte> input_;
    lzma_stream stream_ = LZMA_STREAM_INIT;
    lzma_ret opened_ = LZMA_OK;
    bool input_ended_ = false;
    bool ended_ = false;
};

class Bzip2Source final : public ByteSource {
public:
    explicit Bzip2Source(std::unique_ptr<ByteSource> compressed)
        : compressed_(std::move(compressed)), input_(input_size) {
        opened_ = BZ2_bzDecompressInit(&stream_, 0, 0);
    }
    ~Bzip2Source() override { BZ2_bzDecompressEnd(&stream_); }
    Bzip2Source(const Bzip2Source&) = delete;
    Bzip2Source& operator=(const Bzip2Source&) = delete;

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        if (opened_ != BZ_OK) return oci::failure("bzip2: there is no memory");
        const auto room = static_cast<unsigned>(std::min<std::size_t>(buffer.size(), 1U << 30U));
        stream_.next_out = reinterpret_cast<char*>(buffer.data());
        stream_.avail_out = room;
        while (stream_.avail_out == room && room > 0) {
            if (stream_.avail_in == 0) TRY(fill());
            if (input_ended_ && !inside_) break;  // the end of the last stream
            if (input_ended_) return damaged("bzip2", "it ends too early");
            inside_ = true;
            const int result = BZ2_bzDecompress(&stream_);
            if (result == BZ_STREAM_END) {
                restart();
            } else if (result != BZ_OK) {
                return damaged("bzip2", "its content is wrong");
            }
        }
        return std::size_t{room} - stream_.avail_out;
    }

private:
    oci::Result<void> fill() {
        const std::size_t count = TRY(compressed_->read(input_));
        input_ended_ = count == 0;
        stream_.next_in = reinterpret_cast<char*>(input_.data());
        stream_.avail_in = static_cast<unsigned>(count);
        return {};
    }

    /// Another stream may follow.
    void restart() {
        const bz_stream rest = stream_;
        BZ2_bzDecompressEnd(&stream_);
        stream_ = {};
        opened_ = BZ2_bzDecompressInit(&stream_, 0, 0);
        stream_.next_in = rest.next_in;
        stream_.avail_in = rest.avail_in;
        stream_.next_out = rest.next_out;
        stream_.avail_out = rest.avail_out;
        inside_ = false;
    }

    std::unique_ptr<ByteSource> compressed_;
    std::vector<std::byte> input_;
    bz_stream stream_{};
    int opened_ = BZ_OK;
    bool input_ended_ = false;
    bool inside_ = false;  // a stream
};

/// Keeps the source that replays the first bytes.
class KeptSource final : public ByteSource {
public:
    KeptSource(std::unique_ptr<ByteSource> input, std::unique_ptr<ByteSource> output)
        : input_(std::move(input)), output_(std::move(output)) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return output_->read(buffer); }

private:
    std::unique_ptr<ByteSource> input_;
    std::unique_ptr<ByteSource> output_;
};

}  // namespace

oci::Result<std::unique_ptr<ByteSource>> open_archive_by_magic(ByteSource& source) {
    std::array<std::byte, 6> start{};
    const std::size_t count = TRY(read_fully(source, start));
    const std::string_view seen = text_of(std::span(start).first(count));
    std::unique_ptr<ByteSource> input =
        std::make_unique<ReplayingSource>(std::span(start).first(count), source);
    using namespace std::string_view_literals;
    std::unique_ptr<ByteSource> output;
    if (seen ==
        "\xfd"
        "7zXZ\0"sv)
        return std::unique_ptr<ByteSource>(std::make_unique<XzSource>(std::move(input)));
    if (seen.starts_with("BZh"))
        return std::unique_ptr<ByteSource>(std::make_unique<Bzip2Source>(std::move(input)));
    output = TRY(open_by_magic(*input));
    return std::unique_ptr<ByteSource>(std::make_unique<KeptSource>(std::move(input), std::move(output)));
}

}  // namespace ocimg
