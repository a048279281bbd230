#include "runtime/plan/update_plan.hpp"

#include <algorithm>
#include <tuple>

#include "runtime/plan/device_filter.hpp"
#include "runtime/plan/scope_plan.hpp"

namespace ocirun {

using oci::Result;
using oci::spec::DeviceCgroup;
using oci::spec::Resources;

namespace {

template <class T>
void take(std::optional<T>& target, const std::optional<T>& change) {
    if (change && *change != T{}) target = change;
}

void take(std::optional<bool>& target, const std::optional<bool>& change) {
    if (change) target = change;
}

void take(std::string& target, const std::string& change) {
    if (!change.empty()) target = change;
}

void merge_memory(oci::spec::Memory& target, const oci::spec::Memory& change) {
    take(target.limit, change.limit);
    // No limit of memory makes one of memory and swap pointless: runc lifts both.
    if (change.limit.value_or(0) < 0) target.swap = -1;
    take(target.reservation, change.reservation);
    take(target.swap, change.swap);
    take(target.kernel, change.kernel);
    take(target.kernel_tcp, change.kernel_tcp);
    if (change.swappiness) target.swappiness = change.swappiness;
    take(target.disable_oom_killer, change.disable_oom_killer);
    take(target.use_hierarchy, change.use_hierarchy);
    take(target.check_before_update, change.check_before_update);
}

void merge_cpu(oci::spec::Cpu& target, const oci::spec::Cpu& change) {
    take(target.shares, change.shares);
    take(target.quota, change.quota);
    if (change.burst) target.burst = change.burst;
    take(target.period, change.period);
    take(target.realtime_runtime, change.realtime_runtime);
    take(target.realtime_period, change.realtime_period);
    take(target.cpus, change.cpus);
    take(target.mems, change.mems);
    if (change.idle) target.idle = change.idle;
}

/// Entries of the change replace those of the same key, the others stay.
template <class T, class Key>
void merge_list(std::vector<T>& target, const std::vector<T>& change, Key key) {
    for (const T& item : change) {
        const auto same = std::find_if(target.begin(), target.end(),
                                       [&](const T& other) { return key(other) == key(item); });
        if (same == target.end()) {
            target.push_back(item);
        } else {
            *same = item;
        }
    }
}

void merge_block_io(oci::spec::BlockIo& target, const oci::spec::BlockIo& change) {
    const auto number = [](const auto& device) { return std::make_pair(device.major, device.minor); };
    take(target.weight, change.weight);
    take(target.leaf_weight, change.leaf_weight);
    merge_list(target.weight_device, change.weight_device, number);
    merge_list(target.throttle_read_bps_device, change.throttle_read_bps_device, number);
    merge_list(target.throttle_write_bps_device, change.throttle_write_bps_device, number);
    merge_list(target.throttle_read_iops_device, change.throttle_read_iops_device, number);
    merge_list(target.throttle_write_iops_device, change.throttle_write_iops_device, number);
}

bool names_every_device(const DeviceCgroup& rule) {
    const bool every_access = rule.access.empty() || (rule.access.find('r') != std::string::npos &&
                                                      rule.access.find('w') != std::string::npos &&
                                                      rule.access.find('m') != std::string::npos);
    return (rule.type.empty() || rule.type == "a") && rule.major.value_or(-1) < 0 &&
           rule.minor.value_or(-1) < 0 && every_access;
}

bool same_rule(const DeviceCgroup& one, const DeviceCgroup& other) {
    return std::tie(one.allow, one.type, one.major, one.minor, one.access) ==
           std::tie(other.allow, other.type, other.major, other.minor, other.access);
}

void merge_devices(std::vector<DeviceCgroup>& target, const std::vector<DeviceCgroup>& change) {
    for (const DeviceCgroup& rule : change) {
        if (names_every_device(rule)) target.clear();
        // The last of equal rules decides; a list that is sent again and again must not grow.
        std::erase_if(target, [&](const DeviceCgroup& other) { return same_rule(other, rule); });
        target.push_back(rule);
    }
}

template <class T, class Merge>
void merge_section(std::optional<T>& target, const std::optional<T>& change, Merge merge) {
    if (!change) return;
    if (!target) target.emplace();
    merge(*target, *change);
}

bool is_set(const auto& value) {
    return value && *value != 0;
}

void complete_memory(Resources& change, const Resources& merged) {
    if (!change.memory || !merged.memory) return;
    change.memory->check_before_update = merged.memory->check_before_update;
    if (!is_set(change.memory->limit) && !is_set(change.memory->swap)) return;
    change.memory->limit = merged.memory->limit;
    change.memory->swap = merged.memory->swap;
}

void complete_cpu(Resources& change, const Resources& merged) {
    if (!change.cpu || !merged.cpu) return;
    oci::spec::Cpu& cpu = *change.cpu;
    if (is_set(cpu.quota) || is_set(cpu.period)) {
        cpu.quota = merged.cpu->quota;
        cpu.period = merged.cpu->period;
    }
    if (is_set(cpu.shares) && !cpu.idle && merged.cpu->idle.value_or(0) != 0) cpu.idle = merged.cpu->idle;
}

/// What v1 has to be told to get from one list of exceptions to another.
std::vector<CgroupWrite> difference(const std::vector<CgroupWrite>& before,
                                    const std::vector<CgroupWrite>& after) {
    const bool same_default = before.front().file == after.front().file;
    if (!same_default) return after;
    const auto contains = [](const std::vector<CgroupWrite>& list, const CgroupWrite& write) {
        return std::any_of(list.begin() + 1, list.end(),
                           [&](const CgroupWrite& other) { return other.value == write.value; });
    };
    const std::string& undo = before.front().file;  // the default is the opposite of the exceptions
    std::vector<CgroupWrite> writes;
    for (auto write = before.begin() + 1; write != before.end(); ++write) {
        if (contains(after, *write)) continue;
        writes.push_back(*write);
        writes.back().file = undo;
    }
    for (auto write = after.begin() + 1; write != after.end(); ++write) {
        if (!contains(before, *write)) writes.push_back(*write);
    }
    return writes;
}

}  // namespace

Resources merge_resources(const Resources& before, const Resources& change) {
    Resources merged = before;
    merge_devices(merged.devices, change.devices);
    merge_section(merged.memory, change.memory, merge_memory);
    merge_section(merged.cpu, change.cpu, merge_cpu);
    if (change.pids && change.pids->limit) merged.pids = change.pids;
    merge_section(merged.block_io, change.block_io, merge_block_io);
    merge_list(merged.hugepage_limits, change.hugepage_limits,
               [](const oci::spec::HugepageLimit& limit) { return limit.page_size; });
    if (change.network) merged.network = change.network;
    for (const auto& [device, limits] : change.rdma) merged.rdma[device] = limits;
    for (const auto& [file, value] : change.unified) merged.unified[file] = value;
    return merged;
}

Result<std::vector<CgroupWrite>> plan_change_writes(const Resources& change, const Resources& merged,
                                                    CgroupVersion version,
                                                    std::vector<std::string>& warnings) {
    Resources completed = change;
    complete_memory(completed, merged);
    complete_cpu(completed, merged);
    return plan_resource_writes(completed, version, "linux.resources", warnings);
}

Result<CgroupPlan> plan_device_change(const std::vector<DeviceCgroup>& before,
                                      const std::vector<DeviceCgroup>& after, CgroupVersion version) {
    const std::string origin = "linux.resources.devices";
    CgroupPlan plan;
    plan.version = version;
    const auto new_rules = TRY(plan_device_rules(after, origin));
    if (version == CgroupVersion::v2) {
        plan.device_filter = plan_device_program(new_rules);
    } else {
        const auto old_rules = TRY(plan_device_rules(before, origin));
        plan.writes =
            difference(TRY(plan_v1_device_writes(old_rules)), TRY(plan_v1_device_writes(new_rules)));
    }
    plan.scope.emplace().properties = to_device_change_properties(new_rules);
    return plan;
}

}  // namespace ocirun
