#pragma once
// The config.json that `ocirun spec` writes. Pure.

#include <cstdint>
#include <string>

#include "spec/runtime/config.hpp"

namespace ocirun {

struct SpecOptions {
    bool rootless = false;  // for a user without privileges: a user namespace, no network of its own
    std::uint32_t uid = 0;  // who becomes root in the user namespace; rootless only
    std::uint32_t gid = 0;
    bool cgroup_namespace = true;  // runc asks for one only where cgroup v2 is all there is
};

/// A shell on a terminal in "rootfs", read-only, with the defaults that engines' users know.
oci::spec::RuntimeConfig default_spec(const SpecOptions& options);

/// The same as JSON text, indented by tabs, with a line end.
std::string default_spec_json(const SpecOptions& options);

}  // namespace ocirun
