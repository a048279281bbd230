#include "runtime/cgroup/cgroup_stats.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

/// One cgroup directory, read leniently: what is not there is empty or zero.
class Files {
public:
    explicit Files(const std::string& directory) {
        if (directory.empty()) return;
        if (auto opened = open_cgroup(directory)) directory_ = std::move(*opened);
    }

    [[nodiscard]] std::string text(const std::string& name) const {
        if (!directory_.is_open()) return {};
        const auto content = oci::read_file(directory_, name, std::size_t{1} << 20U);
        return content ? std::string(oci::trim(*content)) : std::string();
    }
    [[nodiscard]] std::uint64_t number(const std::string& name) const {
        const std::string content = text(name);
        return content == "max" ? unlimited : oci::parse_integer<std::uint64_t>(content).value_or(0);
    }
    [[nodiscard]] std::map<std::string, unsigned long> keyed(const std::string& name) const {
        return parse_keyed(text(name));
    }
    [[nodiscard]] std::vector<std::string> names() const {
        if (!directory_.is_open()) return {};
        auto names = oci::list_directory(directory_);
        return names ? std::move(*names) : std::vector<std::string>();
    }

private:
    Fd directory_;
};

std::uint64_t value_of(const std::map<std::string, unsigned long>& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() ? 0 : found->second;
}

std::optional<Pressure> read_pressure(const Files& files, const std::string& name) {
    const std::string text = files.text(name);
    if (text.empty()) return std::nullopt;
    Pressure pressure;
    for (const std::string& line : oci::split(text, '\n')) {
        PressureLine& target = line.starts_with("full") ? pressure.full : pressure.some;
        for (const std::string& word : oci::words(line)) {
            if (word.starts_with("avg10=")) target.average_10 = word.substr(6);
            if (word.starts_with("avg60=")) target.average_60 = word.substr(6);
            if (word.starts_with("avg300=")) target.average_300 = word.substr(7);
            if (word.starts_with("total="))
                target.total = oci::parse_integer<std::uint64_t>(word.substr(6)).value_or(0);
        }
    }
    return pressure;
}

void add_huge_pages(const Files& files, const std::string& limit, const std::string& usage,
                    const std::string& max, CgroupStats& stats) {
    for (const std::string& name : files.names()) {
        if (!name.starts_with("hugetlb.") || !name.ends_with("." + limit) ||
            name.find("rsvd") != std::string::npos)
            continue;
        const std::string size = name.substr(8, name.size() - 9 - limit.size());
        UsageStats& pages = stats.huge_pages[size];
        pages.usage = files.number("hugetlb." + size + "." + usage);
        if (!max.empty()) pages.max = files.number("hugetlb." + size + "." + max);
        pages.fail_count = max.empty() ? value_of(files.keyed("hugetlb." + size + ".events"), "max")
                                       : files.number("hugetlb." + size + ".failcnt");
    }
}

// --- cgroup v2 ---------------------------------------------------------------------------------------

void read_cpu_v2(const Files& files, CpuStats& cpu) {
    constexpr std::uint64_t nanoseconds = 1000;  // a microsecond has
    const auto values = files.keyed("cpu.stat");
    cpu.total = value_of(values, "usage_usec") * nanoseconds;
    cpu.user = value_of(values, "user_usec") * nanoseconds;
    cpu.kernel = value_of(values, "system_usec") * nanoseconds;
    cpu.periods = value_of(values, "nr_periods");
    cpu.throttled_periods = value_of(values, "nr_throttled");
    cpu.throttled_time = value_of(values, "throttled_usec") * nanoseconds;
    cpu.pressure = read_pressure(files, "cpu.pressure");
}

