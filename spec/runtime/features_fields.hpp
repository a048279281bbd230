#pragma once
// The properties of the features document, listed once.

#include "spec/json/fields.hpp"
#include "spec/runtime/features.hpp"

namespace oci::spec {

template <>
struct FieldsOf<CgroupFeatures> {
    static constexpr const char* section = "features-linux.md \"Cgroup\"";
    static void list(auto& fields, auto& self) {
        fields.optional("v1", self.v1);
        fields.optional("v2", self.v2);
        fields.optional("systemd", self.systemd);
        fields.optional("systemdUser", self.systemd_user);
        fields.optional("rdma", self.rdma);
    }
};

template <>
struct FieldsOf<SeccompFeatures> {
    static constexpr const char* section = "features-linux.md \"Seccomp\"";
    static void list(auto& fields, auto& self) {
        fields.optional("enabled", self.enabled);
        fields.optional("actions", self.actions);
        fields.optional("operators", self.operators);
        fields.optional("archs", self.archs);
        fields.optional("knownFlags", self.known_flags);
        fields.optional("supportedFlags", self.supported_flags);
    }
};

template <>
struct FieldsOf<EnabledFeature> {
    static constexpr const char* section = "features-linux.md";
    static void list(auto& fields, auto& self) { fields.optional("enabled", self.enabled); }
};

template <>
struct FieldsOf<MemoryPolicyFeatures> {
    static constexpr const char* section = "features-linux.md \"MemoryPolicy\"";
    static void list(auto& fields, auto& self) {
        fields.optional("modes", self.modes);
        fields.optional("flags", self.flags);
    }
};

template <>
struct FieldsOf<IntelRdtFeatures> {
    static constexpr const char* section = "features-linux.md \"Intel RDT\"";
    static void list(auto& fields, auto& self) {
        fields.optional("enabled", self.enabled);
        fields.optional("schemata", self.schemata);
        fields.optional("monitoring", self.monitoring);
    }
};

template <>
struct FieldsOf<MountExtensionFeatures> {
    static constexpr const char* section = "features-linux.md \"MountExtensions\"";
    static void list(auto& fields, auto& self) { fields.optional("idmap", self.idmap); }
};

template <>
struct FieldsOf<LinuxFeatures> {
    static constexpr const char* section = "features-linux.md";
    static void list(auto& fields, auto& self) {
        fields.optional("namespaces", self.namespaces);
        fields.optional("capabilities", self.capabilities);
        fields.optional("cgroup", self.cgroup);
        fields.optional("seccomp", self.seccomp);
        fields.optional("apparmor", self.apparmor);
        fields.optional("selinux", self.selinux);
        fields.optional("memoryPolicy", self.memory_policy);
        fields.optional("intelRdt", self.intel_rdt);
        fields.optional("mountExtensions", self.mount_extensions);
        fields.optional("netDevices", self.net_devices);
    }
};

template <>
struct FieldsOf<Features> {
    static constexpr const char* section = "features.md";
    static void list(auto& fields, auto& self) {
        fields.required("ociVersionMin", self.oci_version_min);
        fields.required("ociVersionMax", self.oci_version_max);
        fields.optional("hooks", self.hooks);
        fields.optional("mountOptions", self.mount_options);
        fields.optional("linux", self.linux_section);
        fields.optional("annotations", self.annotations);
        fields.optional("potentiallyUnsafeConfigAnnotations", self.potentially_unsafe_config_annotations);
    }
};

}  // namespace oci::spec
