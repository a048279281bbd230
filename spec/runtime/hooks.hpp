#pragma once
// The hooks section (runtime-spec config.md "POSIX-platform Hooks").

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace oci::spec {

struct Hook {
    std::string path;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::optional<std::int64_t> timeout;  // seconds
};

struct Hooks {
    std::vector<Hook> prestart;
    std::vector<Hook> create_runtime;
    std::vector<Hook> create_container;
    std::vector<Hook> start_container;
    std::vector<Hook> poststart;
    std::vector<Hook> poststop;
};

}  // namespace oci::spec
