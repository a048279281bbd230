#include "runtime/launch/foreground.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/protocol/channel.hpp"

namespace ocirun {

using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

constexpr std::size_t relay_size = 16384;

Result<Fd> receive_descriptor(oci::BorrowedFd socket) {
    std::array<char, 4096> payload{};
    iovec data{.iov_base = payload.data(), .iov_len = payload.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC) <= 0)
        return last_system_failure("receive the terminal");
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return oci::failure("no terminal arrived");
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    return Fd(number);
}

/// Whether there is something to read, a hang-up included.
bool readable(const pollfd& entry) {
    return (entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

/// Copies what is there to read; false at the end.
bool relay(int from, int to) {
    std::array<char, relay_size> buffer{};
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    if (got == 0) return false;
    return oci::write_all(oci::BorrowedFd(to), std::string_view(buffer.data(), static_cast<std::size_t>(got)))
        .has_value();
}

/// Lines of a terminal end with "\r\n"; whoever reads them from a file or a pipe expects "\n" alone.
void keep_line_ends(oci::BorrowedFd terminal) {
    termios settings{};
    if (::tcgetattr(terminal.get(), &settings) != 0) return;
    settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    ::tcsetattr(terminal.get(), TCSANOW, &settings);
}

}  // namespace

struct Foreground::Implementation {
    sigset_t old_mask{};
    Fd signals;
    Fd console;
    Fd master;
    std::optional<termios> old_terminal;
    bool input_open = true;

    void copy_window_size() const {
        winsize size{};
        if (::ioctl(0, TIOCGWINSZ, &size) == 0) ::ioctl(master.get(), TIOCSWINSZ, &size);
    }

    /// Reaps what has ended; the exit code once `pid` is among it.
    static std::optional<int> reap(pid_t pid) {
        std::optional<int> code;
        int status = 0;
        for (;;) {
            const pid_t ended = ::waitpid(-1, &status, WNOHANG);
            if (ended <= 0) return code;
            if (ended == pid) code = oci::exit_status_from_wait(status).shell_code();
        }
    }

    std::optional<int> handle_signals(pid_t pid) {
        signalfd_siginfo info{};
        std::optional<int> code;
        while (::read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            const int number = static_cast<int>(info.ssi_signo);
            if (number == SIGCHLD) {
                if (const auto ended = reap(pid)) code = ended;
            } else if (number == SIGWINCH && master.is_open()) {
                copy_window_size();
            } else if (number != SIGURG && number != SIGPIPE) {
                ::kill(pid, number);
            }
        }
        return code;
    }

    /// What the process wrote last is still in the terminal when it ends.
    void drain() {
        if (!master.is_open()) return;
        pollfd entry{.fd = master.get(), .events = POLLIN, .revents = 0};
        while (::poll(&entry, 1, 0) > 0 && (entry.revents & POLLIN) != 0 && relay(master.get(), 1)) {
        }
    }
};

Foreground::Foreground() : self_(new Implementation) {
    sigset_t all;
    sigfillset(&all);
    // Faults of our own must stay deadly.
    for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS})
        sigdelset(&all, number);
    ::sigprocmask(SIG_SETMASK, &all, &self_->old_mask);
    self_->signals = Fd(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

Foreground::~Foreground() {
    if (self_->old_terminal) ::tcsetattr(0, TCSANOW, &*self_->old_terminal);
    ::sigprocmask(SIG_SETMASK, &self_->old_mask, nullptr);
    delete self_;
}

Result<Fd> Foreground::open_console() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return last_system_failure("socketpair");
    self_->console = Fd(ends[0]);
    return Fd(ends[1]);
}

Result<void> Foreground::receive_terminal() {
    if (!self_->console.is_open()) return {};
    self_->master = TRY(receive_descriptor(self_->console));
    self_->console.reset();
    if (::isatty(1) == 0) keep_line_ends(self_->master);
    termios settings{};
    if (::tcgetattr(0, &settings) != 0) return {};
    self_->old_terminal = settings;
    ::cfmakeraw(&settings);
    if (::tcsetattr(0, TCSANOW, &settings) != 0) return last_system_failure("set the terminal to raw mode");
    self_->copy_window_size();
    return {};
}

Result<int> Foreground::watch(pid_t pid, const NotifySocket* notify) {
    if (const auto code = Implementation::reap(pid)) {
        self_->drain();
        return *code;
    }
    for (;;) {
        const bool terminal = self_->master.is_open();
        std::array<pollfd, 4> entries = {
            pollfd{.fd = self_->signals.get(), .events = POLLIN, .revents = 0},
            pollfd{.fd = terminal ? self_->master.get() : -1, .events = POLLIN, .revents = 0},
            pollfd{.fd = terminal && self_->input_open ? 0 : -1, .events = POLLIN, .revents = 0},
            pollfd{.fd = notify != nullptr ? notify->fd().get() : -1, .events = POLLIN, .revents = 0}};
        if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR)
            return last_system_failure("poll");
        if (notify != nullptr && readable(entries[3])) static_cast<void>(notify->take_message(0).has_value());
        if (readable(entries[2]) && !relay(0, self_->master.get())) self_->input_open = false;
        if (readable(entries[1]) && !relay(self_->master.get(), 1)) self_->master.reset();
        if (readable(entries[0])) {
            if (const auto code = self_->handle_signals(pid)) {
                self_->drain();
                return *code;
            }
        }
    }
}

namespace {

Result<Fd> connect_socket(const std::string& path) {
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return last_system_failure("socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return oci::failure(oci::quote(path) + " is longer than a socket path may be (107 bytes)");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return last_system_failure("connect to " + path);
    return socket;
}

}  // namespace

Result<Fd> connect_console_socket(const std::string& path) {
    return connect_socket(path).in("--console-socket");
}

Result<void> send_pidfd(const std::string& path, oci::BorrowedFd pidfd, const std::string& kind) {
    if (!pidfd.is_open())
        return oci::failure(
            oci::ErrorCode::unsupported,
            "a pidfd is asked for, and this kernel has none (pidfd_open(2), since Linux 5.3)");
    return send_descriptor(TRY(connect_socket(path)), pidfd, kind);
}

}  // namespace ocirun
