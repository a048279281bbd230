#include "runtime/hooks/hook_state.hpp"

#include "spec/json/writer.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocirun {

std::string hook_state_json(const ContainerPlan& plan, const std::string& status, int pid) {
    oci::spec::State state;
    state.oci_version = spec_version;
    state.id = plan.id;
    state.status = status;
    state.pid = pid;
    state.bundle = plan.bundle;
    state.annotations = plan.annotations;
    return oci::spec::to_json(state);
}

std::string listener_state_json(const ContainerPlan& plan, const std::string& status, int pid) {
    oci::spec::JsonWriter out;
    out.begin_object();
    out.key("ociVersion");
    out.string(spec_version);
    out.key("fds");
    out.begin_array();
    out.string("seccompFd");
    out.end_array();
    out.key("pid");
    out.number(std::int64_t{pid});
    if (!plan.seccomp.listener_metadata.empty()) {
        out.key("metadata");
        out.string(plan.seccomp.listener_metadata);
    }
    out.key("state");
    out.raw(hook_state_json(plan, status, pid));
    out.end_object();
    return out.take();
}

}  // namespace ocirun
