#pragma once
// Seccomp sections in a line or two.

#include <string>
#include <utility>
#include <vector>

#include "spec/runtime/seccomp.hpp"

namespace ocirun::test {

inline oci::spec::SeccompSyscall a_rule(const std::string& name, const std::string& action,
                                        std::vector<oci::spec::SeccompArg> args = {}) {
    return {.names = {name}, .action = action, .errno_ret = {}, .args = std::move(args)};
}

inline oci::spec::Seccomp a_filter(const std::string& default_action,
                                   std::vector<oci::spec::SeccompSyscall> rules = {}) {
    oci::spec::Seccomp filter;
    filter.default_action = default_action;
    filter.architectures = {"SCMP_ARCH_X86_64"};
    filter.syscalls = std::move(rules);
    return filter;
}

}  // namespace ocirun::test
