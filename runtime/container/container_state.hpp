#pragma once
// What is recorded of a container in state.json, and how alive it is.

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/cgroup/resctrl.hpp"

namespace ocirun {

/// state.json. Written before the first side effect (pid 0) and again when init is ready.
struct RecordedState {
    std::string oci_version;
    std::string id;
    std::string bundle;
    std::string rootfs;
    std::string created;                // RFC 3339 with nanoseconds, UTC
    pid_t pid = 0;                      // of init; 0 while it is being created
    unsigned long long start_time = 0;  // of init, in clock ticks since boot: with the pid it names a process
    std::uint32_t owner = 0;            // uid of the creator
    bool own_pid_namespace = true;      // without one, killing init leaves the others alive
    bool new_keyring = true;
    bool has_hooks = false;  // poststart or poststop hooks stand in the recorded config.json
    CgroupLocation cgroup;
    ResctrlLocation resctrl;
    std::string hook_output;  // files that hooks write to; empty: none
    std::string hook_errors;
    std::map<std::string, std::string> annotations;
};

std::string to_json(const RecordedState& state);
/// `file` names the source in errors.
oci::Result<RecordedState> parse_recorded_state(std::string_view text, const std::string& file);

enum class Status { creating, created, running, paused, stopped };
std::string_view status_word(Status status);

/// What `state` prints: runc's object ("ociVersion", "id", "pid", "status", ...).
std::string state_report(const RecordedState& state, Status status);
/// The same on one line, with the owner's name: an element of what `list` prints.
std::string list_report(const RecordedState& state, Status status, const std::string& owner);

/// The current time as RFC 3339 with nanoseconds, UTC.
std::string current_time_text();

}  // namespace ocirun
