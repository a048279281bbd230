#pragma once
// The general compiler of seccomp filters: libseccomp, for every architecture, some fifty times slower than
// compile_seccomp(). Pure but for a memory file, the only place libseccomp writes a program to.

#include <string>

#include "base/result.hpp"
#include "runtime/plan/seccomp_rules.hpp"

namespace ocirun {

/// The filter as struct sock_filter[], deciding as described at compile_seccomp().
oci::Result<std::string> compile_with_libseccomp(const SeccompRules& rules, const std::string& origin);

}  // namespace ocirun
