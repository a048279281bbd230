#include "runtime/cli/log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include <cstring>

#include "base/file.hpp"
#include "runtime/container/container_state.hpp"
#include "spec/json/writer.hpp"

namespace ocirun {

namespace {

void print_error(std::string_view text) {
    static_cast<void>(oci::write_all(oci::BorrowedFd(2), text).has_value());
}

std::string json_record(std::string_view level, std::string_view message) {
    oci::spec::JsonWriter out;
    out.begin_object();
    out.key("level");
    out.string(level);
    out.key("msg");
    out.string(message);
    out.key("time");
    out.string(current_time_text());
    out.end_object();
    return out.take() + "\n";
}

std::string text_record(std::string_view level, std::string_view message) {
    oci::spec::JsonWriter quoted;
    quoted.string(message);
    return "time=\"" + current_time_text() + "\" level=" + std::string(level) + " msg=" + quoted.take() +
           "\n";
}

oci::Result<void> append_to(const std::string& path, std::string_view text) {
    const auto file = TRY(oci::open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0644));
    return oci::write_all(file, text);
}

/// One datagram to the socket of a logging daemon.
oci::Result<void> send_to(const char* path, std::string_view text) {
    const oci::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return oci::last_system_failure(path);
    return {};
}

/// The journal's own protocol: a field with line ends is given by its length.
std::string journal_record(const std::string& name, int priority, std::string_view message) {
    std::string text = "PRIORITY=" + std::to_string(priority) + "\nSYSLOG_IDENTIFIER=" + name + "\nMESSAGE\n";
    for (unsigned i = 0; i < 8; ++i)
        text += static_cast<char>(static_cast<std::uint64_t>(message.size()) >> (8 * i) & 0xffU);
    return text + std::string(message) + "\n";
}

}  // namespace

Log::Log(const std::string& target, bool json, bool warnings)
    : kind_(target.empty() ? Kind::none : Kind::file), target_(target), json_(json), warnings_(warnings) {
    const auto take_prefix = [&](std::string_view prefix, Kind kind) {
        if (!target.starts_with(prefix)) return;
        kind_ = kind;
        target_ = target.substr(prefix.size());
    };
    take_prefix("file:", Kind::file);
    take_prefix("syslog:", Kind::syslog);
    take_prefix("journald:", Kind::journald);
    if (target_.empty() && kind_ != Kind::none && kind_ != Kind::file) target_ = "ocirun";
}

oci::Result<void> Log::check() const {
    return kind_ == Kind::file && !target_.empty() ? append_to(target_, "").in("--log") : oci::Result<void>();
}

void Log::error(std::string_view message) const {
    print_error("ocirun: " + std::string(message) + "\n");
    record("error", message);
}

void Log::warning(std::string_view message) const {
    print_error("ocirun: warning: " + std::string(message) + "\n");
    if (warnings_) record("warning", message);
}

void Log::debug(std::string_view message) const {
    if (kind_ == Kind::none)
        print_error(json_ ? json_record("debug", message) : text_record("debug", message));
    else
        record("debug", message);
}

void Log::record(std::string_view level, std::string_view message) const {
    const int priority = level == "error" ? LOG_ERR : level == "warning" ? LOG_WARNING : LOG_DEBUG;
    oci::Result<void> done;
    switch (kind_) {
        case Kind::none:
            break;
        case Kind::file:
            done = append_to(target_, json_ ? json_record(level, message) : text_record(level, message));
            break;
        case Kind::syslog:
            done = send_to("/dev/log", "<" + std::to_string(LOG_USER | priority) + ">" + target_ + ": " +
                                           std::string(message));
            break;
        case Kind::journald:
            done = send_to("/run/systemd/journal/socket", journal_record(target_, priority, message));
            break;
    }
    if (!done) print_error("ocirun: --log: " + done.error().text + "\n");
}

}  // namespace ocirun
