#include "runtime/cli/stats_json.hpp"

#include "base/text.hpp"
#include "spec/json/writer.hpp"

namespace ocirun {

using oci::spec::JsonWriter;

namespace {

/// Properties that runc leaves out when they are zero.
void unless_zero(JsonWriter& out, const char* key, std::uint64_t value) {
    if (value == 0) return;
    out.key(key);
    out.number(value);
}

void always(JsonWriter& out, const char* key, std::uint64_t value) {
    out.key(key);
    out.number(value);
}

void numbers(JsonWriter& out, const char* key, const std::vector<std::uint64_t>& values) {
    if (values.empty()) return;
    out.key(key);
    out.begin_array();
    for (const std::uint64_t value : values) out.number(value);
    out.end_array();
}

void pressure_line(JsonWriter& out, const char* key, const PressureLine& line) {
    // The kernel writes "0.00"; a JSON number has no needless zeros.
    const auto average = [&](const char* name, const std::string& text) {
        out.key(name);
        std::string shortest = text;
        if (shortest.find('.') != std::string::npos) {
            while (shortest.back() == '0') shortest.pop_back();
            if (shortest.back() == '.') shortest.pop_back();
        }
        out.raw(shortest);
    };
    out.key(key);
    out.begin_object();
    average("avg10", line.average_10);
    average("avg60", line.average_60);
    average("avg300", line.average_300);
    always(out, "total", line.total);
    out.end_object();
}

void pressure(JsonWriter& out, const std::optional<Pressure>& stalled) {
    if (!stalled) return;
    out.key("psi");
    out.begin_object();
    pressure_line(out, "some", stalled->some);
    pressure_line(out, "full", stalled->full);
    out.end_object();
}

void cpu(JsonWriter& out, const CpuStats& stats) {
    out.key("cpu");
    out.begin_object();
    out.key("usage");
    out.begin_object();
    unless_zero(out, "total", stats.total);
    numbers(out, "percpu", stats.per_cpu);
    numbers(out, "percpu_kernel", stats.per_cpu_kernel);
    numbers(out, "percpu_user", stats.per_cpu_user);
    always(out, "kernel", stats.kernel);
    always(out, "user", stats.user);
    out.end_object();
    out.key("throttling");
    out.begin_object();
    unless_zero(out, "periods", stats.periods);
    unless_zero(out, "throttledPeriods", stats.throttled_periods);
    unless_zero(out, "throttledTime", stats.throttled_time);
    out.end_object();
    pressure(out, stats.pressure);
    out.end_object();
}

/// "0-2,7" as [0,1,2,7].
void cpu_list(JsonWriter& out, const char* key, const std::string& text) {
    std::vector<std::uint64_t> values;
    for (const std::string& part : oci::split(text, ',')) {
        const std::size_t dash = part.find('-');
        const auto first = oci::parse_integer<std::uint16_t>(std::string_view(part).substr(0, dash));
        const auto last = dash == std::string::npos
                              ? first
                              : oci::parse_integer<std::uint16_t>(std::string_view(part).substr(dash + 1));
        if (!first || !last) continue;
        for (std::uint64_t number = *first; number <= *last; ++number) values.push_back(number);
    }
    numbers(out, key, values);
}

void cpuset(JsonWriter& out, const std::map<std::string, std::string>& files) {
    const auto text_of = [&](const char* name) {
        const auto found = files.find(name);
        return found == files.end() ? std::string() : found->second;
    };
    out.key("cpuset");
    out.begin_object();
    cpu_list(out, "cpus", text_of("cpus"));
    out.key("cpu_exclusive");
    out.number(oci::parse_integer<std::uint64_t>(text_of("cpu_exclusive")).value_or(0));
    cpu_list(out, "mems", text_of("mems"));
    for (const char* name :
         {"mem_hardwall", "mem_exclusive", "memory_migrate", "memory_spread_page", "memory_spread_slab",
          "memory_pressure", "sched_load_balance", "sched_relax_domain_level"}) {
        out.key(name);
        out.number(oci::parse_integer<std::int64_t>(text_of(name)).value_or(0));
    }
    out.end_object();
}

void usage(JsonWriter& out, const char* key, const UsageStats& stats) {
    out.key(key);
    out.begin_object();
    always(out, "limit", stats.limit);
    unless_zero(out, "usage", stats.usage);
    unless_zero(out, "max", stats.max);
    always(out, "failcnt", stats.fail_count);
    out.end_object();
}

void memory(JsonWriter& out, const MemoryStats& stats) {
    out.key("memory");
    out.begin_object();
    unless_zero(out, "cache", stats.cache);
    usage(out, "usage", stats.usage);
    usage(out, "swap", stats.swap);
    usage(out, "kernel", stats.kernel);
    usage(out, "kernelTCP", stats.kernel_tcp);
    if (!stats.raw.empty()) {
        out.key("raw");
        out.begin_object();
        for (const auto& [name, value] : stats.raw) always(out, name.c_str(), value);
        out.end_object();
    }
    pressure(out, stats.pressure);
    out.end_object();
}

void io_entries(JsonWriter& out, const char* key, const std::vector<IoEntry>& entries) {
    if (entries.empty()) return;
    out.key(key);
    out.begin_array();
    for (const IoEntry& entry : entries) {
        out.begin_object();
        unless_zero(out, "major", entry.major);
        unless_zero(out, "minor", entry.minor);
        out.key("op");
        out.string(entry.operation);
        unless_zero(out, "value", entry.value);
        out.end_object();
    }
    out.end_array();
}

void rest(JsonWriter& out, const CgroupStats& stats) {
    out.key("pids");
    out.begin_object();
    unless_zero(out, "current", stats.pids);
    unless_zero(out, "limit", stats.pids_limit);
    out.end_object();
    out.key("blkio");
    out.begin_object();
    io_entries(out, "ioServiceBytesRecursive", stats.io_bytes);
    io_entries(out, "ioServicedRecursive", stats.io_operations);
    pressure(out, stats.io_pressure);
    out.end_object();
    out.key("hugetlb");
    out.begin_object();
    for (const auto& [size, pages] : stats.huge_pages) {
        out.key(size);
        out.begin_object();
        unless_zero(out, "usage", pages.usage);
        unless_zero(out, "max", pages.max);
        always(out, "failcnt", pages.fail_count);
        out.end_object();
    }
    out.end_object();
    out.key("intel_rdt");
    out.begin_object();
    out.end_object();
    out.key("network_interfaces");
    out.null();
}

}  // namespace

std::string stats_event(const std::string& id, const CgroupStats& stats) {
    JsonWriter out;
    out.begin_object();
    out.key("type");
    out.string("stats");
    out.key("id");
    out.string(id);
    out.key("data");
    out.begin_object();
    cpu(out, stats.cpu);
    cpuset(out, stats.cpuset);
    memory(out, stats.memory);
    rest(out, stats);
    out.end_object();
    out.end_object();
    return out.take();
}

}  // namespace ocirun
