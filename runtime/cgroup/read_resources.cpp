// What cgroup files say, as writes that say it again. Host process.

#include <algorithm>
#include <array>
#include <string_view>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/write_resources.hpp"

namespace ocirun {
namespace {

using oci::Result;

constexpr std::size_t file_limit = std::size_t{64} << 10U;

/// How a file with a line for each device or interface forgets one of them.
std::string forgotten(const std::string& file, const std::string& key) {
    if (file == "io.max") return key + " rbps=max wbps=max riops=max wiops=max";
    if (file.starts_with("rdma.")) return key + " hca_handle=max hca_object=max";
    if (file.starts_with("io.")) return key + " default";
    return key + " 0";
}

/// Files that hold one line for each key; the write's first word is the key.
bool is_keyed(const std::string& file) {
    constexpr std::array<std::string_view, 6> names{"io.max",   "io.weight",  "io.bfq.weight",
                                                    "rdma.max", "io.latency", "net_prio.ifpriomap"};
    return std::find(names.begin(), names.end(), file) != names.end() ||
           file.starts_with("blkio.throttle.") || file.ends_with("weight_device");
}

std::string first_word(std::string_view line) {
    return std::string(line.substr(0, line.find(' ')));
}

std::string line_of(const std::string& text, const std::string& file, const std::string& key) {
    for (const std::string& line : oci::split(text, '\n')) {
        if (first_word(line) == key) return line;
    }
    return forgotten(file, key);
}

/// The write for one file; nothing when it is not there or cannot be read.
bool read_back(const OpenCgroup& cgroup, const CgroupWrite& write, const std::string& file,
               const std::string& value, CgroupWrite& before) {
    const auto text = oci::read_file(cgroup.fd, file, file_limit);
    if (!text) return false;
    before = write;
    before.file = file;
    before.fallback_file.clear();
    before.usage_file.clear();
    before.value = is_keyed(file) ? line_of(*text, file, first_word(value)) : std::string(oci::trim(*text));
    if (before.value.empty()) before.value = "\n";  // an empty set of CPUs; no bytes would be no write
    return true;
}

}  // namespace

Result<std::vector<CgroupWrite>> read_resources(const std::vector<CgroupWrite>& writes,
                                                const ResourceTarget& target) {
    std::vector<CgroupWrite> before;
    for (auto write = writes.rbegin(); write != writes.rend(); ++write) {
        const OpenCgroup cgroup = target.directory_of(write->controller);
        if (!cgroup.fd.is_open() || write->file.starts_with("devices.")) continue;
        CgroupWrite old;
        if (read_back(cgroup, *write, write->file, write->value, old) ||
            (!write->fallback_file.empty() &&
             read_back(cgroup, *write, write->fallback_file, write->fallback_value, old))) {
            before.push_back(std::move(old));
        }
    }
    return before;
}

}  // namespace ocirun
