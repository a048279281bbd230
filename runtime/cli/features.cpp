#include "runtime/cli/features.hpp"

#include <span>
#include <string_view>
#include <vector>

#include "runtime/cli/program.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/plan/annotations.hpp"
#include "runtime/plan/rootfs_plan.hpp"
#include "runtime/plan/scope_plan.hpp"
#include "runtime/plan/seccomp_rules.hpp"
#include "spec/runtime/config_json.hpp"
#include "spec/runtime/names.hpp"

namespace ocirun {
namespace {

namespace spec = oci::spec;

std::vector<std::string> list_of(std::span<const std::string_view> names) {
    return {names.begin(), names.end()};
}

spec::SeccompFeatures seccomp_features() {
    spec::SeccompFeatures seccomp;
    seccomp.enabled = true;
    seccomp.actions = known_seccomp_actions();
    seccomp.operators = known_seccomp_operators();
    seccomp.archs = known_seccomp_architectures();
    seccomp.known_flags = known_seccomp_flags();
    seccomp.supported_flags = known_seccomp_flags();
    return seccomp;
}

spec::LinuxFeatures linux_features() {
    spec::LinuxFeatures features;
    features.namespaces = list_of(spec::namespace_types());
    features.capabilities = list_of(spec::capability_names());
    features.cgroup =
        spec::CgroupFeatures{.v1 = true, .v2 = true, .systemd = true, .systemd_user = true, .rdma = true};
    features.seccomp = seccomp_features();
    features.apparmor = spec::EnabledFeature{.enabled = true};
    features.selinux = spec::EnabledFeature{.enabled = true};
    features.memory_policy = spec::MemoryPolicyFeatures{.modes = list_of(spec::memory_policy_modes()),
                                                        .flags = list_of(spec::memory_policy_flags())};
    features.intel_rdt = spec::IntelRdtFeatures{.enabled = false, .schemata = false, .monitoring = false};
    features.mount_extensions = spec::MountExtensionFeatures{.idmap = spec::EnabledFeature{.enabled = true}};
    features.net_devices = spec::EnabledFeature{.enabled = false};
    return features;
}

}  // namespace

spec::Features describe_features() {
    spec::Features features;
    features.oci_version_min = "1.0.0";
    features.oci_version_max = spec_version;
    features.hooks = list_of(spec::hook_names());
    features.mount_options = known_mount_options();
    features.linux_section = linux_features();
    features.annotations = {{"io.github.seccomp.libseccomp.version", libseccomp_version()},
                            {"ocirun.version", version()}};
    // Without --unsafe-annotations only those count that concern the container itself.
    features.potentially_unsafe_config_annotations = known_annotations();
    features.potentially_unsafe_config_annotations.emplace_back(unit_property_prefix);
    return features;
}

std::string features_json() {
    return spec::to_json(describe_features(), "    ");
}

}  // namespace ocirun
