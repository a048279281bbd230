#include "runtime/container/event_log.hpp"

#include <algorithm>
#include <charconv>

#include "spec/json/writer.hpp"

namespace ocirun {

namespace {

constexpr std::string_view oom_kills_note = "oom_kills ";  // no JSON, so that it is no event

}  // namespace

std::string event_line(const std::string& id, const std::string& type, pid_t pid, int exit_code) {
    oci::spec::JsonWriter out;
    out.begin_object();
    out.key("type");
    out.string(type);
    out.key("id");
    out.string(id);
    // runc's line to the letter: consumers compare it as text.
    if (type == "oom") {
        out.end_object();
        return out.take() + "\n";
    }
    out.key("data");
    out.begin_object();
    out.key("time");
    out.string(current_time_text());
    if (pid > 0) {
        out.key("pid");
        out.number(std::int64_t{pid});
    }
    if (exit_code >= 0) {
        out.key("exitCode");
        out.number(std::int64_t{exit_code});
    }
    out.end_object();
    out.end_object();
    return out.take() + "\n";
}

void note_event(const StateDirectory& directory, const std::string& type, pid_t pid) {
    static_cast<void>(directory.append(event_file, event_line(directory.id(), type, pid, -1)).has_value());
}

void note_oom_kills(const StateDirectory& directory, unsigned long count) {
    const std::string note = std::string(oom_kills_note) + std::to_string(count) + "\n";
    static_cast<void>(directory.append(event_file, note).has_value());
}

unsigned long take_oom_kills(std::string& lines) {
    unsigned long count = 0;
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size() - 1) + 1;
        if (lines.compare(at, oom_kills_note.size(), oom_kills_note) != 0) {
            at = end;
            continue;
        }
        std::from_chars(lines.data() + at + oom_kills_note.size(), lines.data() + end, count);
        lines.erase(at, end - at);
    }
    return count;
}

}  // namespace ocirun
