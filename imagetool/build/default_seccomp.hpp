#pragma once
// The seccomp filter of RUN steps: the facts of Docker's default profile as a table. Pure.

#include <string_view>

#include "spec/runtime/seccomp.hpp"

namespace ocimg::build {

/// The filter for a processor ("amd64") and the capabilities that Docker gives a container. System calls
/// that are not listed fail with EPERM.
oci::spec::Seccomp default_seccomp(std::string_view architecture);

}  // namespace ocimg::build
