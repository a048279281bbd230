#pragma once
// What the probe tells of the process it is: each function adds fields to an open JSON object.

#include "conformance/probe/json_out.hpp"

namespace probe {

/// argv, environment, directory, ids, groups, umask, descriptors, terminal.
void add_process_facts(JsonOut& out, int argc, char** argv, char** environment);
/// Capability sets, limits, seccomp, no_new_privs, scores and everything of scheduling.
void add_privilege_facts(JsonOut& out);
void add_scheduling_facts(JsonOut& out);
/// Namespaces, id maps, names, clocks, cgroup membership.
void add_namespace_facts(JsonOut& out);
/// Every line of mountinfo.
void add_mount_facts(JsonOut& out);

/// One request of the command line ("stat=/dev/null"), answered as one field. False: it is none.
bool answer_request(JsonOut& out, const std::string& request);
/// The status of one path as a JSON object.
void add_status(JsonOut& out, const std::string& path);

}  // namespace probe
