#pragma once
// The seccomp section (runtime-spec config-linux.md "Seccomp").

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace oci::spec {

struct SeccompArg {
    std::uint32_t index = 0;
    std::uint64_t value = 0;
    std::uint64_t value_two = 0;
    std::string op;
};

struct SeccompSyscall {
    std::vector<std::string> names;
    std::string action;
    std::optional<std::uint32_t> errno_ret;
    std::vector<SeccompArg> args;
};

struct Seccomp {
    std::string default_action;
    std::optional<std::uint32_t> default_errno_ret;
    std::vector<std::string> architectures;
    std::optional<std::vector<std::string>> flags;  // an empty list is not the same as none
    std::string listener_path;
    std::string listener_metadata;
    std::vector<SeccompSyscall> syscalls;
};

}  // namespace oci::spec
