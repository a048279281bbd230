#include "imagetool/dockerfile/port.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// The first and last port of "80" or "8000-8010".
std::optional<std::pair<int, int>> range_of(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = oci::parse_integer<std::uint16_t>(text.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : oci::parse_integer<std::uint16_t>(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return std::pair{int{*first}, int{*last}};
}

/// Hex digits, colons and dots, in brackets or not: near enough to an address for a part that is dropped.
bool is_address(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string>> parse_port(std::string_view word) {
    const auto refuse = [&](std::string_view why) {
        return oci::failure(oci::ErrorCode::invalid, quote(word) + " is no port: " + std::string(why));
    };
    const std::size_t colon = word.rfind(':');
    std::string_view container = colon == std::string_view::npos ? word : word.substr(colon + 1);
    if (colon != std::string_view::npos) {
        const std::string_view host = word.substr(0, colon);
        const std::size_t before = host.rfind(':');
        const std::string_view host_port = before == std::string_view::npos ? host : host.substr(before + 1);
        if (!host_port.empty() && !range_of(host_port)) return refuse("its host part is no port or range");
        if (before != std::string_view::npos && !host.substr(0, before).empty() &&
            !is_address(host.substr(0, before)))
            return refuse("its host part is no address");
    }
    std::string protocol = "tcp";
    if (const std::size_t slash = container.find('/'); slash != std::string_view::npos) {
        if (slash + 1 < container.size()) protocol = oci::to_lower(container.substr(slash + 1));
        container = container.substr(0, slash);
        if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
            return refuse("tcp, udp and sctp are the protocols");
    }
    const auto range = range_of(container);
    if (!range) return refuse("a number up to 65535 or a range as 8000-8010 is");
    std::vector<std::string> ports;
    for (int port = range->first; port <= range->second; ++port)
        ports.push_back(std::to_string(port) + "/" + protocol);
    return ports;
}

}  // namespace ocimg::dockerfile
