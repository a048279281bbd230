#include "runtime/container/event_log.hpp"

#include "spec/json/writer.hpp"

namespace ocirun {

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

}  // namespace ocirun
