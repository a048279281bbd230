#pragma once
// EXPOSE: "80", "8000-8010/udp", "53/udp". Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// The keys of ExposedPorts that an (expanded) word of EXPOSE stands for: "80/tcp", one for each port of a
/// range. Host parts ("8080:80", "127.0.0.1:80:80") are read and dropped, as Docker does; lint tells of them.
oci::Result<std::vector<std::string>> parse_port(std::string_view word);

}  // namespace ocimg::dockerfile
