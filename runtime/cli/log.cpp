#include "runtime/cli/log.hpp"

#include <fcntl.h>

#include "base/file.hpp"
#include "runtime/container/container_state.hpp"
#include "spec/json/writer.hpp"

namespace ocirun {

namespace {

void print_error(std::string_view text) {
    static_cast<void>(oci::write_all(oci::BorrowedFd(2), text).has_value());
}

std::string json_record(std::string_view message) {
    oci::spec::JsonWriter out;
    out.begin_object();
    out.key("level");
    out.string("error");
    out.key("msg");
    out.string(message);
    out.key("time");
    out.string(current_time_text());
    out.end_object();
    return out.take() + "\n";
}

std::string text_record(std::string_view message) {
    oci::spec::JsonWriter quoted;
    quoted.string(message);
    return "time=\"" + current_time_text() + "\" level=error msg=" + quoted.take() + "\n";
}

}  // namespace

void Log::error(std::string_view message) const {
    print_error("ocirun: " + std::string(message) + "\n");
    append(message);
}

void Log::warning(std::string_view message) const {
    print_error("ocirun: warning: " + std::string(message) + "\n");
}

void Log::append(std::string_view message) const {
    if (path_.empty()) return;
    const auto file = oci::open_file(path_, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0644);
    if (!file) return print_error("ocirun: --log: " + file.error().text + "\n");
    const auto written = oci::write_all(*file, json_ ? json_record(message) : text_record(message));
    if (!written) print_error("ocirun: --log " + path_ + ": " + written.error().text + "\n");
}

}  // namespace ocirun
