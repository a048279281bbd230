#include "imagetool/stream/zstd.hpp"

#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace ocimg {
namespace {

constexpr std::size_t input_size = 128U << 10U;
constexpr int largest_window_log = 27;  // 128 MiB

class ZstdSource final : public ByteSource {
public:
    explicit ZstdSource(ByteSource& compressed)
        : compressed_(compressed), input_(input_size), stream_(ZSTD_createDStream()) {
        if (stream_ == nullptr) std::abort();
        ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, largest_window_log);
    }
    ~ZstdSource() override { ZSTD_freeDStream(stream_); }
    ZstdSource(const ZstdSource&) = delete;
    ZstdSource& operator=(const ZstdSource&) = delete;

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        if (buffer.empty()) return std::size_t{0};
        for (;;) {
            if (in_.pos == in_.size && !input_ended_) {
                const std::size_t count = TRY(compressed_.read(input_));
                in_ = {input_.data(), count, 0};
                input_ended_ = count == 0;
            }
            if (input_ended_ && at_frame_boundary_) {
                if (!any_frame_) return damaged("it is empty");
                return std::size_t{0};
            }
            ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
            const std::size_t result = ZSTD_decompressStream(stream_, &out, &in_);
            if (ZSTD_isError(result) != 0) return damaged(ZSTD_getErrorName(result));
            at_frame_boundary_ = result == 0;
            any_frame_ = any_frame_ || at_frame_boundary_;
            if (out.pos > 0) return out.pos;
            if (input_ended_ && !at_frame_boundary_) return damaged("it ends too early");
        }
    }

private:
    static oci::Error damaged(const std::string& how) {
        return oci::failure(oci::ErrorCode::invalid, "zstd stream is damaged: " + how);
    }

    ByteSource& compressed_;
    std::vector<std::byte> input_;
    ZSTD_DStream* stream_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    bool input_ended_ = false;
    bool at_frame_boundary_ = true;
    bool any_frame_ = false;
};

class ZstdSink final : public Compressor {
public:
    ZstdSink(ByteSink& sink, int level)
        : sink_(sink), output_(ZSTD_CStreamOutSize()), stream_(ZSTD_createCStream()) {
        if (stream_ == nullptr) std::abort();
        ZSTD_CCtx_setParameter(stream_, ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(stream_, ZSTD_c_checksumFlag, 1);
    }
    ~ZstdSink() override { ZSTD_freeCStream(stream_); }
    ZstdSink(const ZstdSink&) = delete;
    ZstdSink& operator=(const ZstdSink&) = delete;

    oci::Result<void> write(std::span<const std::byte> data) override {
        return compress(data, ZSTD_e_continue);
    }
    oci::Result<void> finish() override { return compress({}, ZSTD_e_end); }

private:
    oci::Result<void> compress(std::span<const std::byte> data, ZSTD_EndDirective directive) {
        ZSTD_inBuffer in{data.data(), data.size(), 0};
        for (;;) {
            ZSTD_outBuffer out{output_.data(), output_.size(), 0};
            const std::size_t rest = ZSTD_compressStream2(stream_, &out, &in, directive);
            if (ZSTD_isError(rest) != 0) {
                return oci::failure("zstd compression failed: " + std::string(ZSTD_getErrorName(rest)));
            }
            if (out.pos > 0) TRY(sink_.write(std::span(output_).first(out.pos)));
            if (directive == ZSTD_e_end ? rest == 0 : in.pos == in.size) return {};
        }
    }

    ByteSink& sink_;
    std::vector<std::byte> output_;
    ZSTD_CStream* stream_;
};

}  // namespace

std::unique_ptr<ByteSource> open_zstd_source(ByteSource& compressed) {
    return std::make_unique<ZstdSource>(compressed);
}

std::unique_ptr<Compressor> open_zstd_sink(ByteSink& sink, int level) {
    return std::make_unique<ZstdSink>(sink, level);
}

}  // namespace ocimg
