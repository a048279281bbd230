#include "runtime/launch/criu_service.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"
#include "runtime/kernel/mount_api.hpp"
#include "runtime/protocol/channel.hpp"

namespace ocirun {

using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

constexpr int socket_number = 3;  // what `criu swrk 3` talks on
constexpr std::chrono::seconds patience{20};
constexpr std::size_t longest_answer = 64UL * 1024;
constexpr std::size_t log_limit = std::size_t{64} << 20U;

struct SocketPair {
    Fd ours;
    Fd theirs;
};

Result<SocketPair> make_sockets() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return last_system_failure("socketpair");
    return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

// --- in the child, between clone and execve -------------------------------------------------------------

/// The root on a mount of its own, as CRIU asks; nothing of it reaches the host.
Result<void> mount_root(const CriuRoot& root) {
    TRY(kernel::mount("", "/", "", MS_SLAVE | MS_REC, "").in("a mount namespace for criu"));
    return kernel::mount(root.source, root.place, "", MS_BIND | MS_REC, "").in("root.path " + root.source);
}

/// Descriptors where CRIU expects them; copies above them first, so that none is overwritten too early.
Result<void> place_descriptors(const CriuLaunch& launch, oci::BorrowedFd socket) {
    std::vector<int> copies;
    const int beyond = directory_descriptor(launch, launch.directories.size());
    copies.push_back(::fcntl(socket.get(), F_DUPFD_CLOEXEC, beyond));
    for (const oci::BorrowedFd descriptor : launch.inherited)
        copies.push_back(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, beyond));
    for (const std::string& directory : launch.directories) {
        const Fd opened = TRY(oci::open_file(directory, O_RDONLY | O_DIRECTORY));
        copies.push_back(::fcntl(opened.get(), F_DUPFD_CLOEXEC, beyond));
    }
    int number = socket_number;
    for (const int copy : copies) {
        if (copy < 0 || ::dup2(copy, number) < 0) return last_system_failure("descriptors for criu");
        ++number;
    }
    TRY(oci::close_at_execve(beyond, TRY(oci::open_file("/proc", O_PATH | O_DIRECTORY))));
    if (launch.keep_standard_streams) return {};
    const Fd null = TRY(oci::open_file("/dev/null", O_RDWR));
    if (::dup2(null.get(), 0) < 0 || ::dup2(null.get(), 1) < 0) return last_system_failure("/dev/null");
    return {};
}

/// Returns only an error. The conversation's sockets are made here and one is handed over: CRIU looks up the
/// descriptors of requests in the process that made its socket, and in its own mount namespace must they be.
Result<void> become_criu(const CriuLaunch& launch, oci::BorrowedFd parent) {
    TRY(kernel::reset_signals());
    if (launch.root) TRY(mount_root(*launch.root));
    const SocketPair sockets = TRY(make_sockets());
    TRY(send_descriptor(parent, sockets.ours, "criu"));
    TRY(place_descriptors(launch, sockets.theirs));
    std::string swrk = "swrk";
    std::string name = "criu";
    std::string number = std::to_string(socket_number);
    std::array<char*, 4> arguments = {name.data(), swrk.data(), number.data(), nullptr};
    ::execv(launch.program.c_str(), arguments.data());
    return last_system_failure("execute " + launch.program);
}

/// One message, and the descriptor that may come with it. 0 bytes: the other end is gone.
Result<std::size_t> receive_message(oci::BorrowedFd socket, std::string& buffer, Fd& descriptor) {
    iovec data{.iov_base = buffer.data(), .iov_len = buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR) got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno != ECONNRESET) return last_system_failure("hear from criu");
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        int number = -1;
        std::memcpy(&number, CMSG_DATA(header), sizeof number);
        descriptor = Fd(number);
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) return oci::failure("criu's answer is too long");
    return got > 0 ? static_cast<std::size_t>(got) : 0;
}

/// The end of the conversation that CRIU's process has made; empty when it did not come to that.
Result<Fd> receive_socket(oci::BorrowedFd socket) {
    std::string text(64, '\0');
    Fd descriptor;
    TRY(receive_message(socket, text, descriptor));
    return descriptor;
}

oci::Error failure_of(const CriuAnswer& answer) {
    std::string text = "criu failed";
    if (!answer.error_text.empty()) text += ": " + oci::to_utf8(answer.error_text);
    return answer.error_number != 0 ? oci::system_failure(answer.error_number, text) : oci::failure(text);
}

