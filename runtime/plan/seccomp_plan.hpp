#pragma once
// The seccomp filter: rules of the configuration compiled to BPF bytes that init hands to the kernel.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/runtime/seccomp.hpp"

namespace ocirun {

struct SeccompPlan {
    std::string program;        // struct sock_filter[], as the kernel takes it; empty: no filter
    unsigned flags = 0;         // SECCOMP_FILTER_FLAG_* for seccomp(2)
    std::string listener_path;  // absolute socket path for SCMP_ACT_NOTIFY; empty: none
    std::string listener_metadata;
    std::vector<std::string> warnings;       // rules for syscalls that this host does not know
    std::vector<std::string> unknown_calls;  // their names
};

/// Pure but for libseccomp's memory file. `origin` is "linux.seccomp". System calls that are newer than
/// every one the rules name answer ENOSYS instead of the default action, as engines expect.
oci::Result<SeccompPlan> plan_seccomp(const oci::spec::Seccomp& seccomp, const std::string& origin);

/// A filter that was compiled elsewhere: base64 of struct sock_filter[].
oci::Result<SeccompPlan> plan_compiled_filter(const std::string& base64, const std::string& origin);

/// A text that is equal for equal rules only: the key of a cache of compiled programs.
std::string seccomp_cache_key(const oci::spec::Seccomp& seccomp);

}  // namespace ocirun
