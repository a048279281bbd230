#pragma once
// The groups of checks that validate() is made of, and what they share. Private to spec/runtime.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/json/finding.hpp"
#include "spec/runtime/config.hpp"

namespace oci::spec {

/// Collects findings; the section of the group is added to each.
class Findings {
public:
    void section(const char* section) { section_ = section; }
    void add(std::string path, std::string found, std::string allowed = "") {
        findings_.push_back({"", 0, 0, std::move(path), std::move(found), std::move(allowed), section_});
    }
    /// A finding unless `name` is one of `names`.
    void expect_one_of(const std::string& path, const std::string& name,
                       std::span<const std::string_view> names);
    /// A finding for each item of `items` that is not one of `names`.
    void expect_all_of(const std::string& path, const std::vector<std::string>& items,
                       std::span<const std::string_view> names);
    /// A finding unless `file` begins with a slash.
    void expect_absolute(const std::string& path, const std::string& file);
    /// A finding unless `list` reads like "0-3,7" (or is empty).
    void expect_number_list(const std::string& path, const std::string& list);

    std::vector<Finding> take() { return std::exchange(findings_, {}); }

private:
    const char* section_ = "";
    std::vector<Finding> findings_;
};

/// "is the string "x"" and "is the number 7", the words that the reader uses.
std::string is_text(std::string_view text);
template <class T>
std::string is_number(T number) {
    return "is the number " + std::to_string(number);
}

/// The entry for a namespace type; null when the container shares the runtime's namespace.
const Namespace* find_namespace(const RuntimeConfig& config, std::string_view type);

void check_process(const Process& process, Findings& findings);
void check_scheduling(const Process& process, Findings& findings);
void check_mounts(const RuntimeConfig& config, Findings& findings);
void check_namespaces(const RuntimeConfig& config, Findings& findings);
void check_id_mappings(const std::string& path, const std::vector<IdMapping>& mappings, Findings& findings);
void check_sysctl(const RuntimeConfig& config, Findings& findings);
void check_devices(const std::string& path, const std::vector<Device>& devices, Findings& findings);
void check_net_devices(const RuntimeConfig& config, Findings& findings);
void check_resources(const Resources& resources, Findings& findings);
void check_block_io(const BlockIo& block_io, Findings& findings);
void check_intel_rdt(const IntelRdt& rdt, Findings& findings);
void check_memory_policy(const MemoryPolicy& policy, Findings& findings);
void check_seccomp(const Seccomp& seccomp, Findings& findings);

}  // namespace oci::spec
