#pragma once
// Moves network devices of the host into the container's network namespace, and back when create fails. Runs
// in the host process.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/kernel/netlink.hpp"
#include "runtime/plan/net_device_plan.hpp"

namespace ocirun {

/// One address of a device, as the kernel tells it and takes it back.
struct NetAddress {
    std::uint8_t family = 0;  // AF_INET or AF_INET6
    std::uint8_t prefix_length = 0;
    std::uint32_t flags = 0;                                        // IFA_F_*
    std::vector<std::pair<std::uint16_t, std::string>> attributes;  // IFA_LOCAL, IFA_ADDRESS, ...
};

/// Devices that were moved. Dropping the value brings them back as they were, name, addresses and state,
/// unless they are to stay: a network namespace that dies takes virtual devices with it.
class MovedDevices {
public:
    MovedDevices() = default;
    ~MovedDevices() { bring_back(); }
    MovedDevices(const MovedDevices&) = delete;
    MovedDevices& operator=(const MovedDevices&) = delete;

    /// All of them, in order, each with its permanent global addresses, and up. `network_namespace` is the
    /// container's.
    oci::Result<void> move(const std::vector<PlannedNetDevice>& devices, oci::BorrowedFd network_namespace);
    /// The container has them now.
    void keep() { moved_.clear(); }

private:
    struct Moved {
        std::string host_name;
        std::string name;
        bool was_up = false;
        std::vector<NetAddress> addresses;
    };
    oci::Result<void> move_one(const PlannedNetDevice& device, oci::BorrowedFd network_namespace);
    void bring_back();

    std::optional<kernel::NetlinkSocket> host_;
    std::optional<kernel::NetlinkSocket> container_;
    oci::Fd host_namespace_;
    std::vector<Moved> moved_;
};

}  // namespace ocirun
