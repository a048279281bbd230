#include "runtime/plan/resource_writes.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

std::string controller_of(const std::string& file) {
    const std::string controller = file.substr(0, file.find('.'));
    return controller == "cgroup" ? "" : controller;
}

Result<void> check_swappiness(const ResourceWriter& writer) {
    const auto& memory = writer.resources.memory;
    if (!memory || !memory->swappiness) return {};
    // Engines send the unsigned form of -1 for "not set".
    if (*memory->swappiness == ~std::uint64_t{0} || *memory->swappiness <= 100) return {};
    return writer.invalid("memory.swappiness",
                          "is " + std::to_string(*memory->swappiness) + "; allowed are 0 to 100");
}

Result<void> check_cpu(const ResourceWriter& writer) {
    const auto& cpu = writer.resources.cpu;
    if (!cpu) return {};
    if (cpu->idle && *cpu->idle != 0 && *cpu->idle != 1)
        return writer.invalid("cpu.idle", "is " + std::to_string(*cpu->idle) + "; allowed are 0 and 1");
    const std::int64_t quota = set_or_zero(cpu->quota);
    if (cpu->burst && quota > 0 && *cpu->burst > static_cast<std::uint64_t>(quota))
        return writer.invalid("cpu.burst", "is " + std::to_string(*cpu->burst) + ", more than cpu.quota (" +
                                               std::to_string(quota) + ")");
    return {};
}

}  // namespace

void ResourceWriter::add(const std::string& file, std::string value, const std::string& property) {
    writes.push_back({.controller = controller_of(file),
                      .file = file,
                      .value = std::move(value),
                      .origin = origin + "." + property});
}

void ResourceWriter::add_optional(const std::string& file, std::string value, const std::string& property) {
    add(file, std::move(value), property);
    writes.back().may_be_missing = true;
}

void ResourceWriter::ignore(const std::string& property, const std::string& reason) {
    warnings.push_back(origin + "." + property + " has no effect: " + reason);
}

oci::Error ResourceWriter::invalid(const std::string& property, const std::string& what) const {
    return oci::failure(ErrorCode::invalid, origin + "." + property + ": " + what);
}

oci::Error ResourceWriter::unsupported(const std::string& property, const std::string& what) const {
    return oci::failure(ErrorCode::unsupported, origin + "." + property + ": " + what);
}

std::uint64_t to_cpu_weight(std::uint64_t shares) {
    if (shares == 0) return 0;
    if (shares <= 2) return 1;
    if (shares >= 262144) return 10000;
    // With x = log2(shares): weight = 10 ^ ((x*x + 125*x) / 612 - 7/34), so that 2 -> 1, 1024 -> 100
    // and 262144 -> 10000.
    const double x = std::log2(static_cast<double>(shares));
    const double exponent = (x * x + 125.0 * x) / 612.0 - 7.0 / 34.0;
    return static_cast<std::uint64_t>(std::ceil(std::pow(10.0, exponent)));
}

std::uint64_t to_io_weight(std::uint64_t weight) {
    if (weight == 0) return 0;
    const std::uint64_t clamped = std::clamp<std::uint64_t>(weight, 10, 1000);
    return 1 + (clamped - 10) * 9999 / 990;
}

Result<std::optional<std::int64_t>> to_swap_limit(std::int64_t memory, std::int64_t memory_and_swap) {
    using Swap = std::optional<std::int64_t>;
    // Unlimited memory means unlimited swap, unless swap is said separately.
    if (memory_and_swap == 0) return memory < 0 ? Swap(-1) : Swap();
    if (memory_and_swap < 0) return Swap(-1);
    if (memory <= 0)
        return oci::failure(ErrorCode::invalid,
                            "limits memory and swap together, which needs a memory.limit beside it");
    if (memory_and_swap < memory)
        return oci::failure(ErrorCode::invalid, "is " + std::to_string(memory_and_swap) +
                                                    ", less than memory.limit (" + std::to_string(memory) +
                                                    "); it limits memory and swap together");
    return Swap(memory_and_swap - memory);
}

Result<void> check_hugepage_sizes(const ResourceWriter& writer) {
    std::size_t index = 0;
    for (const auto& limit : writer.resources.hugepage_limits) {
        const std::string_view size = limit.page_size;
        const std::size_t digits = size.find_first_not_of("0123456789");
        const std::string_view unit = digits == std::string_view::npos ? "" : size.substr(digits);
        const bool good = digits > 0 && (unit == "KB" || unit == "MB" || unit == "GB");
        if (!good)
            return writer.invalid("hugepageLimits[" + std::to_string(index) + "].pageSize",
                                  "is " + oci::quote(size) + "; expected a size such as \"2MB\"");
        ++index;
    }
    return {};
}

void plan_rdma_writes(ResourceWriter& writer) {
    for (const auto& [device, limits] : writer.resources.rdma) {
        std::string value = device;
        if (limits.hca_handles) value += " hca_handle=" + std::to_string(*limits.hca_handles);
        if (limits.hca_objects) value += " hca_object=" + std::to_string(*limits.hca_objects);
        writer.add("rdma.max", std::move(value), "rdma[" + device + "]");
    }
}

Result<std::vector<CgroupWrite>> plan_resource_writes(const oci::spec::Resources& resources,
                                                      CgroupVersion version, const std::string& origin,
                                                      std::vector<std::string>& warnings) {
    std::vector<CgroupWrite> writes;
    ResourceWriter writer{.resources = resources, .origin = origin, .writes = writes, .warnings = warnings};
    TRY(check_swappiness(writer));
    TRY(check_cpu(writer));
    TRY(check_hugepage_sizes(writer));
    switch (version) {
        case CgroupVersion::v2:
            TRY(plan_v2_writes(writer));
            break;
        // Without cgroups the v1 writes only tell that limits were asked for.
        case CgroupVersion::none:
        case CgroupVersion::v1:
            TRY(plan_v1_writes(writer));
            break;
    }
    return writes;
}

}  // namespace ocirun
