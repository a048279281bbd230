#pragma once
// The properties of the process section, listed once.

#include "spec/json/fields.hpp"
#include "spec/runtime/process.hpp"

namespace oci::spec {

template <>
struct FieldsOf<ConsoleSize> {
    static constexpr const char* section = "config.md \"Process\"";
    static void list(auto& fields, auto& self) {
        fields.required("height", self.height);
        fields.required("width", self.width);
    }
};

template <>
struct FieldsOf<User> {
    static constexpr const char* section = "config.md \"User\"";
    static void list(auto& fields, auto& self) {
        fields.required("uid", self.uid);
        fields.required("gid", self.gid);
        fields.optional("umask", self.umask);
        fields.optional("additionalGids", self.additional_gids);
    }
};

template <>
struct FieldsOf<Rlimit> {
    static constexpr const char* section = "config.md \"POSIX process\"";
    static void list(auto& fields, auto& self) {
        fields.required("type", self.type);
        fields.required("soft", self.soft);
        fields.required("hard", self.hard);
    }
};

template <>
struct FieldsOf<Capabilities> {
    static constexpr const char* section = "config.md \"Linux Process\"";
    static void list(auto& fields, auto& self) {
        fields.optional("bounding", self.bounding);
        fields.optional("effective", self.effective);
        fields.optional("inheritable", self.inheritable);
        fields.optional("permitted", self.permitted);
        fields.optional("ambient", self.ambient);
    }
};

template <>
struct FieldsOf<Scheduler> {
    static constexpr const char* section = "config.md \"Linux Process\"";
    static void list(auto& fields, auto& self) {
        fields.required("policy", self.policy);
        fields.optional("nice", self.nice);
        fields.optional("priority", self.priority);
        fields.optional("flags", self.flags);
        fields.optional("runtime", self.runtime);
        fields.optional("deadline", self.deadline);
        fields.optional("period", self.period);
    }
};

template <>
struct FieldsOf<IoPriority> {
    static constexpr const char* section = "config.md \"Linux Process\"";
    static void list(auto& fields, auto& self) {
        fields.required("class", self.io_class);
        fields.required("priority", self.priority);
    }
};

template <>
struct FieldsOf<ExecCpuAffinity> {
    static constexpr const char* section = "config.md \"Linux Process\"";
    static void list(auto& fields, auto& self) {
        fields.optional("initial", self.initial);
        fields.optional("final", self.final_set);
    }
};

template <>
struct FieldsOf<Process> {
    static constexpr const char* section = "config.md \"Process\"";
    static void list(auto& fields, auto& self) {
        fields.optional("terminal", self.terminal);
        fields.optional("consoleSize", self.console_size);
        fields.always("user", self.user);
        fields.optional("args", self.args);
        fields.optional("env", self.env);
        fields.required("cwd", self.cwd);
        fields.optional("capabilities", self.capabilities);
        fields.optional("rlimits", self.rlimits);
        fields.optional("noNewPrivileges", self.no_new_privileges);
        fields.optional("apparmorProfile", self.apparmor_profile);
        fields.optional("oomScoreAdj", self.oom_score_adj);
        fields.optional("scheduler", self.scheduler);
        fields.optional("selinuxLabel", self.selinux_label);
        fields.optional("ioPriority", self.io_priority);
        fields.optional("execCPUAffinity", self.exec_cpu_affinity);
    }
};

}  // namespace oci::spec
