#include "imagetool/remote/url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

bool is_graphic(char c) {
    return c > 0x20 && c < 0x7f;
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

unsigned default_port(std::string_view scheme) {
    return scheme == "https" ? 443 : 80;
}

Result<void> read_authority(std::string_view authority, Url& url) {
    const auto bad = [&](const char* why) {
        return failure(ErrorCode::invalid, quote(authority) + " is not HOST[:PORT]: " + why);
    };
    if (authority.find('@') != std::string_view::npos) return bad("a user or password is not allowed");
    std::size_t end = authority.find(':');
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) return bad("the bracket is not closed");
        std::array<unsigned char, sizeof(in6_addr)> address{};
        const std::string inner(authority.substr(1, close - 1));
        if (::inet_pton(AF_INET6, inner.c_str(), address.data()) != 1) return bad("no IPv6 address");
        end = close + 1;
    }
    url.host = oci::to_lower(authority.substr(0, end));
    if (!url.host.starts_with('[') &&
        (url.host.empty() || !std::all_of(url.host.begin(), url.host.end(), is_host_character))) {
        return bad("a host is letters, digits, dots and dashes");
    }
    url.port = default_port(url.scheme);
    if (end >= authority.size()) return {};
    const auto port = oci::parse_integer<std::uint16_t>(authority.substr(end + 1));
    if (authority[end] != ':' || !port.has_value() || *port == 0) return bad("a port is 1 to 65535");
    url.port = *port;
    return {};
}

/// The number of one part of an IPv4 address as inet_aton reads it: decimal, 0x... or 0....
std::optional<std::uint64_t> address_part(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return oci::parse_integer<std::uint64_t>(text.substr(2), 16);
    }
    if (text.size() > 1 && text.starts_with('0')) return oci::parse_integer<std::uint64_t>(text, 8);
    return oci::parse_integer<std::uint64_t>(text);
}

/// An IPv4 address in the spellings of inet_aton: 1 to 4 parts, the last one fills the rest.
std::optional<std::uint32_t> ipv4_of(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::vector<std::string> parts = oci::split(host, '.');
    if (parts.size() > 4) return std::nullopt;
    std::uint64_t address = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto part = address_part(parts[i]);
        if (!part.has_value()) return std::nullopt;
        if (i + 1 < parts.size()) {
            address |= (*part & 0xffU) << (24U - 8U * i);
        } else {
            address |= *part;
        }
    }
    return static_cast<std::uint32_t>(address);
}

bool is_private_ipv4(std::uint32_t address) {
    const std::uint32_t first = address >> 24U;
    const std::uint32_t two = address >> 16U;
    return first == 0 || first == 10 || first == 127 || two == 0xc0a8 || two == 0xa9fe ||
           (address >> 20U) == 0xac1 || (address >> 22U) == (0x6440U >> 6U);
}

bool is_private_ipv6(const in6_addr& address) {
    const auto& byte = address.s6_addr;
    if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LOOPBACK(&address)) return true;
    if (IN6_IS_ADDR_LINKLOCAL(&address) || (byte[0] & 0xfeU) == 0xfc) return true;
    if (!IN6_IS_ADDR_V4MAPPED(&address) && !IN6_IS_ADDR_V4COMPAT(&address)) return false;
    const std::uint32_t embedded = (std::uint32_t{byte[12]} << 24U) | (std::uint32_t{byte[13]} << 16U) |
                                   (std::uint32_t{byte[14]} << 8U) | byte[15];
    return is_private_ipv4(embedded);
}

std::optional<in6_addr> ipv6_of(std::string_view host) {
    if (!host.starts_with('[') || !host.ends_with(']')) return std::nullopt;
    in6_addr address{};
    const std::string inner(host.substr(1, host.size() - 2));
    if (::inet_pton(AF_INET6, inner.c_str(), &address) != 1) return std::nullopt;
    return address;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    const auto bad = [&](const std::string& why) {
        return failure(ErrorCode::invalid,
                       quote(text.substr(0, text.find('?'))) + " is not usable as a URL: " + why);
    };
    if (!std::all_of(text.begin(), text.end(), is_graphic))
        return bad("it holds spaces or control characters");
    const std::size_t colon = text.find("://");
    Url url;
    url.scheme = oci::to_lower(text.substr(0, colon));
    if (colon == std::string_view::npos || (url.scheme != "http" && url.scheme != "https")) {
        return bad("expected http:// or https://");
    }
    std::string_view rest = text.substr(colon + 3);
    rest = rest.substr(0, rest.find('#'));
    const std::size_t end = rest.find_first_of("/?");
    if (auto read = read_authority(rest.substr(0, end), url); !read) return bad(read.error().text);
    url.target = end == std::string_view::npos ? "/" : std::string(rest.substr(end));
    if (url.target.starts_with('?')) url.target.insert(0, "/");
    return url;
}

Result<Url> resolve_url(const Url& base, std::string_view text) {
    const std::size_t colon = text.find(':');
    const bool absolute = colon != std::string_view::npos &&
                          text.substr(0, colon).find_first_of("/?#") == std::string_view::npos;
    if (absolute) return parse_url(text);
    if (text.starts_with("//")) return parse_url(base.scheme + ":" + std::string(text));
    std::string target(text);
    const std::string path = base.target.substr(0, base.target.find('?'));
    if (text.starts_with('?')) {
        target.insert(0, path);
    } else if (!text.starts_with('/')) {
        target.insert(0, path.substr(0, path.rfind('/') + 1));
    }
    return parse_url(origin_text(base) + target);
}

bool same_origin(const Url& a, const Url& b) {
    return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

std::string authority_text(const Url& url) {
    return url.port == default_port(url.scheme) ? url.host : url.host + ":" + std::to_string(url.port);
}

std::string origin_text(const Url& url) {
    return url.scheme + "://" + authority_text(url);
}

std::string to_text(const Url& url) {
    return origin_text(url) + url.target;
}

std::string printable_url(const Url& url) {
    return origin_text(url) + url.target.substr(0, url.target.find('?'));
}

bool is_private_host(std::string_view host) {
    if (host == "localhost" || host == "localhost." || host.ends_with(".localhost")) return true;
    if (const auto address = ipv6_of(host); address.has_value()) return is_private_ipv6(*address);
    const auto address = ipv4_of(host);
    return address.has_value() && is_private_ipv4(*address);
}

bool is_loopback_host(std::string_view host) {
    if (host == "localhost") return true;
    if (const auto address = ipv6_of(host); address.has_value()) return IN6_IS_ADDR_LOOPBACK(&*address);
    const auto address = ipv4_of(host);
    return address.has_value() && (*address >> 24U) == 127;
}

void add_query(Url& url, std::string_view name, std::string_view value) {
    url.target += url.target.find('?') == std::string::npos ? '?' : '&';
    url.target += std::string(name) + "=" + percent_encode(value);
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[byte >> 4U];
            encoded += digits[byte & 0xfU];
        }
    }
    return encoded;
}

}  // namespace ocimg
