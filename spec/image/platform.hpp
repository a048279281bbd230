#pragma once
// Platforms of images: image-spec image-index.md "platform", Go's names for systems and processors.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oci::spec {

/// The platform an image is made for.
struct Platform {
    std::string architecture;              // GOARCH: "amd64", "arm64"
    std::string os;                        // GOOS: "linux"
    std::string os_version;                // os.version
    std::vector<std::string> os_features;  // os.features
    std::string variant;                   // "v7", "v8"

    bool operator==(const Platform&) const = default;
};

/// Reads "OS/ARCHITECTURE[/VARIANT]" and gives it normalised. Anything else is an error.
Result<Platform> parse_platform(std::string_view text);

/// "linux/arm/v7"; an empty variant is left out.
std::string to_text(const Platform& platform);

/// The same platform in Go's names ("x86_64" is "amd64", "aarch64" is "arm64", "armhf" is "arm/v7"),
/// in lower case; a variant that is the architecture's default (amd64/v1, arm64/v8) is left out.
Platform normalised(Platform platform);

/// How far an image is from what is wanted: 0 is exact, a higher number an older variant that also runs
/// there; nothing when it does not fit. Both sides are normalised first; os.version and os.features do
/// not count on Linux.
std::optional<int> platform_distance(const Platform& wanted, const Platform& offered);

}  // namespace oci::spec
