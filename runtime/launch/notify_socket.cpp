#include "runtime/launch/notify_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "runtime/protocol/channel.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

constexpr int barrier_patience_milliseconds = 30000;
constexpr int look_again_milliseconds = 100;

struct Address {
    sockaddr_un address{};
    socklen_t size = 0;
};

Result<Address> address_of(const std::string& name) {
    Address result;
    result.address.sun_family = AF_UNIX;
    const bool valid = name.size() > 1 && (name[0] == '/' || name[0] == '@');
    if (!valid || name.size() >= sizeof result.address.sun_path)
        return oci::failure(oci::ErrorCode::invalid,
                            "NOTIFY_SOCKET: " + oci::quote(name) +
                                " is neither an absolute path nor a name behind '@', of at most 107 bytes");
    std::memcpy(result.address.sun_path, name.c_str(), name.size());
    if (name[0] == '@') result.address.sun_path[0] = '\0';
    result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    return result;
}

Result<Fd> datagram_socket() {
    Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return last_system_failure("notify socket");
    return socket;
}

/// The line of a message that says READY; empty when none does.
std::string ready_line(std::string_view message) {
    std::string ready;
    for (const std::string& line : oci::split(message, '\n'))
        if (line.starts_with("READY=")) ready = line;
    return ready;
}

}  // namespace

Result<NotifySocket> NotifySocket::bind(BorrowedFd directory, const std::string& service_manager) {
    TRY(address_of(service_manager));
    Fd socket = TRY(datagram_socket());
    // By way of /proc, so that the length of the state root does not matter.
    const std::string path = "/proc/self/fd/" + std::to_string(directory.get()) + "/" + notify_file;
    const Address address = TRY(address_of(path));
    ::unlinkat(directory.get(), notify_file, 0);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.address), address.size) != 0)
        return last_system_failure("bind the notify socket");
    // Whatever user the container runs as.
    if (::fchmodat(directory.get(), notify_file, 0777, 0) != 0) return last_system_failure("notify socket");
    return NotifySocket(std::move(socket), service_manager);
}

Result<void> NotifySocket::tell(BorrowedFd sender, const std::string& text) const {
    const Address address = TRY(address_of(service_manager_));
    if (::sendto(sender.get(), text.data(), text.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address.address), address.size) < 0)
        return last_system_failure("NOTIFY_SOCKET: send to " + service_manager_);
    return {};
}

Result<bool> NotifySocket::take_message(pid_t main_pid) const {
    std::array<char, 4096> buffer{};
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size < 0) return last_system_failure("receive from the container's notify socket");
    const std::string ready = ready_line(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
    if (ready.empty()) return false;
    const Fd sender = TRY(datagram_socket());
    TRY(tell(sender, ready + "\n"));
    if (main_pid == 0) return true;
    TRY(tell(sender, "MAINPID=" + std::to_string(main_pid) + "\n"));
    // The messages count only as long as their sender lives: the manager closes the pipe when it has read
    // them.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return last_system_failure("pipe");
    const Fd seen(ends[0]);
    Fd handed(ends[1]);
    const Address address = TRY(address_of(service_manager_));
    if (::connect(sender.get(), reinterpret_cast<const sockaddr*>(&address.address), address.size) != 0)
        return last_system_failure("NOTIFY_SOCKET: connect to " + service_manager_);
    TRY(send_descriptor(sender, handed, "BARRIER=1").in("NOTIFY_SOCKET"));
    handed.reset();
    pollfd entry{.fd = seen.get(), .events = 0, .revents = 0};
    while (::poll(&entry, 1, barrier_patience_milliseconds) < 0 && errno == EINTR) {
    }
    return true;
}

Result<void> NotifySocket::wait_until_ready(BorrowedFd pidfd, pid_t pid) const {
    for (;;) {
        std::array<pollfd, 2> entries = {pollfd{.fd = socket_.get(), .events = POLLIN, .revents = 0},
                                         pollfd{.fd = pidfd.get(), .events = POLLIN, .revents = 0}};
        const int timeout = pidfd.is_open() ? -1 : look_again_milliseconds;
        if (::poll(entries.data(), entries.size(), timeout) < 0 && errno != EINTR)
            return last_system_failure("poll");
        // What was said before the end still counts.
        if ((entries[0].revents & POLLIN) != 0) {
            if (TRY(take_message(pid))) return {};
            continue;
        }
        if ((entries[1].revents & POLLIN) != 0) return {};
        if (!pidfd.is_open() && ::kill(pid, 0) != 0) return {};
    }
}

}  // namespace ocirun