/// Waits for execve, which closes the pipe, or for the reason why it did not come to it.
Result<void> wait_for_execve(oci::BorrowedFd report) {
    std::string text = TRY(oci::read_all(report, longest_answer));
    if (text.empty()) return {};
    return oci::failure("criu: " + text);
}

}  // namespace

CriuService::~CriuService() {
    if (!socket_.is_open()) return;  // finished, or moved from
    socket_.reset();
    static_cast<void>(child_.wait_for(patience).has_value());
}

Result<CriuService> CriuService::start(const CriuLaunch& launch) {
    SocketPair sockets = TRY(make_sockets());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return last_system_failure("pipe");
    const Fd report(ends[0]);
    // Above every number that is given away below.
    constexpr int high = 64;
    Fd low(ends[1]);
    Fd reporter(::fcntl(low.get(), F_DUPFD_CLOEXEC, high + static_cast<int>(launch.inherited.size())));
    if (!reporter.is_open()) return last_system_failure("pipe");
    low.reset();
    const std::uint64_t flags = launch.root ? CLONE_NEWNS : 0;
    auto cloned =
        TRY(kernel::clone_process({.flags = flags, .into_cgroup = launch.into_cgroup}).in("start criu"));
    if (cloned.pid == 0) {
        sockets.ours.reset();
        const auto done = become_criu(launch, sockets.theirs);
        if (!done) static_cast<void>(oci::write_all(reporter, done.error().text).has_value());
        ::_exit(1);
    }
    reporter.reset();
    sockets.theirs.reset();
    oci::ChildProcess child(cloned.pid, std::move(cloned.pidfd));
    Fd conversation = TRY(receive_socket(sockets.ours));
    TRY(wait_for_execve(report));
    if (!conversation.is_open()) return oci::failure("criu ended before it began");
    CriuService service(std::move(child), std::move(conversation));
    service.in_cgroup_ = cloned.in_cgroup;
    return service;
}

Result<CriuAnswer> CriuService::receive(Fd& descriptor) {
    std::string buffer(longest_answer, '\0');
    const std::size_t length = TRY(receive_message(socket_, buffer, descriptor));
    if (length == 0) return oci::failure("criu ended without an answer");
    return decode_criu_answer(std::string_view(buffer).substr(0, length));
}

Result<CriuAnswer> CriuService::ask(const std::string& request, const CriuListener& listener) {
    std::string next = request;
    Result<void> heard;
    for (;;) {
        if (::send(socket_.get(), next.data(), next.size(), MSG_NOSIGNAL) < 0)
            return last_system_failure("talk to criu");
        Fd descriptor;
        auto answer = receive(descriptor);
        if (!heard) return heard.error();  // it has cleaned up and said so
        if (!answer) return answer.error();
        if (answer->type != static_cast<std::uint32_t>(CriuRequestType::notify)) {
            if (!answer->success) return failure_of(*answer);
            return answer;
        }
        if (listener) heard = listener(*answer, std::move(descriptor));
        next = encode_criu_notification_reply(heard.has_value());
    }
}

Result<void> CriuService::finish(bool strict) {
    socket_.reset();
    const oci::ExitStatus status = TRY(child_.wait());
    if (strict && status.code != 0) return oci::failure("criu ended with " + status.describe());
    return {};
}

Result<std::string> find_criu() {
    const char* path = std::getenv("PATH");
    const std::string usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    for (const std::string& directory : oci::split(path != nullptr && *path != '\0' ? path : usual, ':')) {
        if (!directory.starts_with('/')) continue;  // never from where somebody happens to stand
        std::string candidate = directory + "/criu";
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return oci::failure(oci::ErrorCode::not_found,
                        "checkpoint and restore need CRIU: \"criu\": executable file not found in $PATH "
                        "(Debian's package criu)");
}

std::string last_criu_error(oci::BorrowedFd directory, const std::string& log_file) {
    const auto text = oci::read_file(directory, log_file, log_limit);
    if (!text) return {};
    std::string found;
    for (const std::string& line : oci::split(*text, '\n')) {
        const std::size_t place = line.find("Error");
        if (place != std::string::npos) found = oci::to_utf8(line.substr(place));
    }
    return found;
}

}  // namespace ocirun
