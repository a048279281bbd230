#pragma once
// The properties of the linux section, listed once.

#include "spec/json/fields.hpp"
#include "spec/runtime/linux.hpp"
#include "spec/runtime/resources_fields.hpp"
#include "spec/runtime/seccomp_fields.hpp"

namespace oci::spec {

template <>
struct FieldsOf<Namespace> {
    static constexpr const char* section = "config-linux.md \"Namespaces\"";
    static void list(auto& fields, auto& self) {
        fields.required("type", self.type);
        fields.optional("path", self.path);
    }
};

template <>
struct FieldsOf<IdMapping> {
    static constexpr const char* section = "config-linux.md \"User namespace mappings\"";
    static void list(auto& fields, auto& self) {
        fields.required("containerID", self.container_id);
        fields.required("hostID", self.host_id);
        fields.required("size", self.size);
    }
};

template <>
struct FieldsOf<TimeOffset> {
    static constexpr const char* section = "config-linux.md \"Offset for Time Namespace\"";
    static void list(auto& fields, auto& self) {
        fields.optional("secs", self.secs);
        fields.optional("nanosecs", self.nanosecs);
    }
};

template <>
struct FieldsOf<Device> {
    static constexpr const char* section = "config-linux.md \"Devices\"";
    static void list(auto& fields, auto& self) {
        fields.required("type", self.type);
        fields.required("path", self.path);
        fields.optional("major", self.major);
        fields.optional("minor", self.minor);
        fields.optional("fileMode", self.file_mode);
        fields.optional("uid", self.uid);
        fields.optional("gid", self.gid);
    }
};

template <>
struct FieldsOf<NetDevice> {
    static constexpr const char* section = "config-linux.md \"Network Devices\"";
    static void list(auto& fields, auto& self) { fields.optional("name", self.name); }
};

template <>
struct FieldsOf<IntelRdt> {
    static constexpr const char* section = "config-linux.md \"IntelRdt\"";
    static void list(auto& fields, auto& self) {
        fields.optional("closID", self.clos_id);
        fields.optional("schemata", self.schemata);
        fields.optional("l3CacheSchema", self.l3_cache_schema);
        fields.optional("memBwSchema", self.mem_bw_schema);
        fields.optional("enableMonitoring", self.enable_monitoring);
    }
};

template <>
struct FieldsOf<MemoryPolicy> {
    static constexpr const char* section = "config-linux.md \"Memory policy\"";
    static void list(auto& fields, auto& self) {
        fields.required("mode", self.mode);
        fields.optional("nodes", self.nodes);
        fields.optional("flags", self.flags);
    }
};

template <>
struct FieldsOf<Personality> {
    static constexpr const char* section = "config-linux.md \"Personality\"";
    static void list(auto& fields, auto& self) {
        fields.required("domain", self.domain);
        fields.optional("flags", self.flags);
    }
};

template <>
struct FieldsOf<Linux> {
    static constexpr const char* section = "config-linux.md";
    static void list(auto& fields, auto& self) {
        fields.optional("uidMappings", self.uid_mappings);
        fields.optional("gidMappings", self.gid_mappings);
        fields.optional("timeOffsets", self.time_offsets);
        fields.optional("devices", self.devices);
        fields.optional("netDevices", self.net_devices);
        fields.optional("cgroupsPath", self.cgroups_path);
        fields.optional("resources", self.resources);
        fields.optional("namespaces", self.namespaces);
        fields.optional("intelRdt", self.intel_rdt);
        fields.optional("memoryPolicy", self.memory_policy);
        fields.optional("sysctl", self.sysctl);
        fields.optional("seccomp", self.seccomp);
        fields.optional("rootfsPropagation", self.rootfs_propagation);
        fields.optional("maskedPaths", self.masked_paths);
        fields.optional("readonlyPaths", self.readonly_paths);
        fields.optional("mountLabel", self.mount_label);
        fields.optional("personality", self.personality);
    }
};

}  // namespace oci::spec
