#include "imagetool/progress/progress.hpp"

#include <unistd.h>

#include <utility>

#include "base/text.hpp"
#include "imagetool/progress/progress_bars.hpp"
#include "imagetool/progress/progress_lines.hpp"

namespace ocimg {

namespace {

/// Says nothing.
class SilentProgress final : public Progress {
public:
    ProgressItem start(std::string /*name*/, std::uint64_t /*total*/, std::uint64_t /*done*/) override {
        return {this, 0};
    }
    void say(const std::string& /*text*/) override {}

private:
    void advance(std::size_t /*number*/, std::uint64_t /*bytes*/) override {}
    void end(std::size_t /*number*/, std::string_view /*how*/, bool /*failed*/) override {}
};

}  // namespace

oci::Result<ProgressStyle> parse_progress_style(std::string_view text, oci::BorrowedFd output) {
    if (text == "bars") return ProgressStyle::bars;
    if (text == "lines") return ProgressStyle::lines;
    if (text == "json") return ProgressStyle::json;
    if (text == "none") return ProgressStyle::none;
    if (text.empty() || text == "auto") {
        return ::isatty(output.get()) == 1 ? ProgressStyle::bars : ProgressStyle::lines;
    }
    return oci::failure(oci::ErrorCode::invalid,
                        "--progress " + oci::quote(text) + ": expected auto, bars, lines, json or none");
}

std::unique_ptr<Progress> Progress::open(ProgressStyle style, oci::BorrowedFd output) {
    switch (style) {
        case ProgressStyle::bars:
            return std::make_unique<ProgressBars>(output);
        case ProgressStyle::lines:
            return std::make_unique<ProgressLines>(output, LineFormat::text);
        case ProgressStyle::json:
            return std::make_unique<ProgressLines>(output, LineFormat::json);
        case ProgressStyle::none:
            break;
    }
    return std::make_unique<SilentProgress>();
}

ProgressItem::~ProgressItem() {
    if (owner_ != nullptr) owner_->end(number_, "failed", true);
}

ProgressItem::ProgressItem(ProgressItem&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), number_(other.number_) {}

ProgressItem& ProgressItem::operator=(ProgressItem&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(number_, other.number_);
    return *this;
}

void ProgressItem::add(std::uint64_t bytes) {
    if (owner_ != nullptr) owner_->advance(number_, bytes);
}

void ProgressItem::finish(std::string_view how) {
    if (owner_ != nullptr) std::exchange(owner_, nullptr)->end(number_, how, false);
}

}  // namespace ocimg
