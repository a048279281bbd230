#pragma once
// Bars on a terminal: one line an item, redrawn in place.

#include <chrono>
#include <mutex>
#include <vector>

#include "imagetool/progress/progress.hpp"
#include "imagetool/progress/progress_text.hpp"

namespace ocimg {

class ProgressBars final : public Progress {
public:
    explicit ProgressBars(oci::BorrowedFd output) : output_(output) {}
    ~ProgressBars() override;
    ProgressBars(const ProgressBars&) = delete;
    ProgressBars& operator=(const ProgressBars&) = delete;

    ProgressItem start(std::string name, std::uint64_t total, std::uint64_t done) override;
    void say(const std::string& text) override;

private:
    void advance(std::size_t number, std::uint64_t bytes) override;
    void end(std::size_t number, std::string_view how, bool failed) override;
    /// Writes what is finished for good, then the lines that will be drawn again.
    void draw(const std::string& above);

    oci::BorrowedFd output_;
    std::mutex mutex_;
    std::vector<ProgressState> items_;
    std::size_t settled_ = 0;  // the first items, written for good
    std::size_t drawn_ = 0;    // lines on the screen that are drawn again
    std::chrono::steady_clock::time_point last_;
};

}  // namespace ocimg
