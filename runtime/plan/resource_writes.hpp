#pragma once
// How linux.resources becomes file writes, one function for each cgroup version. Pure.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/cgroup_plan.hpp"
#include "spec/runtime/resources.hpp"

namespace ocirun {

/// Collects writes, each with its path in the document.
struct ResourceWriter {
    const oci::spec::Resources& resources;
    const std::string& origin;  // "linux.resources"
    std::vector<CgroupWrite>& writes;
    std::vector<std::string>& warnings;

    void add(const std::string& file, std::string value, const std::string& property);
    void add_optional(const std::string& file, std::string value, const std::string& property);
    /// A warning that `property` has no effect, and why.
    void ignore(const std::string& property, const std::string& reason);
    [[nodiscard]] oci::Error invalid(const std::string& property, const std::string& what) const;
    [[nodiscard]] oci::Error unsupported(const std::string& property, const std::string& what) const;
};

oci::Result<void> plan_v1_writes(ResourceWriter& writer);
oci::Result<void> plan_v2_writes(ResourceWriter& writer);
/// The parts that both versions write to files of the same or a similar name.
oci::Result<void> check_hugepage_sizes(const ResourceWriter& writer);
void plan_rdma_writes(ResourceWriter& writer);

/// cpu.shares (2 to 262144, usual 1024) as cpu.weight (1 to 10000, usual 100): the quadratic curve in
/// log2(shares) that meets the least, usual and greatest value of both, as runc 1.4 and crun 1.23 use.
/// 0 stands for "not set" and stays 0.
std::uint64_t to_cpu_weight(std::uint64_t shares);
/// blkio.weight (10 to 1000) as io.weight (1 to 10000), linear.
std::uint64_t to_io_weight(std::uint64_t weight);
/// memory.swap.max from the limits of memory and of memory+swap; nothing when swap stays unset.
oci::Result<std::optional<std::int64_t>> to_swap_limit(std::int64_t memory, std::int64_t memory_and_swap);

/// What linux.resources.memory and .cpu mean by 0: not set. Absent is 0 as well.
template <class T>
T set_or_zero(const std::optional<T>& value) {
    return value.value_or(T{0});
}

}  // namespace ocirun
