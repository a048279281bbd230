#include <string>

#include "base/text.hpp"
#include "runtime/plan/resource_writes.hpp"

namespace ocirun {
namespace {

using oci::Result;

Result<void> plan_memory(ResourceWriter& writer) {
    if (!writer.resources.memory) return {};
    const auto& memory = *writer.resources.memory;
    const std::int64_t limit = set_or_zero(memory.limit);
    const std::int64_t swap = set_or_zero(memory.swap);
    if (limit > 0 && swap > 0) {
        const auto difference = to_swap_limit(limit, swap);
        if (!difference) return writer.invalid("memory.swap", difference.error().text);
    }
    if (memory.use_hierarchy)
        writer.add_optional("memory.use_hierarchy", *memory.use_hierarchy ? "1" : "0", "memory.useHierarchy");
    if (limit != 0) writer.add("memory.limit_in_bytes", std::to_string(limit), "memory.limit");
    // The kernel may be without swap accounting; then "no limit" is what it does anyway.
    if (swap > 0)
        writer.add("memory.memsw.limit_in_bytes", std::to_string(swap), "memory.swap");
    else if (swap < 0 || limit < 0)
        writer.add_optional("memory.memsw.limit_in_bytes", "-1", "memory.swap");
    const std::int64_t reservation = set_or_zero(memory.reservation);
    if (reservation != 0)
        writer.add("memory.soft_limit_in_bytes", std::to_string(reservation), "memory.reservation");
    // Gone from newer kernels, which count kernel memory as memory.
    if (const std::int64_t kernel = set_or_zero(memory.kernel); kernel != 0)
        writer.add_optional("memory.kmem.limit_in_bytes", std::to_string(kernel), "memory.kernel");
    if (const std::int64_t tcp = set_or_zero(memory.kernel_tcp); tcp != 0)
        writer.add_optional("memory.kmem.tcp.limit_in_bytes", std::to_string(tcp), "memory.kernelTCP");
    if (memory.swappiness && *memory.swappiness <= 100)
        writer.add("memory.swappiness", std::to_string(*memory.swappiness), "memory.swappiness");
    if (memory.disable_oom_killer.value_or(false))
        writer.add("memory.oom_control", "1", "memory.disableOOMKiller");
    return {};
}

void plan_cpu(ResourceWriter& writer) {
    if (!writer.resources.cpu) return;
    const auto& cpu = *writer.resources.cpu;
    const bool idle = cpu.idle.value_or(0) == 1;
    if (cpu.idle) {
        // Older kernels lack cpu.idle; they do what 0 asks for.
        writer.add("cpu.idle", std::to_string(*cpu.idle), "cpu.idle");
        writer.writes.back().may_be_missing = !idle;
    }
    if (const std::uint64_t shares = set_or_zero(cpu.shares); shares != 0) {
        // The kernel refuses a weight for an idle group.
        if (idle)
            writer.ignore("cpu.shares", "cpu.idle is 1");
        else
            writer.add("cpu.shares", std::to_string(shares), "cpu.shares");
    }
    if (const std::uint64_t period = set_or_zero(cpu.period); period != 0)
        writer.add("cpu.cfs_period_us", std::to_string(period), "cpu.period");
    if (const std::int64_t quota = set_or_zero(cpu.quota); quota != 0)
        writer.add("cpu.cfs_quota_us", std::to_string(quota), "cpu.quota");
    if (cpu.burst) writer.add("cpu.cfs_burst_us", std::to_string(*cpu.burst), "cpu.burst");
    if (const std::uint64_t period = set_or_zero(cpu.realtime_period); period != 0)
        writer.add("cpu.rt_period_us", std::to_string(period), "cpu.realtimePeriod");
    if (const std::int64_t runtime = set_or_zero(cpu.realtime_runtime); runtime != 0)
        writer.add("cpu.rt_runtime_us", std::to_string(runtime), "cpu.realtimeRuntime");
    if (!cpu.cpus.empty()) writer.add("cpuset.cpus", cpu.cpus, "cpu.cpus");
    if (!cpu.mems.empty()) writer.add("cpuset.mems", cpu.mems, "cpu.mems");
}

/// The file of the BFQ scheduler, or the one CFQ had.
void add_weight(ResourceWriter& writer, const std::string& kind, const std::string& value,
                const std::string& property) {
    writer.add("blkio.bfq." + kind, value, property);
    writer.writes.back().fallback_file = "blkio." + kind;
    writer.writes.back().fallback_value = value;
}

void plan_throttles(ResourceWriter& writer, const std::vector<oci::spec::ThrottleDevice>& devices,
                    const std::string& file, const std::string& property) {
    std::size_t index = 0;
    for (const auto& device : devices)
        writer.add(file,
                   std::to_string(device.major) + ":" + std::to_string(device.minor) + " " +
                       std::to_string(device.rate),
                   "blockIO." + property + "[" + std::to_string(index++) + "]");
}

void plan_block_io(ResourceWriter& writer) {
    if (!writer.resources.block_io) return;
    const auto& block = *writer.resources.block_io;
    if (block.weight.value_or(0) != 0)
        add_weight(writer, "weight", std::to_string(*block.weight), "blockIO.weight");
    if (block.leaf_weight.value_or(0) != 0)
        writer.add("blkio.leaf_weight", std::to_string(*block.leaf_weight), "blockIO.leafWeight");
    std::size_t index = 0;
    for (const auto& device : block.weight_device) {
        const std::string number = std::to_string(device.major) + ":" + std::to_string(device.minor) + " ";
        const std::string property = "blockIO.weightDevice[" + std::to_string(index++) + "]";
        if (device.weight.value_or(0) != 0)
            add_weight(writer, "weight_device", number + std::to_string(*device.weight),
                       property + ".weight");
        if (device.leaf_weight.value_or(0) != 0)
            writer.add("blkio.leaf_weight_device", number + std::to_string(*device.leaf_weight),
                       property + ".leafWeight");
    }
    plan_throttles(writer, block.throttle_read_bps_device, "blkio.throttle.read_bps_device",
                   "throttleReadBpsDevice");
    plan_throttles(writer, block.throttle_write_bps_device, "blkio.throttle.write_bps_device",
                   "throttleWriteBpsDevice");
    plan_throttles(writer, block.throttle_read_iops_device, "blkio.throttle.read_iops_device",
                   "throttleReadIOPSDevice");
    plan_throttles(writer, block.throttle_write_iops_device, "blkio.throttle.write_iops_device",
                   "throttleWriteIOPSDevice");
}

void plan_hugepages(ResourceWriter& writer) {
    std::size_t index = 0;
    for (const auto& limit : writer.resources.hugepage_limits) {
        const std::string property = "hugepageLimits[" + std::to_string(index++) + "]";
        const std::string value = std::to_string(limit.limit);
        writer.add("hugetlb." + limit.page_size + ".limit_in_bytes", value, property);
        writer.add_optional("hugetlb." + limit.page_size + ".rsvd.limit_in_bytes", value, property);
    }
}

void plan_network(ResourceWriter& writer) {
    if (!writer.resources.network) return;
    const auto& network = *writer.resources.network;
    if (network.class_id) writer.add("net_cls.classid", std::to_string(*network.class_id), "network.classID");
    std::size_t index = 0;
    for (const auto& interface : network.priorities)
        writer.add("net_prio.ifpriomap", interface.name + " " + std::to_string(interface.priority),
                   "network.priorities[" + std::to_string(index++) + "]");
}

}  // namespace

Result<void> plan_v1_writes(ResourceWriter& writer) {
    if (!writer.resources.unified.empty())
        return writer.unsupported(
            "unified", "invalid configuration: it names files of cgroup v2, but this host uses cgroup v1");
    TRY(plan_memory(writer));
    plan_cpu(writer);
    if (writer.resources.pids && writer.resources.pids->limit) {
        const std::int64_t limit = *writer.resources.pids->limit;
        writer.add("pids.max", limit < 0 ? "max" : std::to_string(limit), "pids.limit");
    }
    plan_block_io(writer);
    plan_hugepages(writer);
    plan_network(writer);
    plan_rdma_writes(writer);
    return {};
}

}  // namespace ocirun
