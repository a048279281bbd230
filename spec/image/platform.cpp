#include "spec/image/platform.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace oci::spec {

namespace {

struct OtherName {
    std::string_view name;
    std::string_view architecture;
    std::string_view variant;
};

constexpr std::array<OtherName, 12> other_names{{
    {"x86_64", "amd64", ""},
    {"x86-64", "amd64", ""},
    {"i386", "386", ""},
    {"i486", "386", ""},
    {"i586", "386", ""},
    {"i686", "386", ""},
    {"aarch64", "arm64", ""},
    {"armhf", "arm", "v7"},
    {"armv7l", "arm", "v7"},
    {"armel", "arm", "v6"},
    {"armv6l", "arm", "v6"},
    {"loongarch64", "loong64", ""},
}};

/// The generation in "v8" or "v8.2"; nothing for another shape. An absent variant means the
/// architecture's default.
std::optional<int> generation(const Platform& platform) {
    std::string_view variant = platform.variant;
    if (variant.empty()) {
        if (platform.architecture == "amd64") return 1;
        if (platform.architecture == "arm64") return 8;
        return std::nullopt;
    }
    if (variant[0] != 'v') return std::nullopt;
    variant.remove_prefix(1);
    return parse_integer<int>(variant.substr(0, variant.find('.')));
}

/// A word that can stand in a path without leading out of it: it does not begin with '.' or '-'.
bool is_name(std::string_view text) {
    if (text.empty() || text.front() == '.' || text.front() == '-') return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    });
}

}  // namespace

Result<Platform> parse_platform(std::string_view text) {
    const std::vector<std::string> parts = split(text, '/');
    if (parts.size() < 2 || parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_name)) {
        return failure(ErrorCode::invalid, quote(text) +
                                               " is not a platform: expected OS/ARCHITECTURE[/VARIANT], "
                                               "as in linux/amd64");
    }
    Platform platform;
    platform.os = parts[0];
    platform.architecture = parts[1];
    if (parts.size() == 3) platform.variant = parts[2];
    return normalised(std::move(platform));
}

std::string to_text(const Platform& platform) {
    std::string text = platform.os + "/" + platform.architecture;
    if (!platform.variant.empty()) text += "/" + platform.variant;
    return text;
}

Platform normalised(Platform platform) {
    platform.os = to_lower(platform.os);
    if (platform.os == "macos") platform.os = "darwin";
    platform.architecture = to_lower(platform.architecture);
    platform.variant = to_lower(platform.variant);
    for (const OtherName& other : other_names) {
        if (platform.architecture != other.name) continue;
        platform.architecture = other.architecture;
        if (platform.variant.empty()) platform.variant = other.variant;
        break;
    }
    const std::string& architecture = platform.architecture;
    const bool arm = architecture == "arm" || architecture == "arm64";
    if (arm && parse_integer<int>(platform.variant).has_value()) platform.variant.insert(0, "v");
    if (architecture == "arm" && platform.variant.empty()) platform.variant = "v7";
    if (architecture == "arm64" && platform.variant == "v8") platform.variant.clear();
    if (architecture == "amd64" && platform.variant == "v1") platform.variant.clear();
    return platform;
}

std::optional<int> platform_distance(const Platform& wanted, const Platform& offered) {
    const Platform want = normalised(wanted);
    const Platform have = normalised(offered);
    if (want.os != have.os || want.architecture != have.architecture) return std::nullopt;
    if (want.variant == have.variant) return 0;
    const std::optional<int> newest = generation(want);
    const std::optional<int> needed = generation(have);
    if (!newest.has_value() || !needed.has_value() || *needed > *newest) return std::nullopt;
    // "v8" runs where "v8.2" is wanted; the other way round only when the same text was asked for.
    if (*needed == *newest)
        return have.variant.size() < want.variant.size() ? std::optional(1) : std::nullopt;
    return 1 + *newest - *needed;
}

}  // namespace oci::spec
