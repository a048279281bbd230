#pragma once
// The state of a container (runtime-spec runtime.md "State").

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace oci::spec {

struct State {
    std::string oci_version;
    std::string id;
    std::string status;
    std::int64_t pid = 0;  // 0: not written
    std::string bundle;
    std::map<std::string, std::string> annotations;
};

/// What a seccomp agent receives over listenerPath (config-linux.md "The Container Process State").
struct ContainerProcessState {
    std::string oci_version;
    std::vector<std::string> fds;  // a name for each descriptor that is sent along
    std::int64_t pid = 0;          // of the container process, as the runtime sees it
    std::string metadata;
    State state;
};

}  // namespace oci::spec
