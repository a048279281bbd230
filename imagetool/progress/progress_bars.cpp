#include "imagetool/progress/progress_bars.hpp"

#include <sys/ioctl.h>

#include "base/file.hpp"

namespace ocimg {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_drawings(100);

/// The screen's size; a terminal that does not know it is taken for a small one.
struct winsize screen_of(oci::BorrowedFd terminal) {
    struct winsize size {};
    if (::ioctl(terminal.get(), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size.ws_col = 80;
    if (size.ws_row == 0) size.ws_row = 24;
    return size;
}

}  // namespace

ProgressBars::~ProgressBars() {
    const std::lock_guard lock(mutex_);
    draw({});
}

ProgressItem ProgressBars::start(std::string name, std::uint64_t total, std::uint64_t done) {
    const std::lock_guard lock(mutex_);
    items_.push_back({.name = std::move(name),
                      .total = total,
                      .done = done,
                      .started_with = done,
                      .begin = steady_clock::now(),
                      .ended = {},
                      .failed = false});
    draw({});
    return {this, items_.size() - 1};
}

void ProgressBars::say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    draw(text + "\n");
}

void ProgressBars::advance(std::size_t number, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    items_[number].done += bytes;
    if (steady_clock::now() - last_ >= between_drawings) draw({});
}

void ProgressBars::end(std::size_t number, std::string_view how, bool failed) {
    const std::lock_guard lock(mutex_);
    items_[number].ended = how;
    items_[number].failed = failed;
    draw({});
}

void ProgressBars::draw(const std::string& above) {
    last_ = steady_clock::now();
    const struct winsize screen = screen_of(output_);
    const std::size_t width = screen.ws_col > 1 ? screen.ws_col - 1U : 1U;
    // Back to the first line that may change, and everything from there on is cleared.
    std::string text = drawn_ > 0 ? "\x1b[" + std::to_string(drawn_) + "A\r\x1b[J" : "\r\x1b[J";
    text += above;
    while (settled_ < items_.size() && !items_[settled_].ended.empty()) {
        text += bar_text(items_[settled_++], last_, width) + "\n";
    }
    drawn_ = 0;
    for (std::size_t i = settled_; i < items_.size() && drawn_ + 2 < screen.ws_row; ++i) {
        text += bar_text(items_[i], last_, width) + "\n";
        ++drawn_;
    }
    // A terminal that is gone changes nothing about the operation.
    static_cast<void>(oci::write_all(output_, text).has_value());
}

}  // namespace ocimg
