#pragma once
// What `features` reports about the runtime (runtime-spec features.md, features-linux.md).
// An absent optional means "unknown", which differs from false and from an empty list.

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace oci::spec {

struct CgroupFeatures {
    std::optional<bool> v1;
    std::optional<bool> v2;
    std::optional<bool> systemd;
    std::optional<bool> systemd_user;
    std::optional<bool> rdma;
};

struct SeccompFeatures {
    std::optional<bool> enabled;
    std::vector<std::string> actions;
    std::vector<std::string> operators;
    std::vector<std::string> archs;
    std::vector<std::string> known_flags;
    std::vector<std::string> supported_flags;
};

/// For the features that are either there or not: apparmor, selinux, netDevices, idmap.
struct EnabledFeature {
    std::optional<bool> enabled;
};

struct MemoryPolicyFeatures {
    std::vector<std::string> modes;
    std::vector<std::string> flags;
};

struct IntelRdtFeatures {
    std::optional<bool> enabled;
    std::optional<bool> schemata;
    std::optional<bool> monitoring;
};

struct MountExtensionFeatures {
    std::optional<EnabledFeature> idmap;
};

struct LinuxFeatures {
    std::vector<std::string> namespaces;
    std::vector<std::string> capabilities;
    std::optional<CgroupFeatures> cgroup;
    std::optional<SeccompFeatures> seccomp;
    std::optional<EnabledFeature> apparmor;
    std::optional<EnabledFeature> selinux;
    std::optional<MemoryPolicyFeatures> memory_policy;
    std::optional<IntelRdtFeatures> intel_rdt;
    std::optional<MountExtensionFeatures> mount_extensions;
    std::optional<EnabledFeature> net_devices;
};

struct Features {
    std::string oci_version_min;
    std::string oci_version_max;
    std::vector<std::string> hooks;
    std::vector<std::string> mount_options;
    std::optional<LinuxFeatures> linux_section;
    std::map<std::string, std::string> annotations;
    std::vector<std::string> potentially_unsafe_config_annotations;
};

}  // namespace oci::spec
