#pragma once
// System call names to numbers, architecture by architecture. Pure: libseccomp's tables only.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plan/seccomp_rules.hpp"

namespace ocirun {

/// A rule for one number of one architecture.
struct NumberedRule {
    std::uint32_t number = 0;
    std::uint32_t action = 0;
    std::vector<SeccompCondition> conditions;
};

struct ArchitectureRules {
    std::uint32_t architecture = 0;       // SCMP_ARCH_*
    std::vector<NumberedRule> rules;      // by number; equal numbers in the order of the configuration
    std::optional<std::uint32_t> newest;  // the highest number that the configuration names at all
};

/// The rules as one architecture sees them; calls that it does not have are left out. On 32-bit x86 a
/// socket or System V call counts twice: as a call of its own, and as socketcall(2) or ipc(2).
ArchitectureRules number_rules(const SeccompRules& rules, std::uint32_t architecture);

/// The names that no system call table knows.
std::vector<std::string> unknown_calls(const SeccompRules& rules);

}  // namespace ocirun
