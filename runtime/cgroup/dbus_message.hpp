#pragma once
// D-Bus messages as bytes and back (D-Bus specification, "Message Protocol"). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/bus_value.hpp"

namespace ocirun {

enum class DbusType : std::uint8_t { call = 1, answer = 2, error = 3, signal = 4 };

struct DbusMessage {
    DbusType type = DbusType::call;
    std::uint32_t serial = 0;
    std::uint32_t answers = 0;  // serial of the call that this is the answer to
    std::string path{};
    std::string interface {};
    std::string member{};
    std::string error_name{};
    std::string destination{};
    std::vector<BusValue> body{};
};

/// No larger message is read: what systemd says to a runtime is a few hundred bytes.
inline constexpr std::size_t dbus_size_limit = std::size_t{16} << 20U;

/// The message in this machine's byte order.
std::string encode_dbus(const DbusMessage& message);
/// How many bytes the message at the beginning of `data` has; nothing while too few are there to tell.
oci::Result<std::optional<std::size_t>> dbus_size(std::string_view data);
/// A whole message, of either byte order.
oci::Result<DbusMessage> decode_dbus(std::string_view data);

}  // namespace ocirun
