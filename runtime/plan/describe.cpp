#include <cstdint>
#include <string_view>

#include "base/text.hpp"
#include "runtime/plan/container_plan.hpp"
#include "runtime/plan/describe_process.hpp"
#include "runtime/plan/describe_rootfs.hpp"
#include "spec/json/finding.hpp"
#include "spec/json/writer.hpp"

namespace ocirun {
namespace {

void describe_namespaces(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    const NamespacePlan& namespaces = plan.namespaces;
    for (const JoinedNamespace& joined : namespaces.joined) {
        steps.push_back(
            {"namespaces", "join " + std::string(spec_name(joined.kind)) + " " + joined.path, joined.origin});
    }
    for (std::size_t i = 0; i < namespaces.created.size(); ++i) {
        const NamespaceKind kind = namespaces.created[i];
        const char* late = kind == NamespaceKind::cgroup ? " (once inside the cgroup)" : "";
        const bool known = i < namespaces.created_origins.size();
        steps.push_back({"namespaces", "create " + std::string(spec_name(kind)) + late,
                         known ? namespaces.created_origins[i] : "linux.namespaces"});
    }
    for (const TimeOffset& offset : namespaces.time_offsets) {
        steps.push_back({"namespaces",
                         "set the offset of clock " + offset.clock + " to " + std::to_string(offset.seconds) +
                             " s " + std::to_string(offset.nanoseconds) + " ns",
                         oci::spec::property_path("linux.timeOffsets", offset.clock)});
    }
    if (!namespaces.creates(NamespaceKind::user)) return;
    const auto maps = [&](const std::vector<IdRange>& ranges, const char* what, const char* origin) {
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            steps.push_back({"namespaces",
                             "map " + std::to_string(ranges[i].size) + " " + what + " from " +
                                 std::to_string(ranges[i].container_id) + " to the host's from " +
                                 std::to_string(ranges[i].host_id),
                             oci::spec::item_path(origin, i)});
        }
    };
    maps(plan.id_maps.uids, "user ids", "linux.uidMappings");
    maps(plan.id_maps.gids, "group ids", "linux.gidMappings");
}

void describe_cgroup(const CgroupPlan& cgroup, std::vector<PlanStep>& steps) {
    if (cgroup.version == CgroupVersion::none) {
        const bool disabled = cgroup.driver == CgroupDriver::disabled;
        steps.push_back({"cgroup", disabled ? "no cgroup: disabled by the caller" : "no cgroup on this host",
                         "linux.cgroupsPath"});
        return;
    }
    const char* version = cgroup.version == CgroupVersion::v2 ? "v2" : "v1";
    const char* driver = cgroup.driver == CgroupDriver::systemd ? "systemd" : "cgroupfs";
    steps.push_back({"cgroup", std::string("create ") + cgroup.path + " (" + version + ", " + driver + ")",
                     "linux.cgroupsPath"});
    if (cgroup.scope) {
        const std::string manager = cgroup.scope->user_manager ? "the user's systemd" : "systemd";
        for (const UnitProperty& property : cgroup.scope->properties)
            steps.push_back({"cgroup",
                             "tell " + manager + ": " + property.name + "=" + to_text(property.value),
                             cgroup.scope->unit});
    }
    for (const CgroupWrite& write : cgroup.writes) {
        steps.push_back({"cgroup",
                         "write " + oci::quote(write.value) + " to " + write.file +
                             (write.may_be_missing ? " if there" : ""),
                         write.origin});
    }
    if (!cgroup.device_filter.empty()) {
        steps.push_back(
            {"cgroup",
             "attach a device filter of " + oci::count_of(cgroup.device_filter.size(), "instruction"),
             "linux.resources.devices"});
    }
    if (!cgroup.sub_group.empty())
        steps.push_back({"cgroup", "put the processes into " + oci::quote(cgroup.sub_group) + " below it",
                         "annotations"});
    if (cgroup.delegate_to) {
        steps.push_back({"cgroup",
                         "hand the cgroup over to host user " + std::to_string(cgroup.delegate_to->first) +
                             ", group " + std::to_string(cgroup.delegate_to->second),
                         "process.user"});
    }
}

void describe_rdt(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    if (!plan.rdt) return;
    const RdtPlan& rdt = *plan.rdt;
    const std::string group = rdt.group.empty() ? "the default group" : "group " + oci::quote(rdt.group);
    steps.push_back({"resctrl", "use " + group, rdt.named ? "linux.intelRdt.closID" : "linux.intelRdt"});
    for (const std::string& line : rdt.lines)
        steps.push_back({"resctrl", "write " + oci::quote(line) + " to schemata", "linux.intelRdt"});
    if (rdt.monitoring)
        steps.push_back({"resctrl", "make a monitoring group", "linux.intelRdt.enableMonitoring"});
}

void describe_net_devices(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    for (const PlannedNetDevice& device : plan.net_devices) {
        const std::string renamed = device.name == device.host_name ? "" : " as " + oci::quote(device.name);
        steps.push_back({"network",
                         "move device " + oci::quote(device.host_name) + " into the container" + renamed,
                         device.origin});
    }
}

void describe_hooks(const std::vector<PlannedHook>& hooks, const char* when, std::vector<PlanStep>& steps) {
    for (const PlannedHook& hook : hooks) {
        const std::string timeout =
            hook.timeout ? ", at most " + std::to_string(hook.timeout->count()) + " s" : "";
        steps.push_back({"hooks", "run " + hook.path + " " + when + timeout, hook.origin});
    }
}

void describe_kernel_settings(const ContainerPlan& plan, std::vector<PlanStep>& steps) {
    if (!plan.hostname.empty())
        steps.push_back({"kernel", "set the host name to " + oci::quote(plan.hostname), "hostname"});
    if (!plan.domainname.empty())
        steps.push_back({"kernel", "set the domain name to " + oci::quote(plan.domainname), "domainname"});
    for (const Sysctl& sysctl : plan.sysctls) {
        steps.push_back(
            {"kernel", "write " + oci::quote(sysctl.value) + " to /proc/sys/" + sysctl.file, sysctl.origin});
    }
    if (plan.personality) {
        steps.push_back({"kernel", *plan.personality == 0 ? "personality LINUX" : "personality LINUX32",
                         "linux.personality.domain"});
    }
    if (!plan.memory_policy) return;
    std::vector<std::string> nodes;
    for (const unsigned node : plan.memory_policy->second) nodes.push_back(std::to_string(node));
    steps.push_back({"kernel",
                     "memory policy " + std::to_string(plan.memory_policy->first) +
                         (nodes.empty() ? "" : " on nodes " + oci::join(nodes, ",")),
                     "linux.memoryPolicy"});
}

/// Paths of a configuration may hold anything; a terminal gets only what can be seen.
std::string printable(const std::string& text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            result += c;
        } else {
            result += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return result;
}

}  // namespace

