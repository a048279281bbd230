#include "runtime/launch/net_devices.hpp"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "runtime/kernel/clone.hpp"

namespace ocirun {

using kernel::NetlinkReply;
using kernel::NetlinkRequest;
using kernel::NetlinkSocket;
using oci::BorrowedFd;
using oci::Result;

namespace {

struct Link {
    int index = 0;
    bool up = false;
};

/// The device of that name; nothing when there is none.
Result<std::optional<Link>> find_link(const NetlinkSocket& socket, const std::string& name) {
    NetlinkRequest request(RTM_GETLINK, 0, ifinfomsg{});
    request.add_name(IFLA_IFNAME, name);
    const auto replies = socket.exchange(std::move(request));
    if (!replies && replies.error().system_errno == ENODEV) return std::optional<Link>();
    if (!replies) return replies.error();
    for (const NetlinkReply& reply : *replies) {
        const auto header = reply.as<ifinfomsg>();
        return std::optional(Link{header.ifi_index, (header.ifi_flags & IFF_UP) != 0});
    }
    return std::optional<Link>();
}

constexpr std::uint32_t kept_flags =
    IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;

/// A permanent address of global scope; nothing for any other.
std::optional<NetAddress> to_address(const NetlinkReply& reply, int index) {
    const auto header = reply.as<ifaddrmsg>();
    if (reply.type != RTM_NEWADDR || static_cast<int>(header.ifa_index) != index) return std::nullopt;
    NetAddress address{
        .family = header.ifa_family, .prefix_length = header.ifa_prefixlen, .flags = header.ifa_flags};
    if (const auto flags = reply.attribute(sizeof header, IFA_FLAGS); flags && flags->size() == 4)
        flags->copy(reinterpret_cast<char*>(&address.flags), 4);
    if (header.ifa_scope != RT_SCOPE_UNIVERSE || (address.flags & IFA_F_PERMANENT) == 0) return std::nullopt;
    address.flags &= kept_flags;
    for (const std::uint16_t type : {IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY}) {
        if (auto bytes = reply.attribute(sizeof header, type)) address.attributes.emplace_back(type, *bytes);
    }
    return address;
}

Result<std::vector<NetAddress>> addresses_of(const NetlinkSocket& socket, int index) {
    std::vector<NetAddress> addresses;
    for (const NetlinkReply& reply :
         TRY(socket.exchange(NetlinkRequest(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{})))) {
        if (auto address = to_address(reply, index)) addresses.push_back(std::move(*address));
    }
    return addresses;
}

Result<void> add_addresses(const NetlinkSocket& socket, int index, const std::vector<NetAddress>& addresses) {
    for (const NetAddress& address : addresses) {
        ifaddrmsg header{};
        header.ifa_family = address.family;
        header.ifa_prefixlen = address.prefix_length;
        header.ifa_scope = RT_SCOPE_UNIVERSE;
        header.ifa_index = static_cast<std::uint32_t>(index);
        NetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, header);
        for (const auto& [type, bytes] : address.attributes) request.add(type, bytes);
        request.add_number(IFA_FLAGS, address.flags);
        TRY(socket.exchange(std::move(request)).in("restore an address"));
    }
    return {};
}

Result<void> set_up(const NetlinkSocket& socket, int index) {
    ifinfomsg header{};
    header.ifi_index = index;
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
    TRY(socket.exchange(NetlinkRequest(RTM_NEWLINK, 0, header)).in("set it up"));
    return {};
}

/// Into the other namespace, under the new name; the kernel takes it down and drops its addresses.
Result<void> move_link(const NetlinkSocket& from, int index, BorrowedFd to, const std::string& name) {
    ifinfomsg header{};
    header.ifi_index = index;
    NetlinkRequest request(RTM_NEWLINK, 0, header);
    request.add_number(IFLA_NET_NS_FD, static_cast<std::uint32_t>(to.get()));
    request.add_name(IFLA_IFNAME, name);
    TRY(from.exchange(std::move(request)));
    return {};
}

/// Up and with its addresses, on the other side.
Result<void> settle(const NetlinkSocket& socket, const std::string& name, bool up,
                    const std::vector<NetAddress>& addresses) {
    const auto link = TRY(find_link(socket, name));
    if (!link) return oci::failure("it is not there after the move");
    if (up) TRY(set_up(socket, link->index));
    return add_addresses(socket, link->index, addresses);
}

/// The name that a device gets: a template is filled in with the first number that is free.
Result<std::string> choose_name(const NetlinkSocket& container, const PlannedNetDevice& device) {
    const std::size_t percent = device.name.find("%d");
    constexpr int most = 32768;  // as the kernel counts
    for (int number = 0; number < most; ++number) {
        std::string name = device.name;
        if (percent != std::string::npos) name.replace(percent, 2, std::to_string(number));
        if (!TRY(find_link(container, name))) return name;
        if (percent == std::string::npos) break;
    }
    return oci::failure(oci::ErrorCode::exists,
                        "the container's network namespace has a device named " + device.name + " already");
}

Result<NetlinkSocket> open_in_namespace(BorrowedFd target, BorrowedFd own) {
    TRY(kernel::join_namespaces(target, CLONE_NEWNET).in("join the container's network namespace"));
    auto socket = NetlinkSocket::open();
    TRY(kernel::join_namespaces(own, CLONE_NEWNET).in("return to the host's network namespace"));
    return socket;
}

}  // namespace

Result<void> MovedDevices::move_one(const PlannedNetDevice& device, BorrowedFd network_namespace) {
    const auto link = TRY(find_link(*host_, device.host_name));
    if (!link) return oci::failure(oci::ErrorCode::not_found, "the host has no network device of that name");
    const std::string name = TRY(choose_name(*container_, device));
    auto addresses = TRY(addresses_of(*host_, link->index));
    TRY(move_link(*host_, link->index, network_namespace, name).in("move it to the container"));
    moved_.push_back({device.host_name, name, link->up, std::move(addresses)});
    return settle(*container_, name, true, moved_.back().addresses);
}

Result<void> MovedDevices::move(const std::vector<PlannedNetDevice>& devices, BorrowedFd network_namespace) {
    if (devices.empty()) return {};
    host_namespace_ = TRY(oci::open_file("/proc/self/ns/net", O_RDONLY));
    host_ = TRY(NetlinkSocket::open());
    container_ = TRY(open_in_namespace(network_namespace, host_namespace_));
    for (const PlannedNetDevice& device : devices) TRY(move_one(device, network_namespace).in(device.origin));
    return {};
}

void MovedDevices::bring_back() {
    for (auto device = moved_.rbegin(); device != moved_.rend(); ++device) {
        const auto link = find_link(*container_, device->name);
        if (!link || !*link) continue;
        if (!move_link(*container_, (*link)->index, host_namespace_, device->host_name)) continue;
        static_cast<void>(settle(*host_, device->host_name, device->was_up, device->addresses).has_value());
    }
    moved_.clear();
}

}  // namespace ocirun
