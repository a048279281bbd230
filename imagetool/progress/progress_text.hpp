#pragma once
// How amounts, speeds and bars are written. Pure.

#include <chrono>
#include <cstdint>
#include <string>

namespace ocimg {

/// "512 B", "1.5 KiB", "20.3 MiB".
std::string size_text(std::uint64_t bytes);
/// "0:07", "1:02:03".
std::string duration_text(std::chrono::seconds time);

/// What is known of an item while it runs.
struct ProgressState {
    std::string name;
    std::uint64_t total = 0;  // 0: unknown
    std::uint64_t done = 0;
    std::uint64_t started_with = 0;  // done before this run; no speed comes from it
    std::chrono::steady_clock::time_point begin;
    std::string ended;  // how; empty while it runs
    bool failed = false;
};

/// Bytes a second since the begin; 0 when nothing can be said yet.
std::uint64_t speed_of(const ProgressState& item, std::chrono::steady_clock::time_point now);

/// "layer 1a2b3c [====>     ] 10.0 MiB/20.0 MiB 5.0 MiB/s 0:02", cut to `width` columns.
std::string bar_text(const ProgressState& item, std::chrono::steady_clock::time_point now, std::size_t width);

}  // namespace ocimg
