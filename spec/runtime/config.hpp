#pragma once
// config.json as one value (runtime-spec config.md), Linux part.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spec/runtime/hooks.hpp"
#include "spec/runtime/linux.hpp"
#include "spec/runtime/process.hpp"

namespace oci::spec {

struct Root {
    std::string path;
    bool readonly = false;
};

struct Mount {
    std::string destination;
    std::string type;
    std::string source;
    std::vector<std::string> options;
    std::vector<IdMapping> uid_mappings;
    std::vector<IdMapping> gid_mappings;
};

struct RuntimeConfig {
    std::string oci_version;
    std::optional<Root> root;
    std::vector<Mount> mounts;
    std::optional<Process> process;
    std::string hostname;
    std::string domainname;
    std::optional<Hooks> hooks;
    std::map<std::string, std::string> annotations;
    std::optional<Linux> linux_section;  // "linux", a macro of some compilers
};

}  // namespace oci::spec
