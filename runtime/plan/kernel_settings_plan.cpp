#include "runtime/plan/kernel_settings_plan.hpp"

#include <linux/mempolicy.h>
#include <sys/personality.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"
#include "runtime/plan/cpu_list.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

constexpr unsigned node_limit = 1024;  // the kernel's largest MAX_NUMNODES

/// The header counts its modes without telling the values of the newest ones.
constexpr std::array<std::pair<std::string_view, int>, 7> modes{{{"MPOL_DEFAULT", 0},
                                                                 {"MPOL_PREFERRED", 1},
                                                                 {"MPOL_BIND", 2},
                                                                 {"MPOL_INTERLEAVE", 3},
                                                                 {"MPOL_LOCAL", 4},
                                                                 {"MPOL_PREFERRED_MANY", 5},
                                                                 {"MPOL_WEIGHTED_INTERLEAVE", 6}}};

constexpr std::array<std::pair<std::string_view, int>, 3> mode_flags{
    {{"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
     {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
     {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES}}};

template <std::size_t size>
Result<int> number_of(const std::array<std::pair<std::string_view, int>, size>& table,
                      const std::string& name, const std::string& origin) {
    for (const auto& [known, number] : table)
        if (known == name) return number;
    return oci::failure(ErrorCode::invalid, origin + ": unknown value " + oci::quote(name));
}

std::string sysctl_file(std::string name) {
    const std::size_t first = name.find_first_of("./");
    if (first == std::string::npos || name[first] == '/') return name;
    for (char& c : name) {
        if (c == '.') {
            c = '/';
        } else if (c == '/') {
            c = '.';
        }
    }
    return name;
}

bool stays_below(const std::string& file) {
    const std::vector<std::string> parts = oci::split(file, '/');
    return std::none_of(parts.begin(), parts.end(),
                        [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

}  // namespace

Result<std::vector<Sysctl>> plan_sysctls(const oci::spec::Linux& linux_section) {
    std::vector<Sysctl> planned;
    for (const auto& [name, value] : linux_section.sysctl) {
        const std::string origin = oci::spec::property_path("linux.sysctl", name);
        std::string file = sysctl_file(name);
        if (!stays_below(file) || name.find('\0') != std::string::npos) {
            return oci::failure(ErrorCode::invalid, origin + ": is not the name of a kernel parameter");
        }
        planned.push_back({std::move(file), value, origin});
    }
    return planned;
}

Result<std::optional<unsigned long>> plan_personality(const oci::spec::Linux& linux_section) {
    if (!linux_section.personality) return std::optional<unsigned long>();
    const oci::spec::Personality& personality = *linux_section.personality;
    if (!personality.flags.empty()) {
        return oci::failure(ErrorCode::unsupported, "linux.personality.flags: no flag is defined, found " +
                                                        oci::quote(personality.flags.front()));
    }
    if (personality.domain == "LINUX") return std::optional<unsigned long>(PER_LINUX);
    if (personality.domain == "LINUX32") return std::optional<unsigned long>(PER_LINUX32);
    return oci::failure(ErrorCode::invalid, "linux.personality.domain: unknown value " +
                                                oci::quote(personality.domain) +
                                                ", allowed are LINUX and LINUX32");
}

Result<std::optional<std::pair<int, std::vector<unsigned>>>> plan_memory_policy(
    const oci::spec::Linux& linux_section) {
    using Policy = std::optional<std::pair<int, std::vector<unsigned>>>;
    if (!linux_section.memory_policy) return Policy();
    const oci::spec::MemoryPolicy& policy = *linux_section.memory_policy;
    const std::string origin = "linux.memoryPolicy";
    int mode = TRY(number_of(modes, policy.mode, origin + ".mode"));
    for (std::size_t i = 0; i < policy.flags.size(); ++i) {
        mode |= TRY(number_of(mode_flags, policy.flags[i], oci::spec::item_path(origin + ".flags", i)));
    }
    std::vector<unsigned> nodes = TRY(parse_number_list(policy.nodes, node_limit, origin + ".nodes"));
    return Policy(std::make_pair(mode, std::move(nodes)));
}

}  // namespace ocirun
