#pragma once
// The properties of the seccomp section, listed once.

#include "spec/json/fields.hpp"
#include "spec/runtime/seccomp.hpp"

namespace oci::spec {

template <>
struct FieldsOf<SeccompArg> {
    static constexpr const char* section = "config-linux.md \"Seccomp\"";
    static void list(auto& fields, auto& self) {
        fields.required("index", self.index);
        fields.required("value", self.value);
        fields.optional("valueTwo", self.value_two);
        fields.required("op", self.op);
    }
};

template <>
struct FieldsOf<SeccompSyscall> {
    static constexpr const char* section = "config-linux.md \"Seccomp\"";
    static void list(auto& fields, auto& self) {
        fields.required("names", self.names);
        fields.required("action", self.action);
        fields.optional("errnoRet", self.errno_ret);
        fields.optional("args", self.args);
    }
};

template <>
struct FieldsOf<Seccomp> {
    static constexpr const char* section = "config-linux.md \"Seccomp\"";
    static void list(auto& fields, auto& self) {
        fields.required("defaultAction", self.default_action);
        fields.optional("defaultErrnoRet", self.default_errno_ret);
        fields.optional("architectures", self.architectures);
        fields.optional("flags", self.flags);
        fields.optional("listenerPath", self.listener_path);
        fields.optional("listenerMetadata", self.listener_metadata);
        fields.optional("syscalls", self.syscalls);
    }
};

}  // namespace oci::spec