void read_memory_v2(const Files& files, MemoryStats& memory) {
    const auto values = files.keyed("memory.stat");
    memory.raw.insert(values.begin(), values.end());
    memory.cache = value_of(values, "file");
    memory.usage = {.limit = files.number("memory.max"),
                    .usage = files.number("memory.current"),
                    .max = files.number("memory.peak"),
                    .fail_count = value_of(files.keyed("memory.events"), "max")};
    memory.swap = {.limit = files.number("memory.swap.max"),
                   .usage = files.number("memory.swap.current") + memory.usage.usage,
                   .fail_count = value_of(files.keyed("memory.swap.events"), "max")};
    if (memory.swap.limit != unlimited && memory.usage.limit != unlimited)
        memory.swap.limit += memory.usage.limit;
    memory.pressure = read_pressure(files, "memory.pressure");
}

bool read_device(std::string_view word, IoEntry& entry) {
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) return false;
    const auto major = oci::parse_integer<std::uint64_t>(word.substr(0, colon));
    const auto minor = oci::parse_integer<std::uint64_t>(word.substr(colon + 1));
    if (!major || !minor) return false;
    entry.major = *major;
    entry.minor = *minor;
    return true;
}

void read_io_v2(const Files& files, CgroupStats& stats) {
    struct Key {
        std::string_view name;
        const char* operation;
        bool bytes;
    };
    constexpr Key keys[] = {{"rbytes=", "Read", true},    {"wbytes=", "Write", true},
                            {"dbytes=", "Discard", true}, {"rios=", "Read", false},
                            {"wios=", "Write", false},    {"dios=", "Discard", false}};
    for (const std::string& line : oci::split(files.text("io.stat"), '\n')) {
        const std::vector<std::string> words = oci::words(line);
        IoEntry entry;
        if (words.empty() || !read_device(words.front(), entry)) continue;
        for (const std::string& word : words) {
            for (const Key& key : keys) {
                if (!word.starts_with(key.name)) continue;
                entry.operation = key.operation;
                entry.value = oci::parse_integer<std::uint64_t>(word.substr(key.name.size())).value_or(0);
                (key.bytes ? stats.io_bytes : stats.io_operations).push_back(entry);
            }
        }
    }
    stats.io_pressure = read_pressure(files, "io.pressure");
}

void read_v2(const Files& files, CgroupStats& stats) {
    read_cpu_v2(files, stats.cpu);
    read_memory_v2(files, stats.memory);
    read_io_v2(files, stats);
    stats.pids = files.number("pids.current");
    const std::uint64_t limit = files.number("pids.max");
    stats.pids_limit = limit == unlimited ? 0 : limit;
    stats.cpuset = {{"cpus", files.text("cpuset.cpus")}, {"mems", files.text("cpuset.mems")}};
    add_huge_pages(files, "max", "current", "", stats);
}

// --- cgroup v1 ---------------------------------------------------------------------------------------

std::vector<std::uint64_t> numbers_of(const std::string& text) {
    std::vector<std::uint64_t> numbers;
    for (const std::string& word : oci::words(text))
        numbers.push_back(oci::parse_integer<std::uint64_t>(word).value_or(0));
    return numbers;
}

void read_cpu_v1(const Files& usage, const Files& quota, CpuStats& cpu) {
    const auto ticks = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_CLK_TCK)));
    const std::uint64_t nanoseconds = 1'000'000'000 / ticks;
    cpu.total = usage.number("cpuacct.usage");
    cpu.per_cpu = numbers_of(usage.text("cpuacct.usage_percpu"));
    const auto parts = usage.keyed("cpuacct.stat");
    cpu.user = value_of(parts, "user") * nanoseconds;
    cpu.kernel = value_of(parts, "system") * nanoseconds;
    for (const std::string& line : oci::split(usage.text("cpuacct.usage_all"), '\n')) {
        const auto numbers = numbers_of(line);  // "cpu user system", the header gives zeros
        if (numbers.size() != 3 || line.starts_with("cpu")) continue;
        cpu.per_cpu_user.push_back(numbers[1]);
        cpu.per_cpu_kernel.push_back(numbers[2]);
    }
    const auto throttling = quota.keyed("cpu.stat");
    cpu.periods = value_of(throttling, "nr_periods");
    cpu.throttled_periods = value_of(throttling, "nr_throttled");
    cpu.throttled_time = value_of(throttling, "throttled_time");
}

