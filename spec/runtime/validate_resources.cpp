// The rules of the resources section, of Intel RDT and of the memory policy.

#include <array>
#include <cstdint>
#include <set>

#include "base/text.hpp"
#include "spec/runtime/checks.hpp"
#include "spec/runtime/names.hpp"

namespace oci::spec {

namespace {

const std::string resources_path = "linux.resources";

void check_device_list(const std::vector<DeviceCgroup>& devices, Findings& findings) {
    constexpr auto types = std::to_array<std::string_view>({"a", "b", "c"});
    findings.section("config-linux.md \"Allowed Device list\"");
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const DeviceCgroup& device = devices[i];
        const std::string path = item_path(resources_path + ".devices", i);
        if (!device.type.empty()) findings.expect_one_of(path + ".type", device.type, types);
        if (device.access.find_first_not_of("rwm") != std::string::npos) {
            findings.add(path + ".access", is_text(device.access), "made of the letters r, w and m");
        }
        // -1 is what engines write for "all".
        const auto check_number = [&](const char* name, const std::optional<std::int64_t>& number) {
            if (!number || (*number >= -1 && *number <= 0xffffffffLL)) return;
            findings.add(path + name, is_number(*number), "a device number, or -1 for all");
        };
        check_number(".major", device.major);
        check_number(".minor", device.minor);
    }
}

void check_memory(const Memory& memory, Findings& findings) {
    findings.section("config-linux.md \"Memory\"");
    const std::string path = resources_path + ".memory";
    const auto check_amount = [&](const char* name, const std::optional<std::int64_t>& bytes) {
        if (bytes && *bytes < -1) {
            findings.add(path + name, is_number(*bytes), "a number of bytes, or -1 for no limit");
        }
    };
    check_amount(".limit", memory.limit);
    check_amount(".reservation", memory.reservation);
    check_amount(".swap", memory.swap);
    check_amount(".kernel", memory.kernel);
    check_amount(".kernelTCP", memory.kernel_tcp);
    if (memory.swappiness && *memory.swappiness > 100) {
        findings.add(path + ".swappiness", is_number(*memory.swappiness), "an integer from 0 to 100");
    }
    const std::int64_t limit = memory.limit.value_or(0);
    const std::int64_t swap = memory.swap.value_or(0);
    if (limit > 0 && swap > 0 && swap < limit) {
        findings.add(
            path + ".swap", is_number(swap),
            "at least memory.limit, " + std::to_string(limit) + ": it limits memory and swap together");
    }
}

void check_cpu(const Cpu& cpu, Findings& findings) {
    constexpr std::int64_t least_microseconds = 1'000;  // what the kernel accepts
    constexpr std::uint64_t most_period = 1'000'000;
    findings.section("config-linux.md \"CPU\"");
    const std::string path = resources_path + ".cpu";
    const std::uint64_t period = cpu.period.value_or(0);  // zero: engines mean "not set"
    if (period != 0 && (period < least_microseconds || period > most_period)) {
        findings.add(path + ".period", is_number(period), "an integer from 1000 to 1000000 (microseconds)");
    }
    const std::int64_t quota = cpu.quota.value_or(0);
    if (quota > 0 && quota < least_microseconds) {
        findings.add(path + ".quota", is_number(quota), "at least 1000 (microseconds), or -1 for no limit");
    }
    if (quota > 0 && cpu.burst.value_or(0) > static_cast<std::uint64_t>(quota)) {
        findings.add(path + ".burst", is_number(*cpu.burst), "at most cpu.quota, " + std::to_string(quota));
    }
    if (cpu.idle && *cpu.idle != 0 && *cpu.idle != 1) {
        findings.add(path + ".idle", is_number(*cpu.idle), "0 or 1");
    }
    findings.expect_number_list(path + ".cpus", cpu.cpus);
    findings.expect_number_list(path + ".mems", cpu.mems);
}

void check_pages(const std::vector<HugepageLimit>& limits, Findings& findings) {
    findings.section("config-linux.md \"Huge page limits\"");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < limits.size(); ++i) {
        const std::string& size = limits[i].page_size;
        const std::string path = item_path(resources_path + ".hugepageLimits", i) + ".pageSize";
        const std::size_t unit = size.find_first_not_of("0123456789");
        const bool valid =
            unit != std::string::npos && unit > 0 && size[0] != '0' && unit + 2 == size.size() &&
            std::string_view("KMG").find(size[unit]) != std::string_view::npos && size.back() == 'B';
        if (!valid)
            findings.add(path, is_text(size), "a size with a unit, as in \"64KB\", \"2MB\" or \"1GB\"");
        if (!seen.insert(size).second)
            findings.add(path, "is listed twice (" + quote(size) + ")", "listed once");
    }
}

void check_small_controllers(const Resources& resources, Findings& findings) {
    if (resources.pids && resources.pids->limit.value_or(0) < -1) {
        findings.section("config-linux.md \"PIDs\"");
        findings.add(resources_path + ".pids.limit", is_number(*resources.pids->limit),
                     "a number of tasks, or -1 for no limit");
    }
    findings.section("config-linux.md \"Network\"");
    const std::size_t priorities = resources.network ? resources.network->priorities.size() : 0;
    for (std::size_t i = 0; i < priorities; ++i) {
        if (!resources.network->priorities[i].name.empty()) continue;
        findings.add(item_path(resources_path + ".network.priorities", i) + ".name", is_text(""),
                     "the name of a network interface");
    }
    findings.section("config-linux.md \"RDMA\"");
    for (const auto& [device, limits] : resources.rdma) {
        if (limits.hca_handles || limits.hca_objects) continue;
        findings.add(property_path(resources_path + ".rdma", device), "limits nothing",
                     "an object with hcaHandles, hcaObjects or both");
    }
    findings.section("config-linux.md \"Unified\"");
    for (const auto& [file, text] : resources.unified) {
        if (!file.empty() && file != "." && file != ".." && file.find('/') == std::string::npos) continue;
        findings.add(property_path(resources_path + ".unified", file), "is not a file name",
                     "the name of a file in the cgroup's directory, as in \"memory.max\"");
    }
}

