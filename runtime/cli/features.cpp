#include "runtime/cli/features.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/cli/program.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "runtime/plan/annotations.hpp"
#include "runtime/plan/rootfs_plan.hpp"
#include "runtime/plan/scope_plan.hpp"
#include "runtime/plan/seccomp_rules.hpp"
#include "spec/runtime/config_fields.hpp"
#include "spec/runtime/config_json.hpp"
#include "spec/runtime/names.hpp"

namespace ocirun {
namespace {

namespace spec = oci::spec;

std::vector<std::string> list_of(std::span<const std::string_view> names) {
    return {names.begin(), names.end()};
}

/// The properties that the parser reads into a struct, from the list that it reads by.
class PropertyNames {
public:
    template <class Struct>
    static PropertyNames of() {
        PropertyNames names;
        Struct value;
        spec::FieldsOf<Struct>::list(names, value);
        return names;
    }
    void required(std::string_view name, const auto& /*member*/) { names_.push_back(name); }
    void optional(std::string_view name, const auto& /*member*/) { names_.push_back(name); }
    void always(std::string_view name, const auto& /*member*/) { names_.push_back(name); }
    [[nodiscard]] bool have(std::string_view name) const {
        return std::find(names_.begin(), names_.end(), name) != names_.end();
    }

private:
    std::vector<std::string_view> names_;
};

template <class Struct>
bool reads(std::string_view property) {
    return PropertyNames::of<Struct>().have(property);
}

/// Whether a word is allowed for an option of the command line.
bool takes_word(std::string_view option, std::string_view word) {
    for (const oci::cli::Option& known : program_table().options) {
        if (known.name == option)
            return std::find(known.words.begin(), known.words.end(), word) != known.words.end();
    }
    return false;
}

bool is_mount_option(const std::string& word) {
    const std::vector<std::string> known = known_mount_options();
    return std::find(known.begin(), known.end(), word) != known.end();
}

spec::CgroupFeatures cgroup_features() {
    const bool systemd = takes_word("cgroup-manager", "systemd");
    const bool cgroupfs = takes_word("cgroup-manager", "cgroupfs");
    return {.v1 = cgroupfs,
            .v2 = cgroupfs && reads<spec::Resources>("unified"),
            .systemd = systemd,
            .systemd_user = systemd,
            .rdma = reads<spec::Resources>("rdma")};
}

spec::SeccompFeatures seccomp_features() {
    spec::SeccompFeatures seccomp;
    seccomp.enabled = reads<spec::Linux>("seccomp");
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
    features.cgroup = cgroup_features();
    features.seccomp = seccomp_features();
    features.apparmor = spec::EnabledFeature{.enabled = reads<spec::Process>("apparmorProfile")};
    features.selinux = spec::EnabledFeature{.enabled = reads<spec::Process>("selinuxLabel") &&
                                                       reads<spec::Linux>("mountLabel")};
    features.memory_policy = spec::MemoryPolicyFeatures{.modes = list_of(spec::memory_policy_modes()),
                                                        .flags = list_of(spec::memory_policy_flags())};
    features.intel_rdt = spec::IntelRdtFeatures{.enabled = reads<spec::Linux>("intelRdt"),
                                                .schemata = reads<spec::IntelRdt>("schemata"),
                                                .monitoring = reads<spec::IntelRdt>("enableMonitoring")};
    features.mount_extensions =
        spec::MountExtensionFeatures{.idmap = spec::EnabledFeature{.enabled = is_mount_option("idmap")}};
    features.net_devices = spec::EnabledFeature{.enabled = reads<spec::Linux>("netDevices")};
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
