#include "imagetool/progress/progress_lines.hpp"

#include "base/file.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_lines(5000);
constexpr std::chrono::milliseconds between_objects(250);

}  // namespace

ProgressItem ProgressLines::start(std::string name, std::uint64_t total, std::uint64_t done) {
    const std::lock_guard lock(mutex_);
    const auto now = steady_clock::now();
    items_.push_back({.state = {.name = std::move(name),
                                .total = total,
                                .done = done,
                                .started_with = done,
                                .begin = now,
                                .ended = {},
                                .failed = false},
                      .last = now});
    if (format_ == LineFormat::json) write_event("start", items_.back().state);
    return {this, items_.size() - 1};
}

void ProgressLines::say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (format_ == LineFormat::text) return write_line(text);
    oci::spec::JsonWriter out;
    out.begin_object();
    out.key("event");
    out.string("message");
    out.key("text");
    out.string(text);
    out.end_object();
    write_line(out.take());
}

void ProgressLines::advance(std::size_t number, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    Item& item = items_[number];
    item.state.done += bytes;
    const auto now = steady_clock::now();
    if (now - item.last < (format_ == LineFormat::json ? between_objects : between_lines)) return;
    item.last = now;
    write_event("progress", item.state);
}

void ProgressLines::end(std::size_t number, std::string_view how, bool failed) {
    const std::lock_guard lock(mutex_);
    ProgressState& item = items_[number].state;
    item.ended = how;
    item.failed = failed;
    write_event("end", item);
}

void ProgressLines::write_event(const char* event, const ProgressState& item) {
    if (format_ == LineFormat::text) {
        std::string line = item.name + ": ";
        line += item.ended.empty() ? size_text(item.done) : item.ended;
        if (item.ended.empty() && item.total > 0) line += " of " + size_text(item.total);
        if (!item.ended.empty() && item.total > 0) line += " (" + size_text(item.total) + ")";
        return write_line(line);
    }
    oci::spec::JsonWriter out;
    out.begin_object();
    out.key("event");
    out.string(event);
    out.key("item");
    out.string(item.name);
    out.key("done");
    out.number(item.done);
    out.key("total");
    out.number(item.total);
    if (!item.ended.empty()) {
        out.key("status");
        out.string(item.ended);
        out.key("failed");
        out.boolean(item.failed);
    }
    out.end_object();
    write_line(out.take());
}

void ProgressLines::write_line(const std::string& text) {
    // A reader that is gone changes nothing about the operation.
    static_cast<void>(oci::write_all(output_, text + "\n").has_value());
}

}  // namespace ocimg
