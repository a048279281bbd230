// A runtime that is broken on purpose: changes one thing of config.json and hands on to the real runtime.
//
//   OCI_REAL_RUNTIME=/path/ocirun OCI_BREAK=DEFECT broken_runtime create --bundle B ID
//
// The table below is all it knows: a pointer into config.json, and what stands there afterwards. It is what
// shows that the conformance suite bites: tests/integration/conformance_bites.sh.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "conformance/harness/bundle.hpp"
#include "conformance/harness/json.hpp"

namespace {

using conformance::Json;

struct Defect {
    const char* name;
    const char* pointer;
    const char* value;     // JSON text; null: the property is dropped
    const char* if_given;  // only when this pointer is there already; null: always
};

constexpr Defect table[] = {
    {"args", "/process/args/1", "\"changed\"", "/process/args/1"},
    {"env", "/process/env", "[]", nullptr},
    {"cwd", "/process/cwd", "\"/\"", nullptr},
    {"uid", "/process/user/uid", "0", nullptr},
    {"gid", "/process/user/gid", "0", nullptr},
    {"additional-gids", "/process/user/additionalGids", nullptr, nullptr},
    {"umask", "/process/user/umask", nullptr, nullptr},
    {"rlimits", "/process/rlimits", nullptr, nullptr},
    {"no-new-privileges", "/process/noNewPrivileges", "false", nullptr},
    {"oom-score-adj", "/process/oomScoreAdj", nullptr, nullptr},
    {"scheduler", "/process/scheduler", nullptr, nullptr},
    {"io-priority", "/process/ioPriority", nullptr, nullptr},
    {"bounding", "/process/capabilities/bounding", "[]", nullptr},
    {"ambient", "/process/capabilities/ambient", nullptr, nullptr},
    {"inheritable", "/process/capabilities/inheritable", nullptr, nullptr},
    {"root-readonly", "/root/readonly", "false", nullptr},
    {"hostname", "/hostname", "\"broken\"", "/hostname"},
    {"domainname", "/domainname", nullptr, nullptr},
    {"sysctl", "/linux/sysctl", nullptr, nullptr},
    {"masked-paths", "/linux/maskedPaths", nullptr, nullptr},
    {"readonly-paths", "/linux/readonlyPaths", nullptr, nullptr},
    {"devices", "/linux/devices", nullptr, nullptr},
    {"device-mode", "/linux/devices/0/fileMode", "511", "/linux/devices/0/fileMode"},
    {"personality", "/linux/personality", nullptr, nullptr},
    {"time-offsets", "/linux/timeOffsets", nullptr, nullptr},
    {"propagation", "/linux/rootfsPropagation", nullptr, nullptr},
    {"seccomp", "/linux/seccomp", nullptr, nullptr},
    {"seccomp-args", "/linux/seccomp/syscalls/0/args", nullptr, nullptr},
    {"seccomp-errno", "/linux/seccomp/syscalls/0/errnoRet", nullptr, nullptr},
    {"uid-mappings", "/linux/uidMappings/1", nullptr, nullptr},
    {"memory-limit", "/linux/resources/memory", nullptr, nullptr},
    {"cpu", "/linux/resources/cpu", nullptr, nullptr},
    {"pids", "/linux/resources/pids", nullptr, nullptr},
    {"device-rules", "/linux/resources/devices", R"([{"allow": true, "access": "rwm"}])", nullptr},
    {"cgroups-path", "/linux/cgroupsPath", "\"/oci-conformance-broken\"", nullptr},
    {"annotations", "/annotations", nullptr, nullptr},
    {"prestart", "/hooks/prestart", nullptr, nullptr},
    {"create-runtime", "/hooks/createRuntime", nullptr, nullptr},
    {"create-container", "/hooks/createContainer", nullptr, nullptr},
    {"start-container", "/hooks/startContainer", nullptr, nullptr},
    {"poststart", "/hooks/poststart", nullptr, nullptr},
    {"poststop", "/hooks/poststop", nullptr, nullptr},
    {"hook-args", "/hooks/prestart/0/args/1", "\"changed\"", "/hooks/prestart/0/args/1"},
    {"hook-env", "/hooks/prestart/0/env", nullptr, nullptr},
    {"mount-options", "/mounts/3/options", nullptr, nullptr},
    {"mount-4", "/mounts/4", nullptr, nullptr},
    {"net-devices", "/linux/netDevices", nullptr, nullptr},
    {"memory-policy", "/linux/memoryPolicy", nullptr, nullptr},
};

/// A pid, ipc, ... namespace is left out: "namespace-ipc".
bool leave_namespace(Json& config, const std::string& defect) {
    if (!defect.starts_with("namespace-")) return false;
    const auto& list = config["linux"]["namespaces"].items();
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i]["type"].str() != defect.substr(10)) continue;
        config.erase("/linux/namespaces/" + std::to_string(i));
        break;
    }
    return true;
}

bool apply(Json& config, const std::string& name) {
    if (leave_namespace(config, name)) return true;
    for (const Defect& defect : table) {
        if (name != defect.name) continue;
        if (defect.if_given != nullptr && config.at(defect.if_given).is_null()) return true;
        if (defect.value == nullptr) {
            config.erase(defect.pointer);
        } else {
            config.set(defect.pointer, Json::of(defect.value));
        }
        return true;
    }
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    const char* real = std::getenv("OCI_REAL_RUNTIME");
    const char* defect = std::getenv("OCI_BREAK");
    if (real == nullptr || defect == nullptr)
        return std::fputs("set OCI_REAL_RUNTIME and OCI_BREAK\n", stderr), 2;
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string(argv[i]) != "--bundle") continue;
        const std::string path = std::string(argv[i + 1]) + "/config.json";
        auto config = Json::parse(conformance::read_text(path), path);
        if (!config) break;  // a document that is wrong on purpose goes on as it is
        if (!apply(*config, defect)) return std::fprintf(stderr, "unknown defect %s\n", defect), 2;
        conformance::write_file(path, config->dump());
    }
    std::vector<char*> words(argv, argv + argc);
    words[0] = const_cast<char*>(real);
    words.push_back(nullptr);
    ::execv(real, words.data());
    std::perror(real);
    return 127;
}
