#include "runtime/protocol/channel.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::last_system_failure;
using oci::Result;

void Message::set_text(std::string_view value) {
    length = static_cast<std::uint32_t>(std::min(value.size(), text.size()));
    std::copy_n(value.begin(), length, text.begin());
}

std::string_view Message::get_text() const {
    return {text.data(), std::min<std::size_t>(length, text.size())};
}

Result<std::pair<Channel, Channel>> Channel::make_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return last_system_failure("socketpair");
    return std::pair(Channel(Fd(ends[0])), Channel(Fd(ends[1])));
}

Result<void> Channel::send(const Message& message) const {
    // Only the used part of the text travels.
    const std::size_t size =
        offsetof(Message, text) + std::min<std::size_t>(message.length, message.text.size());
    for (;;) {
        if (::send(fd_.get(), &message, size, MSG_NOSIGNAL) >= 0) return {};
        if (errno != EINTR) return last_system_failure("send to the other process");
    }
}

Result<void> Channel::send(Tag tag) const {
    Message message;
    message.tag = tag;
    return send(message);
}

Result<bool> Channel::receive(Message& message) const {
    for (;;) {
        const ssize_t size = ::recv(fd_.get(), &message, sizeof message, 0);
        if (size == 0) return false;
        if (size >= static_cast<ssize_t>(offsetof(Message, text))) return true;
        if (size > 0) return oci::failure("a message of the wrong size arrived");
        if (errno == ECONNRESET) return false;
        if (errno != EINTR) return last_system_failure("receive from the other process");
    }
}

Result<void> Channel::expect(Tag tag) const {
    Message message;
    if (!TRY(receive(message))) return oci::failure("the other process has ended");
    if (message.tag == Tag::failed) return error_of(message);
    if (message.tag != tag) return oci::failure("an unexpected message arrived");
    return {};
}

oci::Error error_of(const Message& message) {
    return oci::Error{.code = static_cast<oci::ErrorCode>(message.code),
                      .system_errno = message.system_errno,
                      .text = std::string(message.get_text())};
}

Message message_of(const oci::Error& error) {
    Message message;
    message.tag = Tag::failed;
    message.system_errno = error.system_errno;
    message.code = static_cast<std::uint32_t>(error.code);
    message.set_text(error.text);
    return message;
}

Result<void> send_descriptor(BorrowedFd socket, BorrowedFd descriptor, std::string_view payload) {
    iovec data{.iov_base = const_cast<char*>(payload.data()), .iov_len = payload.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = descriptor.get();
    std::memcpy(CMSG_DATA(header), &number, sizeof number);
    for (;;) {
        if (::sendmsg(socket.get(), &message, MSG_NOSIGNAL) >= 0) return {};
        if (errno != EINTR) return last_system_failure("send descriptor");
    }
}

}  // namespace ocirun
