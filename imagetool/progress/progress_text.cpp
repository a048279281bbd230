#include "imagetool/progress/progress_text.hpp"

#include <algorithm>
#include <array>

namespace ocimg {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t bar_width = 24;
constexpr std::size_t name_width = 20;

std::string two_digits(std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string bar_of(const ProgressState& item) {
    if (item.total == 0) return {};
    const std::uint64_t done = std::min(item.done, item.total);
    const auto filled = static_cast<std::size_t>(static_cast<double>(done) / static_cast<double>(item.total) *
                                                 static_cast<double>(bar_width));
    std::string bar(filled, '=');
    if (filled < bar_width) bar += '>';
    bar.resize(bar_width, ' ');
    return "[" + bar + "] ";
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    std::uint64_t tenths = bytes * 10 / 1024;
    std::size_t unit = 0;
    while (tenths >= 10240 && unit + 1 < units.size()) {
        tenths /= 1024;
        ++unit;
    }
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " + units.at(unit);
}

std::string duration_text(std::chrono::seconds time) {
    const std::int64_t seconds = time.count();
    const std::string tail = two_digits(seconds % 60);
    if (seconds < 3600) return std::to_string(seconds / 60) + ":" + tail;
    return std::to_string(seconds / 3600) + ":" + two_digits(seconds / 60 % 60) + ":" + tail;
}

std::uint64_t speed_of(const ProgressState& item, steady_clock::time_point now) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - item.begin).count();
    if (time < 200 || item.done <= item.started_with) return 0;
    return (item.done - item.started_with) * 1000 / static_cast<std::uint64_t>(time);
}

std::string bar_text(const ProgressState& item, steady_clock::time_point now, std::size_t width) {
    std::string line = item.name;
    line.resize(std::max(name_width, line.size()), ' ');
    line += ' ';
    if (!item.ended.empty()) {
        line += item.ended;
    } else {
        line += bar_of(item) + size_text(item.done);
        if (item.total > 0) line += "/" + size_text(item.total);
        if (const std::uint64_t speed = speed_of(item, now); speed > 0) {
            line += " " + size_text(speed) + "/s";
            if (item.total > item.done) {
                line += " " + duration_text(std::chrono::seconds((item.total - item.done) / speed));
            }
        }
    }
    if (line.size() > width) line.resize(width);
    return line;
}

}  // namespace ocimg
