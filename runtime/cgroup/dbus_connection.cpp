#include "runtime/cgroup/dbus_connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::Fd;
using oci::Result;

/// EXTERNAL without a name: the peer takes the user that the kernel tells, which stays right when this
/// process is in a user namespace. All in one go, but no call with it: systemd's own socket leaves lying
/// what it has read together with the end of the handshake.
constexpr std::string_view authentication("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", 29);
constexpr std::size_t longest_line = 4096;

Result<Fd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return oci::failure("D-Bus address " + oci::quote(path) + " is too long for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    auto length = static_cast<socklen_t>(sizeof address);
    if (path.front() == '@') {
        address.sun_path[0] = '\0';
        length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    }
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return oci::last_system_failure("D-Bus: socket");
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
        return oci::last_system_failure("D-Bus: connect to " + path);
    return socket;
}

std::string unescaped(std::string_view value) {
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto code = value[i] == '%' && i + 2 < value.size()
                              ? oci::parse_integer<unsigned>(value.substr(i + 1, 2), 16)
                              : std::nullopt;
        text += code ? static_cast<char>(*code) : value[i];
        if (code) i += 2;
    }
    return text;
}

}  // namespace

std::vector<std::string> parse_dbus_addresses(std::string_view addresses) {
    std::vector<std::string> paths;
    for (const std::string& address : oci::split(addresses, ';')) {
        if (!address.starts_with("unix:")) continue;
        for (const std::string& pair : oci::split(std::string_view(address).substr(5), ',')) {
            if (pair.starts_with("path=") && pair.size() > 5) paths.push_back(unescaped(pair.substr(5)));
            if (pair.starts_with("abstract=")) paths.push_back("@" + unescaped(pair.substr(9)));
        }
    }
    return paths;
}

oci::Error error_of_dbus(const DbusMessage& message) {
    const bool has_text = !message.body.empty() && message.body.front().signature == "s";
    return oci::failure(has_text ? message.body.front().text : message.error_name);
}

Result<DbusConnection> DbusConnection::open(const std::string& addresses, bool is_bus) {
    const std::vector<std::string> paths = parse_dbus_addresses(addresses);
    if (paths.empty())
        return oci::failure("D-Bus address " + oci::quote(addresses) + " names no Unix socket");
    Result<Fd> socket = connect_to(paths.front());
    for (std::size_t i = 1; !socket && i < paths.size(); ++i) socket = connect_to(paths[i]);
    DbusConnection connection(TRY(std::move(socket)), is_bus);
    if (is_bus) {
        connection.hello_ = connection.queue({.path = "/org/freedesktop/DBus",
                                              .interface = "org.freedesktop.DBus",
                                              .member = "Hello",
                                              .destination = "org.freedesktop.DBus"});
    }
    return connection;
}

std::uint32_t DbusConnection::queue(DbusMessage call) {
    call.serial = ++last_serial_;
    outgoing_ += encode_dbus(call);
    return last_serial_;
}

Result<void> DbusConnection::send(std::string_view rest) {
    while (!rest.empty()) {
        const ssize_t sent = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return oci::last_system_failure("D-Bus: send");
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<void> DbusConnection::authenticate(const Deadline& deadline) {
    if (authenticated_) return {};
    TRY(send(authentication));
    while (!authenticated_) {
        if (!TRY(take_line())) TRY(receive(deadline));
    }
    return {};
}

Result<void> DbusConnection::receive(const Deadline& deadline) {
    pollfd entry{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    int ready = 0;
    do {
        ready = ::poll(&entry, 1, static_cast<int>(deadline.left().count()));
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) return oci::last_system_failure("D-Bus: poll");
    if (ready == 0) return oci::failure("D-Bus: no answer in time");
    std::array<char, 8192> buffer{};
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) return {};
    if (got < 0) return oci::last_system_failure("D-Bus: receive");
    if (got == 0)
        return oci::failure(authenticated_ ? "D-Bus: the connection was closed"
                                           : "D-Bus: the connection was refused");
    incoming_.append(buffer.data(), static_cast<std::size_t>(got));
    return {};
}

/// One line of the handshake: "DATA", then "OK" with an identifier.
Result<bool> DbusConnection::take_line() {
    const std::size_t end = incoming_.find("\r\n");
    if (end == std::string::npos) {
        if (incoming_.size() > longest_line) return oci::failure("D-Bus: the peer speaks another protocol");
        return false;
    }
    const std::string line = incoming_.substr(0, end);
    incoming_.erase(0, end + 2);
    if (line.starts_with("OK")) authenticated_ = true;
    if (!authenticated_ && line != "DATA" && line != "DATA ")
        return oci::failure("D-Bus: authentication failed: " + oci::quote(line));
    return true;
}

Result<DbusMessage> DbusConnection::next(const Deadline& deadline) {
    TRY(authenticate(deadline));
    TRY(send(std::exchange(outgoing_, {})));
    for (;;) {
        const auto size = TRY(dbus_size(incoming_));
        if (!size || incoming_.size() < *size) {
            TRY(receive(deadline));
            continue;
        }
        DbusMessage message = TRY(decode_dbus(std::string_view(incoming_).substr(0, *size)));
        incoming_.erase(0, *size);
        const bool greeting = hello_ != 0 && message.answers == hello_;
        if (!greeting) return message;
        if (message.type == DbusType::error) return error_of_dbus(message).in("D-Bus: greet the bus");
    }
}

Result<DbusMessage> DbusConnection::answer_to(std::uint32_t serial, const Deadline& deadline) {
    for (;;) {
        DbusMessage message = TRY(next(deadline));
        if (message.answers != serial) continue;
        if (message.type == DbusType::error) return error_of_dbus(message);
        return message;
    }
}

}  // namespace ocirun
