#pragma once
// A SOCK_SEQPACKET pair between the host process and init. Sending allocates nothing.

#include <utility>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/protocol/message.hpp"

namespace ocirun {

class Channel {
public:
    Channel() = default;
    explicit Channel(oci::Fd fd) : fd_(std::move(fd)) {}

    /// Both ends of a new channel.
    static oci::Result<std::pair<Channel, Channel>> make_pair();

    oci::Result<void> send(const Message& message) const;
    oci::Result<void> send(Tag tag) const;
    /// The next message; false at the end of the conversation.
    oci::Result<bool> receive(Message& message) const;
    /// Waits for exactly this message; anything else is an error, a `failed` message is its text.
    oci::Result<void> expect(Tag tag) const;
    void close() { fd_.reset(); }
    [[nodiscard]] oci::BorrowedFd fd() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_.is_open(); }

private:
    oci::Fd fd_;
};

/// The error that a `failed` message carries.
oci::Error error_of(const Message& message);
/// The `failed` message that carries an error.
Message message_of(const oci::Error& error);

/// Sends one descriptor with `payload` (not empty) on a connected stream socket, as the console socket
/// protocol asks: one message, nothing is awaited.
oci::Result<void> send_descriptor(oci::BorrowedFd socket, oci::BorrowedFd descriptor,
                                  std::string_view payload);

}  // namespace ocirun
