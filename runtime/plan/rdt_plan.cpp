#include "runtime/plan/rdt_plan.hpp"

#include <map>
#include <string_view>

#include "base/text.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

/// "L3" -> cache id "0" -> "7f0".
using Schemata = std::map<std::string, std::map<std::string, std::string>>;

/// Values as numbers without leading zeros: the kernel prints masks with them.
std::string plain_value(std::string_view text) {
    text = oci::trim(text);
    while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
    return oci::to_lower(text);
}

void read_line(const std::string& line, Schemata& schemata) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) return;
    auto& values = schemata[std::string(oci::trim(std::string_view(line).substr(0, colon)))];
    for (const std::string& entry : oci::split(std::string_view(line).substr(colon + 1), ';')) {
        const std::size_t equals = entry.find('=');
        if (equals == std::string::npos) continue;
        values[plain_value(std::string_view(entry).substr(0, equals))] =
            plain_value(std::string_view(entry).substr(equals + 1));
    }
}

oci::Error invalid(const std::string& origin, const std::string& value, const char* allowed) {
    return oci::failure(ErrorCode::invalid,
                        origin + ": " + oci::quote(value) + " is not possible, it must " + allowed);
}

Result<std::string> plan_group(const std::string& clos_id, const std::string& container_id) {
    if (clos_id == "/") return std::string();
    if (clos_id.empty()) return container_id;
    if (clos_id == "." || clos_id == ".." || clos_id.find('/') != std::string::npos)
        return invalid("linux.intelRdt.closID", clos_id, "be \"/\" or the name of one directory");
    return clos_id;
}

}  // namespace

Result<std::vector<std::string>> plan_rdt_schemas(const std::string& l3_cache,
                                                  const std::string& memory_bandwidth,
                                                  const std::string& origin) {
    std::vector<std::string> lines;
    if (l3_cache.find('\n') != std::string::npos)
        return invalid(origin + "l3CacheSchema", l3_cache, "be one line");
    if (memory_bandwidth.find('\n') != std::string::npos ||
        (!memory_bandwidth.empty() && !memory_bandwidth.starts_with("MB:")))
        return invalid(origin + "memBwSchema", memory_bandwidth, "be one line that begins with \"MB:\"");
    if (!l3_cache.empty()) lines.push_back(l3_cache);
    if (!memory_bandwidth.empty()) lines.push_back(memory_bandwidth);
    return lines;
}

Result<std::optional<RdtPlan>> plan_rdt(const oci::spec::Linux& linux_section,
                                        const std::string& container_id) {
    if (!linux_section.intel_rdt) return std::optional<RdtPlan>();
    const oci::spec::IntelRdt& rdt = *linux_section.intel_rdt;
    RdtPlan plan;
    plan.named = !rdt.clos_id.empty();
    plan.group = TRY(plan_group(rdt.clos_id, container_id));
    plan.monitoring = rdt.enable_monitoring;
    plan.lines = TRY(plan_rdt_schemas(rdt.l3_cache_schema, rdt.mem_bw_schema, "linux.intelRdt."));
    for (std::size_t i = 0; i < rdt.schemata.size(); ++i) {
        if (rdt.schemata[i].empty() || rdt.schemata[i].find('\n') != std::string::npos)
            return invalid(oci::spec::item_path("linux.intelRdt.schemata", i), rdt.schemata[i],
                           "be one line that is not empty");
        plan.lines.push_back(rdt.schemata[i]);
    }
    return std::optional(std::move(plan));
}

std::string compare_schemata(const std::vector<std::string>& lines, const std::string& text) {
    Schemata wanted;
    for (const std::string& line : lines) read_line(line, wanted);
    Schemata found;
    for (const std::string& line : oci::split(text, '\n')) read_line(line, found);
    for (const auto& [resource, values] : wanted) {
        const auto& there = found[resource];
        for (const auto& [id, value] : values) {
            const auto match = there.find(id);
            const std::string name = resource + ":" + id + "=";
            if (match == there.end()) return name + " is not there, " + name + value + " is asked for";
            if (match->second != value)
                return name + match->second + " is there, " + name + value + " is asked for";
        }
    }
    return {};
}

}  // namespace ocirun