void check_line(const std::string& path, const std::string& line, Findings& findings) {
    if (line.find('\n') != std::string::npos) findings.add(path, is_text(line), "without line ends");
}

}  // namespace

void check_block_io(const BlockIo& block_io, Findings& findings) {
    findings.section("config-linux.md \"Block IO\"");
    const std::string path = resources_path + ".blockIO";
    // Zero is what engines write for "not set".
    const auto check_weight = [&](const std::string& weight_path,
                                  const std::optional<std::uint16_t>& weight) {
        if (!weight || *weight == 0 || (*weight >= 10 && *weight <= 1000)) return;
        findings.add(weight_path, is_number(*weight), "an integer from 10 to 1000");
    };
    const auto check_device = [&](const std::string& device_path, std::int64_t major, std::int64_t minor) {
        if (major < 0) findings.add(device_path + ".major", is_number(major), "a device number");
        if (minor < 0) findings.add(device_path + ".minor", is_number(minor), "a device number");
    };
    const auto check_rates = [&](const char* name, const std::vector<ThrottleDevice>& devices) {
        for (std::size_t i = 0; i < devices.size(); ++i) {
            check_device(item_path(path + name, i), devices[i].major, devices[i].minor);
        }
    };
    check_weight(path + ".weight", block_io.weight);
    check_weight(path + ".leafWeight", block_io.leaf_weight);
    for (std::size_t i = 0; i < block_io.weight_device.size(); ++i) {
        const WeightDevice& device = block_io.weight_device[i];
        const std::string item = item_path(path + ".weightDevice", i);
        check_device(item, device.major, device.minor);
        check_weight(item + ".weight", device.weight);
        check_weight(item + ".leafWeight", device.leaf_weight);
        if (!device.weight && !device.leaf_weight) {
            findings.add(item, "has no weight", "an object with weight, leafWeight or both");
        }
    }
    check_rates(".throttleReadBpsDevice", block_io.throttle_read_bps_device);
    check_rates(".throttleWriteBpsDevice", block_io.throttle_write_bps_device);
    check_rates(".throttleReadIOPSDevice", block_io.throttle_read_iops_device);
    check_rates(".throttleWriteIOPSDevice", block_io.throttle_write_iops_device);
}

void check_resources(const Resources& resources, Findings& findings) {
    check_device_list(resources.devices, findings);
    if (resources.memory) check_memory(*resources.memory, findings);
    if (resources.cpu) check_cpu(*resources.cpu, findings);
    if (resources.block_io) check_block_io(*resources.block_io, findings);
    check_pages(resources.hugepage_limits, findings);
    check_small_controllers(resources, findings);
}

void check_intel_rdt(const IntelRdt& rdt, Findings& findings) {
    findings.section("config-linux.md \"IntelRdt\"");
    const std::string path = "linux.intelRdt";
    const bool nested = rdt.clos_id != "/" && rdt.clos_id.find('/') != std::string::npos;
    if (nested || rdt.clos_id == "." || rdt.clos_id == ".." || rdt.clos_id.find('\n') != std::string::npos) {
        findings.add(path + ".closID", is_text(rdt.clos_id), "a directory name without slashes, or \"/\"");
    }
    if (!rdt.mem_bw_schema.empty() && !rdt.mem_bw_schema.starts_with("MB:")) {
        findings.add(path + ".memBwSchema", is_text(rdt.mem_bw_schema), "a line that begins with \"MB:\"");
    }
    check_line(path + ".memBwSchema", rdt.mem_bw_schema, findings);
    check_line(path + ".l3CacheSchema", rdt.l3_cache_schema, findings);
    for (std::size_t i = 0; i < rdt.schemata.size(); ++i) {
        check_line(item_path(path + ".schemata", i), rdt.schemata[i], findings);
    }
}

void check_memory_policy(const MemoryPolicy& policy, Findings& findings) {
    findings.section("config-linux.md \"Memory policy\"");
    const std::string path = "linux.memoryPolicy";
    findings.expect_one_of(path + ".mode", policy.mode, memory_policy_modes());
    findings.expect_all_of(path + ".flags", policy.flags, memory_policy_flags());
    findings.expect_number_list(path + ".nodes", policy.nodes);
    const bool takes_none = policy.mode == "MPOL_DEFAULT" || policy.mode == "MPOL_LOCAL";
    if (takes_none && !policy.nodes.empty()) {
        findings.add(path + ".nodes", is_text(policy.nodes), "left out with " + policy.mode);
    }
    if (!takes_none && policy.nodes.empty() && policy.mode != "MPOL_PREFERRED" &&
        contains(memory_policy_modes(), policy.mode)) {
        findings.add(path + ".nodes", "is required with " + policy.mode);
    }
}

}  // namespace oci::spec
