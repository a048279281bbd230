#pragma once
// A connection to a D-Bus message bus, or straight to a peer that speaks the protocol. Host process.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/cgroup/dbus_message.hpp"

namespace ocirun {

class DbusConnection {
public:
    /// Connects to the first address of a list ("unix:path=/run/dbus/system_bus_socket") that answers.
    /// On a bus the greeting is queued, so that it travels with the first call.
    static oci::Result<DbusConnection> open(const std::string& addresses, bool is_bus);

    /// Whether there is a bus in between, which has names and match rules.
    [[nodiscard]] bool is_bus() const { return is_bus_; }
    /// Adds a call to what is sent next; its serial.
    std::uint32_t queue(DbusMessage call);
    /// The next message that is not an answer to the connection's own greeting. Sends what is queued first.
    oci::Result<DbusMessage> next(const Deadline& deadline);
    /// The answer to one call; others are dropped. An error message becomes an error.
    oci::Result<DbusMessage> answer_to(std::uint32_t serial, const Deadline& deadline);

private:
    DbusConnection(oci::Fd socket, bool is_bus) : socket_(std::move(socket)), is_bus_(is_bus) {}
    oci::Result<void> send(std::string_view data);
    oci::Result<void> authenticate(const Deadline& deadline);
    oci::Result<void> receive(const Deadline& deadline);
    oci::Result<bool> take_line();

    oci::Fd socket_;
    bool is_bus_;
    bool authenticated_ = false;
    std::uint32_t last_serial_ = 0;
    std::uint32_t hello_ = 0;
    std::string outgoing_;
    std::string incoming_;
};

/// The paths of the Unix sockets in a list of addresses, in order; an abstract one begins with '@'.
std::vector<std::string> parse_dbus_addresses(std::string_view addresses);
/// The error that an error message stands for.
oci::Error error_of_dbus(const DbusMessage& message);

}  // namespace ocirun
