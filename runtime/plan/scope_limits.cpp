// Limits as properties of a systemd unit (systemd.resource-control(5), the D-Bus names).

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "runtime/plan/cpu_list.hpp"
#include "runtime/plan/scope_plan.hpp"

namespace ocirun {
namespace {

constexpr std::uint64_t infinity = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t second = 1000000;  // in microseconds
constexpr unsigned most_cpus = 65536;

/// Files with one number or "max" that are properties under another name.
struct PlainLimit {
    std::string_view file;
    const char* property;
};
constexpr std::array plain_limits = {PlainLimit{"memory.min", "MemoryMin"},
                                     PlainLimit{"memory.low", "MemoryLow"},
                                     PlainLimit{"memory.high", "MemoryHigh"},
                                     PlainLimit{"memory.max", "MemoryMax"},
                                     PlainLimit{"memory.swap.max", "MemorySwapMax"},
                                     PlainLimit{"memory.zswap.max", "MemoryZSwapMax"},
                                     PlainLimit{"pids.max", "TasksMax"},
                                     PlainLimit{"cpu.weight", "CPUWeight"},
                                     PlainLimit{"memory.limit_in_bytes", "MemoryLimit"},
                                     PlainLimit{"cpu.shares", "CPUShares"},
                                     PlainLimit{"blkio.weight", "BlockIOWeight"}};

struct IoLimit {
    std::string_view key;
    const char* property;
};
constexpr std::array io_limits = {IoLimit{"rbps", "IOReadBandwidthMax"},
                                  IoLimit{"wbps", "IOWriteBandwidthMax"}, IoLimit{"riops", "IOReadIOPSMax"},
                                  IoLimit{"wiops", "IOWriteIOPSMax"}};

std::optional<std::uint64_t> number_or_infinity(std::string_view value) {
    if (value == "max" || value == "-1") return infinity;
    return oci::parse_integer<std::uint64_t>(value);
}

void add(std::vector<UnitProperty>& properties, const char* name, BusValue value) {
    // The last word of several about the same limit counts, as it does for the files.
    std::erase_if(properties, [&](const UnitProperty& other) { return other.name == name; });
    properties.push_back({name, std::move(value), true});
}

/// "QUOTA PERIOD" or "max PERIOD" as time in a second, rounded up to systemd's 10 ms.
void add_cpu_quota(std::vector<UnitProperty>& properties, const std::string& value) {
    const std::vector<std::string> words = oci::words(value);
    if (words.empty()) return;
    const auto quota = number_or_infinity(words[0]);
    const auto period = words.size() > 1 ? oci::parse_integer<std::uint64_t>(words[1]) : 100000U;
    if (!quota || !period || *period == 0) return;
    std::uint64_t share = infinity;
    if (*quota < infinity / second) {
        constexpr std::uint64_t step = 10000;
        share = *quota * second / *period;
        share = (share + step - 1) / step * step;
    }
    add(properties, "CPUQuotaPerSecUSec", bus_uint64(share));
    add(properties, "CPUQuotaPeriodUSec", bus_uint64(*period));
}

/// A list of numbers as bits, the first number in the lowest bit of the first byte.
void add_bits(std::vector<UnitProperty>& properties, const char* name, const std::string& list) {
    const auto numbers = parse_number_list(list, most_cpus, name);
    if (!numbers || numbers->empty()) return;
    std::string bytes(numbers->back() / 8 + 1, '\0');
    for (const unsigned number : *numbers)
        bytes[number / 8] =
            static_cast<char>(static_cast<unsigned char>(bytes[number / 8]) | 1U << number % 8);
    add(properties, name, bus_bytes(bytes));
}

/// Adds one device to a property that lists several.
void add_device(std::vector<UnitProperty>& properties, const char* name, const std::string& device,
                std::uint64_t value) {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const UnitProperty& property) { return property.name == name; });
    BusValue entry = bus_struct({bus_text("/dev/block/" + device), bus_uint64(value)});
    if (found != properties.end()) return found->value.items.push_back(std::move(entry));
    properties.push_back({name, bus_array("(st)", {std::move(entry)}), true});
}

