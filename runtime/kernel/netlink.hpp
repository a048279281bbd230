#pragma once
// Questions and orders to the kernel's network configuration (rtnetlink, rtnetlink(7)).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun::kernel {

/// A message on its way to the kernel: a header struct and attributes behind it.
class NetlinkRequest {
public:
    /// `type` is RTM_*, `flags` are NLM_F_* beside NLM_F_REQUEST; `header` is struct ifinfomsg or ifaddrmsg.
    template <class Header>
    NetlinkRequest(std::uint16_t type, std::uint16_t flags, const Header& header)
        : NetlinkRequest(type, flags, &header, sizeof header) {}
    void add(std::uint16_t attribute, std::string_view bytes);
    void add_number(std::uint16_t attribute, std::uint32_t number);
    /// With the final zero byte, as names are passed.
    void add_name(std::uint16_t attribute, const std::string& name);

private:
    friend class NetlinkSocket;
    NetlinkRequest(std::uint16_t type, std::uint16_t flags, const void* header, std::size_t size);
    std::string bytes_;
};

/// One message of an answer.
struct NetlinkReply {
    std::uint16_t type = 0;
    std::string header;  // the header struct and what follows it

    /// The header struct; zeroes when the message is shorter.
    template <class Header>
    [[nodiscard]] Header as() const {
        Header value{};
        if (header.size() >= sizeof value) header.copy(reinterpret_cast<char*>(&value), sizeof value);
        return value;
    }
    /// The bytes of an attribute behind a header struct of `header_size` bytes.
    [[nodiscard]] std::optional<std::string> attribute(std::size_t header_size, std::uint16_t type) const;
};

class NetlinkSocket {
public:
    /// In the network namespace that this process is in now; the socket stays there.
    static oci::Result<NetlinkSocket> open();
    /// Sends and takes the whole answer. Errors carry the kernel's errno and words.
    [[nodiscard]] oci::Result<std::vector<NetlinkReply>> exchange(NetlinkRequest request) const;

private:
    explicit NetlinkSocket(oci::Fd socket) : socket_(std::move(socket)) {}
    oci::Fd socket_;
};

}  // namespace ocirun::kernel