UsageStats usage_v1(const Files& files, const std::string& prefix) {
    return {.limit = files.number(prefix + ".limit_in_bytes"),
            .usage = files.number(prefix + ".usage_in_bytes"),
            .max = files.number(prefix + ".max_usage_in_bytes"),
            .fail_count = files.number(prefix + ".failcnt")};
}

void read_memory_v1(const Files& files, MemoryStats& memory) {
    const auto values = files.keyed("memory.stat");
    memory.raw.insert(values.begin(), values.end());
    memory.cache = value_of(values, "cache");
    memory.usage = usage_v1(files, "memory");
    memory.swap = usage_v1(files, "memory.memsw");
    memory.kernel = usage_v1(files, "memory.kmem");
    memory.kernel_tcp = usage_v1(files, "memory.kmem.tcp");
}

std::vector<IoEntry> read_io_v1(const Files& files, const std::string& name) {
    std::string text = files.text("blkio.bfq." + name + "_recursive");
    if (text.find(':') == std::string::npos) text = files.text("blkio.throttle." + name + "_recursive");
    if (text.empty()) text = files.text("blkio.throttle." + name);
    std::vector<IoEntry> entries;
    for (const std::string& line : oci::split(text, '\n')) {
        const std::vector<std::string> words = oci::words(line);
        IoEntry entry;
        if (words.size() != 3 || !read_device(words[0], entry)) continue;
        entry.operation = words[1];
        entry.value = oci::parse_integer<std::uint64_t>(words[2]).value_or(0);
        entries.push_back(std::move(entry));
    }
    return entries;
}

void read_v1(const CgroupLocation& location, CgroupStats& stats) {
    const auto files_of = [&](const std::string& controller) {
        for (const auto& [controllers, directory] : location.directories) {
            const auto names = oci::split(controllers, ',');
            if (std::find(names.begin(), names.end(), controller) != names.end()) return Files(directory);
        }
        return Files("");
    };
    read_cpu_v1(files_of("cpuacct"), files_of("cpu"), stats.cpu);
    read_memory_v1(files_of("memory"), stats.memory);
    const Files pids = files_of("pids");
    stats.pids = pids.number("pids.current");
    const std::uint64_t limit = pids.number("pids.max");
    stats.pids_limit = limit == unlimited ? 0 : limit;
    const Files block = files_of("blkio");
    stats.io_bytes = read_io_v1(block, "io_service_bytes");
    stats.io_operations = read_io_v1(block, "io_serviced");
    const Files cpuset = files_of("cpuset");
    for (const char* name : {"cpus", "mems", "cpu_exclusive", "mem_hardwall", "mem_exclusive",
                             "memory_migrate", "memory_spread_page", "memory_spread_slab", "memory_pressure",
                             "sched_load_balance", "sched_relax_domain_level"})
        stats.cpuset[name] = cpuset.text(std::string("cpuset.") + name);
    add_huge_pages(files_of("hugetlb"), "limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", stats);
}

}  // namespace

Result<CgroupStats> read_cgroup_stats(const CgroupLocation& location) {
    CgroupStats stats;
    switch (location.version) {
        case CgroupVersion::none:
            return oci::failure(oci::ErrorCode::unsupported,
                                "the container has no cgroup, so nothing is counted");
        case CgroupVersion::v1:
            read_v1(location, stats);
            break;
        case CgroupVersion::v2: {
            const auto directory = location.directories.find("");
            if (directory != location.directories.end()) read_v2(Files(directory->second), stats);
            break;
        }
    }
    return stats;
}

}  // namespace ocirun
