#pragma once
// What a container has used, as its cgroup tells it. Host process.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"

namespace ocirun {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// Pressure stall information: the share of time, and microseconds in all.
struct PressureLine {
    std::string average_10 = "0";  // as the kernel writes it, "1.50"
    std::string average_60 = "0";
    std::string average_300 = "0";
    std::uint64_t total = 0;
};
struct Pressure {
    PressureLine some;
    PressureLine full;
};

struct CpuStats {  // nanoseconds
    std::uint64_t total = 0;
    std::uint64_t kernel = 0;
    std::uint64_t user = 0;
    std::vector<std::uint64_t> per_cpu;
    std::vector<std::uint64_t> per_cpu_kernel;
    std::vector<std::uint64_t> per_cpu_user;
    std::uint64_t periods = 0;
    std::uint64_t throttled_periods = 0;
    std::uint64_t throttled_time = 0;
    std::optional<Pressure> pressure;
};

struct UsageStats {
    std::uint64_t limit = 0;
    std::uint64_t usage = 0;
    std::uint64_t max = 0;
    std::uint64_t fail_count = 0;
};

struct MemoryStats {  // bytes
    std::uint64_t cache = 0;
    UsageStats usage;
    UsageStats swap;  // memory and swap together, on v2 too
    UsageStats kernel;
    UsageStats kernel_tcp;
    std::map<std::string, std::uint64_t> raw;
    std::optional<Pressure> pressure;
};

struct IoEntry {
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    std::string operation;  // "Read"
    std::uint64_t value = 0;
};

struct CgroupStats {
    CpuStats cpu;
    std::map<std::string, std::string> cpuset;  // v1: the files without "cpuset."; "cpus" and "mems" on v2
    MemoryStats memory;
    std::uint64_t pids = 0;
    std::uint64_t pids_limit = 0;  // 0: none
    std::vector<IoEntry> io_bytes;
    std::vector<IoEntry> io_operations;
    std::optional<Pressure> io_pressure;
    std::map<std::string, UsageStats> huge_pages;  // by size, "2MB"
};

/// Reads what is there; controllers that the cgroup does not have are left at zero.
oci::Result<CgroupStats> read_cgroup_stats(const CgroupLocation& location);

}  // namespace ocirun
