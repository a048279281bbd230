#pragma once
// The properties of config.json (top level, root, mounts, hooks) and of the state, listed once.

#include "spec/json/fields.hpp"
#include "spec/runtime/config.hpp"
#include "spec/runtime/linux_fields.hpp"
#include "spec/runtime/process_fields.hpp"
#include "spec/runtime/state.hpp"

namespace oci::spec {

template <>
struct FieldsOf<Root> {
    static constexpr const char* section = "config.md \"Root\"";
    static void list(auto& fields, auto& self) {
        fields.required("path", self.path);
        fields.optional("readonly", self.readonly);
    }
};

template <>
struct FieldsOf<Mount> {
    static constexpr const char* section = "config.md \"Mounts\"";
    static void list(auto& fields, auto& self) {
        fields.required("destination", self.destination);
        fields.optional("type", self.type);
        fields.optional("source", self.source);
        fields.optional("options", self.options);
        fields.optional("uidMappings", self.uid_mappings);
        fields.optional("gidMappings", self.gid_mappings);
    }
};

template <>
struct FieldsOf<Hook> {
    static constexpr const char* section = "config.md \"POSIX-platform Hooks\"";
    static void list(auto& fields, auto& self) {
        fields.required("path", self.path);
        fields.optional("args", self.args);
        fields.optional("env", self.env);
        fields.optional("timeout", self.timeout);
    }
};

template <>
struct FieldsOf<Hooks> {
    static constexpr const char* section = "config.md \"POSIX-platform Hooks\"";
    static void list(auto& fields, auto& self) {
        fields.optional("prestart", self.prestart);
        fields.optional("createRuntime", self.create_runtime);
        fields.optional("createContainer", self.create_container);
        fields.optional("startContainer", self.start_container);
        fields.optional("poststart", self.poststart);
        fields.optional("poststop", self.poststop);
    }
};

template <>
struct FieldsOf<RuntimeConfig> {
    static constexpr const char* section = "config.md";
    static void list(auto& fields, auto& self) {
        fields.required("ociVersion", self.oci_version);
        fields.optional("process", self.process);
        fields.optional("root", self.root);
        fields.optional("hostname", self.hostname);
        fields.optional("domainname", self.domainname);
        fields.optional("mounts", self.mounts);
        fields.optional("hooks", self.hooks);
        fields.optional("annotations", self.annotations);
        fields.optional("linux", self.linux_section);
    }
};

template <>
struct FieldsOf<State> {
    static constexpr const char* section = "runtime.md \"State\"";
    static void list(auto& fields, auto& self) {
        fields.required("ociVersion", self.oci_version);
        fields.required("id", self.id);
        fields.required("status", self.status);
        fields.optional("pid", self.pid);
        fields.required("bundle", self.bundle);
        fields.optional("annotations", self.annotations);
    }
};

template <>
struct FieldsOf<ContainerProcessState> {
    static constexpr const char* section = "config-linux.md \"The Container Process State\"";
    static void list(auto& fields, auto& self) {
        fields.required("ociVersion", self.oci_version);
        fields.always("fds", self.fds);
        fields.required("pid", self.pid);
        fields.optional("metadata", self.metadata);
        fields.required("state", self.state);
    }
};

}  // namespace oci::spec
