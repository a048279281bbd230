#pragma once
// Intel RDT: the resctrl group of a container and what is written there (runtime-spec config-linux.md
// "IntelRdt"). Pure.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/runtime/linux.hpp"

namespace ocirun {

struct RdtPlan {
    std::string group;               // below the resctrl mount; empty: its root, the default class
    bool named = false;              // by closID: then the group outlives the container
    std::vector<std::string> lines;  // for the file "schemata", in this order
    bool monitoring = false;         // a monitoring group of the container's own below it
};

/// Nothing without linux.intelRdt. Without a closID the group has the container's name.
oci::Result<std::optional<RdtPlan>> plan_rdt(const oci::spec::Linux& linux_section,
                                             const std::string& container_id);

/// The lines of l3CacheSchema and memBwSchema (empty: none), the former first.
oci::Result<std::vector<std::string>> plan_rdt_schemas(const std::string& l3_cache,
                                                       const std::string& memory_bandwidth,
                                                       const std::string& origin);

/// Whether a file "schemata" with `text` says what `lines` ask for: each resource and each cache id that they
/// name, spaces and leading zeros aside. Returns the first difference in words, empty: none.
std::string compare_schemata(const std::vector<std::string>& lines, const std::string& text);

}  // namespace ocirun
