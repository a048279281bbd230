#pragma once
// The state of a container (runtime-spec runtime.md "State").

#include <cstdint>
#include <map>
#include <string>

namespace oci::spec {

struct State {
    std::string oci_version;
    std::string id;
    std::string status;
    std::int64_t pid = 0;  // 0: not written
    std::string bundle;
    std::map<std::string, std::string> annotations;
};

}  // namespace oci::spec