std::vector<PlanStep> describe_steps(const ContainerPlan& plan) {
    std::vector<PlanStep> steps;
    describe_cgroup(plan.cgroup, steps);
    describe_rdt(plan, steps);
    describe_namespaces(plan, steps);
    describe_rootfs(plan, steps);
    describe_net_devices(plan, steps);
    describe_hooks(plan.hooks.prestart, "on the host, before the pivot", steps);
    describe_hooks(plan.hooks.create_runtime, "on the host, before the pivot", steps);
    describe_hooks(plan.hooks.create_container, "in the container's namespaces, before the pivot", steps);
    describe_kernel_settings(plan, steps);
    describe_protection(plan, steps);
    describe_process_setup(plan, steps);
    describe_hooks(plan.hooks.start_container, "in the container, on start", steps);
    describe_execution(plan, steps);
    describe_hooks(plan.hooks.poststart, "on the host, after start", steps);
    describe_hooks(plan.hooks.poststop, "on the host, after delete", steps);
    return steps;
}

std::string describe(const ContainerPlan& plan) {
    const std::vector<PlanStep> steps = describe_steps(plan);
    std::string text = "Container " + oci::quote(plan.id) + ", bundle " + printable(plan.bundle) + "\n";
    constexpr std::size_t phase_width = 12;
    const std::size_t number_width = std::to_string(steps.size()).size();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const PlanStep& step = steps[i];
        const std::string number = std::to_string(i + 1);
        text += std::string(number_width - number.size(), ' ') + number + "  " + step.phase;
        text.append(step.phase.size() < phase_width ? phase_width - step.phase.size() : 1, ' ');
        text += printable(step.action + "  <- " + step.origin) + "\n";
    }
    for (const std::string& warning : plan.warnings) text += "warning: " + printable(warning) + "\n";
    return text;
}

std::string describe_json(const ContainerPlan& plan) {
    oci::spec::JsonWriter json("  ");
    json.begin_object();
    json.key("id");
    json.string(plan.id);
    json.key("bundle");
    json.string(plan.bundle);
    json.key("steps");
    json.begin_array();
    std::uint64_t number = 0;
    for (const PlanStep& step : describe_steps(plan)) {
        json.begin_object();
        json.key("step");
        json.number(++number);
        json.key("phase");
        json.string(step.phase);
        json.key("action");
        json.string(step.action);
        json.key("origin");
        json.string(step.origin);
        json.end_object();
    }
    json.end_array();
    json.key("warnings");
    json.begin_array();
    for (const std::string& warning : plan.warnings) json.string(warning);
    json.end_array();
    json.end_object();
    return json.take() + "\n";
}

}  // namespace ocirun
