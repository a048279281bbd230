#include "runtime/kernel/netlink.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace ocirun::kernel {

using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

constexpr std::size_t receive_size = 65536;

void pad(std::string& bytes) {
    bytes.resize(NLMSG_ALIGN(bytes.size()), '\0');
}

/// What the kernel says beside the number of an error; empty when it says nothing.
std::string words_of(std::string_view message, const nlmsgerr& error, std::uint16_t flags) {
    if ((flags & NLM_F_ACK_TLVS) == 0) return {};
    std::size_t skipped = sizeof error;
    if ((flags & NLM_F_CAPPED) == 0) skipped += error.msg.nlmsg_len - sizeof(nlmsghdr);
    const NetlinkReply tail{.type = 0, .header = std::string(message)};
    const auto text = tail.attribute(NLMSG_ALIGN(skipped), NLMSGERR_ATTR_MSG);
    return text ? " (" + std::string(text->c_str()) + ")" : std::string();
}

enum class Progress { more, done };

/// Takes one message of an answer.
Result<Progress> take(const nlmsghdr& header, std::string_view body, std::vector<NetlinkReply>& replies) {
    if (header.nlmsg_type == NLMSG_DONE) return Progress::done;
    if (header.nlmsg_type != NLMSG_ERROR) {
        replies.push_back({.type = header.nlmsg_type, .header = std::string(body)});
        return Progress::more;
    }
    nlmsgerr error{};
    if (body.size() < sizeof error) return oci::failure("netlink: a short message arrived");
    std::memcpy(&error, body.data(), sizeof error);
    if (error.error == 0) return Progress::done;
    return oci::system_failure(-error.error, "netlink" + words_of(body, error, header.nlmsg_flags));
}

}  // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags, const void* header,
                               std::size_t size) {
    nlmsghdr first{};
    first.nlmsg_type = type;
    first.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    // A dump ends with a message of its own; everything else is acknowledged.
    if ((flags & NLM_F_DUMP) != NLM_F_DUMP) first.nlmsg_flags |= NLM_F_ACK;
    bytes_.append(reinterpret_cast<const char*>(&first), sizeof first);
    bytes_.append(static_cast<const char*>(header), size);
    pad(bytes_);
}

void NetlinkRequest::add(std::uint16_t attribute, std::string_view bytes) {
    const rtattr header{.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(bytes.size())),
                        .rta_type = attribute};
    bytes_.append(reinterpret_cast<const char*>(&header), sizeof header);
    bytes_.append(bytes);
    pad(bytes_);
}

void NetlinkRequest::add_number(std::uint16_t attribute, std::uint32_t number) {
    add(attribute, std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
}

void NetlinkRequest::add_name(std::uint16_t attribute, const std::string& name) {
    add(attribute, std::string_view(name.c_str(), name.size() + 1));
}

std::optional<std::string> NetlinkReply::attribute(std::size_t header_size, std::uint16_t wanted) const {
    std::size_t at = NLMSG_ALIGN(header_size);
    while (at + sizeof(rtattr) <= header.size()) {
        rtattr attribute{};
        std::memcpy(&attribute, header.data() + at, sizeof attribute);
        if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > header.size()) break;
        if ((attribute.rta_type & NLA_TYPE_MASK) == wanted)
            return header.substr(at + sizeof attribute, attribute.rta_len - sizeof attribute);
        at += RTA_ALIGN(attribute.rta_len);
    }
    return std::nullopt;
}

Result<NetlinkSocket> NetlinkSocket::open() {
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket.is_open()) return last_system_failure("netlink socket");
    const int on = 1;
    // Older kernels explain nothing: the number is enough then.
    ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    return NetlinkSocket(std::move(socket));
}

Result<std::vector<NetlinkReply>> NetlinkSocket::exchange(NetlinkRequest request) const {
    nlmsghdr first{};
    std::memcpy(&first, request.bytes_.data(), sizeof first);
    first.nlmsg_len = static_cast<std::uint32_t>(request.bytes_.size());
    std::memcpy(request.bytes_.data(), &first, sizeof first);
    if (::send(socket_.get(), request.bytes_.data(), request.bytes_.size(), 0) < 0)
        return last_system_failure("netlink: send");
    std::vector<NetlinkReply> replies;
    std::string buffer(receive_size, '\0');
    for (;;) {
        const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return last_system_failure("netlink: receive");
        const std::string_view datagram(buffer.data(), static_cast<std::size_t>(size));
        for (std::size_t at = 0; at + sizeof(nlmsghdr) <= datagram.size();) {
            nlmsghdr header{};
            std::memcpy(&header, datagram.data() + at, sizeof header);
            if (header.nlmsg_len < sizeof header || at + header.nlmsg_len > datagram.size()) break;
            const auto body = datagram.substr(at + sizeof header, header.nlmsg_len - sizeof header);
            if (TRY(take(header, body, replies)) == Progress::done) return replies;
            at += NLMSG_ALIGN(header.nlmsg_len);
        }
    }
}

}  // namespace ocirun::kernel
