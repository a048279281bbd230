#pragma once
// Progress in lines, for logs and for programs: one line when an item begins or ends, and in between not more
// than one a few seconds (text) or a few a second (JSON).

#include <chrono>
#include <mutex>
#include <vector>

#include "imagetool/progress/progress.hpp"
#include "imagetool/progress/progress_text.hpp"

namespace ocimg {

/// JSON lines are objects with "event" ("start", "progress", "end", "message"), "item", "done", "total",
/// "status" and "failed".
enum class LineFormat { text, json };

class ProgressLines final : public Progress {
public:
    ProgressLines(oci::BorrowedFd output, LineFormat format) : output_(output), format_(format) {}

    ProgressItem start(std::string name, std::uint64_t total, std::uint64_t done) override;
    void say(const std::string& text) override;

private:
    struct Item {
        ProgressState state;
        std::chrono::steady_clock::time_point last;
    };

    void advance(std::size_t number, std::uint64_t bytes) override;
    void end(std::size_t number, std::string_view how, bool failed) override;
    void write_event(const char* event, const ProgressState& item);
    void write_line(const std::string& text);

    oci::BorrowedFd output_;
    LineFormat format_;
    std::mutex mutex_;
    std::vector<Item> items_;
};

}  // namespace ocimg
