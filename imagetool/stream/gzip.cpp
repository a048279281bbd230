#include "imagetool/stream/gzip.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <isa-l/igzip_lib.h>

namespace ocimg {
namespace {

constexpr std::size_t input_size = 128U << 10U;

std::uint8_t* octets(std::byte* data) {
    return reinterpret_cast<std::uint8_t*>(data);
}

oci::Error damaged(const std::string& how) {
    return oci::failure(oci::ErrorCode::invalid, "gzip stream is damaged: " + how);
}

class GzipSource final : public ByteSource {
public:
    explicit GzipSource(ByteSource& compressed)
        : compressed_(compressed), input_(input_size), state_(std::make_unique<inflate_state>()) {}

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        if (buffer.empty()) return std::size_t{0};
        for (;;) {
            if (phase_ == Phase::ended) return std::size_t{0};
            if (state_->avail_in == 0 && !input_ended_) TRY(refill());
            if (phase_ != Phase::inside_member) {
                TRY(between_members());
                continue;
            }
            const std::size_t made = TRY(inflate_into(buffer));
            if (made > 0) return made;
        }
    }

private:
    enum class Phase { before_first_member, inside_member, after_member, ended };

    oci::Result<void> refill() {
        const std::size_t count = TRY(compressed_.read(input_));
        state_->next_in = octets(input_.data());
        state_->avail_in = static_cast<std::uint32_t>(count);
        input_ended_ = count == 0;
        return {};
    }

    /// Called with input, or at its end: starts the next member or passes over padding.
    oci::Result<void> between_members() {
        if (state_->avail_in == 0) {
            if (phase_ == Phase::before_first_member) return damaged("it is empty");
            phase_ = Phase::ended;
            return {};
        }
        if (phase_ == Phase::after_member && *state_->next_in == 0) {
            in_padding_ = true;
            ++state_->next_in;
            --state_->avail_in;
            return {};
        }
        if (in_padding_) return damaged("there are bytes after its end");
        std::uint8_t* const next = state_->next_in;
        const std::uint32_t available = state_->avail_in;
        isal_inflate_init(state_.get());
        state_->crc_flag = ISAL_GZIP;
        state_->next_in = next;
        state_->avail_in = available;
        phase_ = Phase::inside_member;
        return {};
    }

    oci::Result<std::size_t> inflate_into(std::span<std::byte> buffer) {
        constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max() / 2;
        const std::size_t room = std::min(buffer.size(), most);
        state_->next_out = octets(buffer.data());
        state_->avail_out = static_cast<std::uint32_t>(room);
        const std::uint32_t input_before = state_->avail_in;
        const int result = isal_inflate(state_.get());
        const std::size_t made = room - state_->avail_out;
        if (result == ISAL_INCORRECT_CHECKSUM) return damaged("its checksum is wrong");
        if (result < 0) return damaged("invalid data");
        if (state_->block_state == ISAL_BLOCK_FINISH) {
            phase_ = Phase::after_member;
            return made;
        }
        if (made == 0 && input_ended_ && state_->avail_in == input_before) {
            return damaged("it ends too early");
        }
        return made;
    }

    ByteSource& compressed_;
    std::vector<std::byte> input_;
    std::unique_ptr<inflate_state> state_;
    Phase phase_ = Phase::before_first_member;
    bool input_ended_ = false;
    bool in_padding_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_gzip_source(ByteSource& compressed) {
    return std::make_unique<GzipSource>(compressed);
}

}  // namespace ocimg
