#pragma once
// The process section (runtime-spec config.md "Process").

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace oci::spec {

struct ConsoleSize {
    std::uint32_t height = 0;
    std::uint32_t width = 0;
};

struct User {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::optional<std::uint32_t> umask;
    std::vector<std::uint32_t> additional_gids;
};

struct Rlimit {
    std::string type;
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

struct Capabilities {
    std::vector<std::string> bounding;
    std::vector<std::string> effective;
    std::vector<std::string> inheritable;
    std::vector<std::string> permitted;
    std::vector<std::string> ambient;
};

struct Scheduler {
    std::string policy;
    std::optional<std::int32_t> nice;
    std::optional<std::int32_t> priority;
    std::vector<std::string> flags;
    std::optional<std::uint64_t> runtime;
    std::optional<std::uint64_t> deadline;
    std::optional<std::uint64_t> period;
};

struct IoPriority {
    std::string io_class;  // "class"
    std::int32_t priority = 0;
};

struct ExecCpuAffinity {
    std::string initial;
    std::string final_set;  // "final"
};

struct Process {
    bool terminal = false;
    std::optional<ConsoleSize> console_size;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::string cwd;
    std::optional<Capabilities> capabilities;
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::string apparmor_profile;
    std::optional<std::int32_t> oom_score_adj;
    std::optional<Scheduler> scheduler;
    std::string selinux_label;
    std::optional<IoPriority> io_priority;
    std::optional<ExecCpuAffinity> exec_cpu_affinity;
};

}  // namespace oci::spec