/// "default 100" or "8:0 100", already on the scale of io.weight.
void add_io_weight(std::vector<UnitProperty>& properties, const std::string& value) {
    const std::vector<std::string> words = oci::words(value);
    const auto weight = words.empty() ? std::nullopt : oci::parse_integer<std::uint64_t>(words.back());
    if (!weight) return;
    if (words.size() == 1 || words[0] == "default") return add(properties, "IOWeight", bus_uint64(*weight));
    add_device(properties, "IODeviceWeight", words[0], *weight);
}

/// "8:0 rbps=1000 wiops=max".
void add_io_limits(std::vector<UnitProperty>& properties, const std::string& value) {
    const std::vector<std::string> words = oci::words(value);
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::size_t equals = words[i].find('=');
        if (equals == std::string::npos) continue;
        const auto limit = number_or_infinity(std::string_view(words[i]).substr(equals + 1));
        for (const IoLimit& known : io_limits)
            if (limit && words[i].substr(0, equals) == known.key)
                add_device(properties, known.property, words[0], *limit);
    }
}

void add_plain(std::vector<UnitProperty>& properties, const CgroupWrite& write) {
    const auto* const known = std::find_if(plain_limits.begin(), plain_limits.end(),
                                           [&](const PlainLimit& limit) { return limit.file == write.file; });
    const auto value = number_or_infinity(write.value);
    if (known == plain_limits.end() || !value) return;
    // systemd refuses TasksMax=0; the file, written afterwards, gets the exact value.
    const bool no_tasks = write.file == "pids.max" && *value == 0;
    add(properties, known->property, bus_uint64(no_tasks ? 1 : *value));
}

/// The name systemd has for the devices of a rule: a path, a whole major number, or everything of a type.
std::string device_name(const DeviceRule& rule) {
    const std::string type = rule.type == 'b' ? "block" : "char";
    if (rule.major < 0) return rule.minor < 0 ? type + "-*" : std::string();
    if (rule.minor < 0) return type + "-" + std::to_string(rule.major);
    return "/dev/" + type + "/" + std::to_string(rule.major) + ":" + std::to_string(rule.minor);
}

std::string access_letters(std::uint32_t access) {
    std::string letters;
    if ((access & device_read) != 0) letters += 'r';
    if ((access & device_write) != 0) letters += 'w';
    if ((access & device_mknod) != 0) letters += 'm';
    return letters;
}

}  // namespace

std::vector<UnitProperty> to_unit_properties(const std::vector<CgroupWrite>& writes) {
    std::vector<UnitProperty> properties;
    for (const CgroupWrite& write : writes) {
        if (write.file == "cpu.max") {
            add_cpu_quota(properties, write.value);
        } else if (write.file == "cpu.idle") {
            if (write.value == "1") add(properties, "CPUWeight", bus_uint64(0));  // systemd's word for idle
        } else if (write.file == "cpuset.cpus") {
            add_bits(properties, "AllowedCPUs", write.value);
        } else if (write.file == "cpuset.mems") {
            add_bits(properties, "AllowedMemoryNodes", write.value);
        } else if (write.file == "io.weight") {
            add_io_weight(properties, write.value);
        } else if (write.fallback_file == "io.weight") {
            add_io_weight(properties, write.fallback_value);
        } else if (write.file == "io.max") {
            add_io_limits(properties, write.value);
        } else {
            add_plain(properties, write);
        }
    }
    return properties;
}

std::vector<UnitProperty> to_device_properties(const std::vector<DeviceRule>& rules) {
    std::vector<BusValue> allowed;
    for (const DeviceRule& rule : simplify_device_rules(rules)) {
        if (!rule.allow) return {};
        std::vector<char> types = {rule.type};
        if (rule.type == 'a') types = {'b', 'c'};
        for (const char type : types) {
            DeviceRule one = rule;
            one.type = type;
            std::string name = device_name(one);
            if (name.empty()) return {};
            allowed.push_back(bus_struct({bus_text(std::move(name)), bus_text(access_letters(rule.access))}));
        }
    }
    return {{"DevicePolicy", bus_text("strict")}, {"DeviceAllow", bus_array("(ss)", std::move(allowed))}};
}

std::vector<UnitProperty> to_device_change_properties(const std::vector<DeviceRule>& rules) {
    std::vector<UnitProperty> changed = {{"DevicePolicy", bus_text("auto")},
                                         {"DeviceAllow", bus_array("(ss)", {})}};
    for (UnitProperty& property : to_device_properties(rules)) changed.push_back(std::move(property));
    return changed;
}

}  // namespace ocirun
