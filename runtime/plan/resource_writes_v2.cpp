#include <string>

#include "base/text.hpp"
#include "runtime/plan/resource_writes.hpp"

namespace ocirun {
namespace {

using oci::Result;

std::string number_or_max(std::int64_t value) {
    return value < 0 ? "max" : std::to_string(value);
}

void warn_about_v1_memory(ResourceWriter& writer) {
    const auto& memory = *writer.resources.memory;
    const std::string no_control = "cgroup v2 has no such control";
    if (set_or_zero(memory.kernel) != 0)
        writer.ignore("memory.kernel", "cgroup v2 counts kernel memory as memory");
    if (set_or_zero(memory.kernel_tcp) != 0)
        writer.ignore("memory.kernelTCP", "cgroup v2 counts kernel memory as memory");
    if (memory.swappiness && *memory.swappiness <= 100) writer.ignore("memory.swappiness", no_control);
    if (memory.disable_oom_killer.value_or(false)) writer.ignore("memory.disableOOMKiller", no_control);
    if (memory.use_hierarchy && !*memory.use_hierarchy)
        writer.ignore("memory.useHierarchy", "cgroup v2 is always hierarchical");
}

Result<void> plan_memory(ResourceWriter& writer) {
    if (!writer.resources.memory) return {};
    const auto& memory = *writer.resources.memory;
    const std::int64_t limit = set_or_zero(memory.limit);
    const auto swap = to_swap_limit(limit, set_or_zero(memory.swap));
    if (!swap) return writer.invalid("memory.swap", swap.error().text);
    if (swap->has_value()) {
        writer.add("memory.swap.max", number_or_max(**swap), "memory.swap");
        // Without swap accounting neither "no limit" nor "no swap" needs a write.
        writer.writes.back().may_be_missing = **swap <= 0;
    }
    if (limit != 0) {
        writer.add("memory.max", number_or_max(limit), "memory.limit");
        if (memory.check_before_update.value_or(false) && limit > 0)
            writer.writes.back().usage_file = "memory.current";
    }
    if (const std::int64_t reservation = set_or_zero(memory.reservation); reservation != 0)
        writer.add("memory.low", number_or_max(reservation), "memory.reservation");
    warn_about_v1_memory(writer);
    return {};
}

Result<void> plan_cpu(ResourceWriter& writer) {
    if (!writer.resources.cpu) return {};
    const auto& cpu = *writer.resources.cpu;
    if (set_or_zero(cpu.realtime_runtime) != 0)
        return writer.unsupported("cpu.realtimeRuntime", "cgroup v2 has no realtime control");
    if (set_or_zero(cpu.realtime_period) != 0)
        return writer.unsupported("cpu.realtimePeriod", "cgroup v2 has no realtime control");
    const bool idle = cpu.idle.value_or(0) == 1;
    if (cpu.idle) {
        writer.add("cpu.idle", std::to_string(*cpu.idle), "cpu.idle");
        writer.writes.back().may_be_missing = !idle;
    }
    if (const std::uint64_t weight = to_cpu_weight(set_or_zero(cpu.shares)); weight != 0) {
        // The kernel refuses a weight for an idle group.
        if (idle)
            writer.ignore("cpu.shares", "cpu.idle is 1");
        else
            writer.add("cpu.weight", std::to_string(weight), "cpu.shares");
    }
    const std::int64_t quota = set_or_zero(cpu.quota);
    const std::uint64_t period = set_or_zero(cpu.period);
    if (quota != 0 || period != 0) {
        std::string value = quota > 0 ? std::to_string(quota) : "max";
        if (period != 0) value += " " + std::to_string(period);
        writer.add("cpu.max", std::move(value), quota != 0 ? "cpu.quota" : "cpu.period");
    }
    if (cpu.burst) writer.add("cpu.max.burst", std::to_string(*cpu.burst), "cpu.burst");
    if (!cpu.cpus.empty()) writer.add("cpuset.cpus", cpu.cpus, "cpu.cpus");
    if (!cpu.mems.empty()) writer.add("cpuset.mems", cpu.mems, "cpu.mems");
    return {};
}

/// The weight of the BFQ scheduler where it is in use, else that of the io.cost controller.
void add_weight(ResourceWriter& writer, const std::string& target, std::uint64_t weight,
                const std::string& property) {
    writer.add("io.bfq.weight", target + std::to_string(weight), property);
    writer.writes.back().fallback_file = "io.weight";
    writer.writes.back().fallback_value = target + std::to_string(to_io_weight(weight));
}

void plan_throttles(ResourceWriter& writer, const std::vector<oci::spec::ThrottleDevice>& devices,
                    const std::string& key, const std::string& property) {
    std::size_t index = 0;
    for (const auto& device : devices) {
        const std::string rate = device.rate == 0 ? "max" : std::to_string(device.rate);  // 0: unlimited
        writer.add("io.max",
                   std::to_string(device.major) + ":" + std::to_string(device.minor) + " " + key + "=" + rate,
                   "blockIO." + property + "[" + std::to_string(index++) + "]");
    }
}

Result<void> plan_block_io(ResourceWriter& writer) {
    if (!writer.resources.block_io) return {};
    const auto& block = *writer.resources.block_io;
    const std::string no_leaf = "cgroup v2 has no leaf weights; use weight";
    if (block.leaf_weight.value_or(0) != 0) return writer.unsupported("blockIO.leafWeight", no_leaf);
    if (block.weight.value_or(0) != 0) add_weight(writer, "default ", *block.weight, "blockIO.weight");
    std::size_t index = 0;
    for (const auto& device : block.weight_device) {
        const std::string property = "blockIO.weightDevice[" + std::to_string(index++) + "]";
        if (device.leaf_weight.value_or(0) != 0) return writer.unsupported(property + ".leafWeight", no_leaf);
        if (device.weight.value_or(0) != 0)
            add_weight(writer, std::to_string(device.major) + ":" + std::to_string(device.minor) + " ",
                       *device.weight, property + ".weight");
    }
    plan_throttles(writer, block.throttle_read_bps_device, "rbps", "throttleReadBpsDevice");
    plan_throttles(writer, block.throttle_write_bps_device, "wbps", "throttleWriteBpsDevice");
    plan_throttles(writer, block.throttle_read_iops_device, "riops", "throttleReadIOPSDevice");
    plan_throttles(writer, block.throttle_write_iops_device, "wiops", "throttleWriteIOPSDevice");
    return {};
}

void plan_hugepages(ResourceWriter& writer) {
    std::size_t index = 0;
    for (const auto& limit : writer.resources.hugepage_limits) {
        const std::string property = "hugepageLimits[" + std::to_string(index++) + "]";
        const std::string value = std::to_string(limit.limit);
        writer.add("hugetlb." + limit.page_size + ".max", value, property);
        writer.add_optional("hugetlb." + limit.page_size + ".rsvd.max", value, property);
    }
}

void warn_about_network(ResourceWriter& writer) {
    if (!writer.resources.network) return;
    if (writer.resources.network->class_id)
        writer.ignore("network.classID", "cgroup v2 has no net_cls controller");
    if (!writer.resources.network->priorities.empty())
        writer.ignore("network.priorities", "cgroup v2 has no net_prio controller");
}

Result<void> plan_unified(ResourceWriter& writer) {
    for (const auto& [file, value] : writer.resources.unified) {
        const std::string property = "unified[" + file + "]";
        const std::size_t dot = file.find('.');
        if (file.find('/') != std::string::npos || file.find('\0') != std::string::npos || dot == 0 ||
            dot == std::string::npos)
            return writer.invalid(property, oci::quote(file) +
                                                " is not the name of a cgroup file; expected one such as "
                                                "\"memory.high\"");
        // Files with several lines (io.max) take one line a write.
        for (const std::string& line : oci::split(oci::trim(value), '\n')) writer.add(file, line, property);
    }
    return {};
}

}  // namespace

Result<void> plan_v2_writes(ResourceWriter& writer) {
    TRY(plan_memory(writer));
    TRY(plan_cpu(writer));
    if (writer.resources.pids && writer.resources.pids->limit)
        writer.add("pids.max", number_or_max(*writer.resources.pids->limit), "pids.limit");
    TRY(plan_block_io(writer));
    plan_hugepages(writer);
    warn_about_network(writer);
    plan_rdma_writes(writer);
    TRY(plan_unified(writer));
    return {};
}

}  // namespace ocirun
