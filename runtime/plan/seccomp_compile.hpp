#pragma once
// The fast compiler of seccomp filters: a search tree over the ranges of system call numbers for each
// architecture. Pure.

#include <string>

#include "base/result.hpp"
#include "runtime/plan/seccomp_rules.hpp"

namespace ocirun {

/// Whether compile_seccomp() knows every one of these architectures. It knows the little-endian ones
/// whose calls have one number each, and 32-bit x86; the others are left to libseccomp.
bool can_compile_seccomp(const SeccompRules& rules);

/// The filter as struct sock_filter[]. An unlisted architecture is killed. For one system call the first
/// rule without conditions wins over every rule with conditions, and of these the first that holds wins.
/// libseccomp decides the same, but where conditional rules of one call overlap it may miss one that
/// holds. A call newer than all named ones gets ENOSYS where the rules say so.
oci::Result<std::string> compile_seccomp(const SeccompRules& rules, const std::string& origin);

}  // namespace ocirun
