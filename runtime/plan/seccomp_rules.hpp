#pragma once
// Seccomp rules between the configuration and the filter: words replaced by numbers, nothing compiled
// yet. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/runtime/seccomp.hpp"

namespace ocirun {

/// How a system call argument is compared (runtime-spec config-linux.md "Seccomp", SCMP_CMP_*).
enum class SeccompOperator { not_equal, less, less_or_equal, equal, greater_or_equal, greater, masked_equal };

/// One comparison. For masked_equal: (argument & mask) == (value & mask).
struct SeccompCondition {
    unsigned argument = 0;  // 0 to 5
    SeccompOperator comparison = SeccompOperator::equal;
    std::uint64_t value = 0;
    std::uint64_t mask = ~std::uint64_t{0};

    bool operator==(const SeccompCondition&) const = default;
};

/// The action for one system call when every condition holds.
struct SeccompRule {
    std::string name;
    std::uint32_t action = 0;  // SECCOMP_RET_* with its data, as the filter returns it
    std::vector<SeccompCondition> conditions;
};

struct SeccompRules {
    std::uint32_t default_action = 0;
    bool newer_calls_are_enosys = false;       // see newest_calls() in seccomp_numbers.hpp
    std::vector<std::uint32_t> architectures;  // libseccomp's SCMP_ARCH_* numbers, the native one first
    std::vector<std::string> named_calls;      // every name in the configuration, once
    std::vector<SeccompRule> rules;            // without those that repeat the default action
};

/// The action words, operator words and architecture words that this program knows, sorted.
std::vector<std::string> known_seccomp_actions();
std::vector<std::string> known_seccomp_operators();
std::vector<std::string> known_seccomp_architectures();
/// The flag words, and the ones among them that this build can set.
std::vector<std::string> known_seccomp_flags();
/// The version of the library that this program is linked with, "2.5.4".
std::string libseccomp_version();

/// Translates the words; errors name the JSON path below `origin`.
oci::Result<SeccompRules> read_seccomp_rules(const oci::spec::Seccomp& seccomp, const std::string& origin);
/// SECCOMP_FILTER_FLAG_* of seccomp.flags; where it is absent SPEC_ALLOW.
oci::Result<unsigned> read_seccomp_flags(const oci::spec::Seccomp& seccomp, const std::string& origin);

}  // namespace ocirun
