#include "spec/runtime/validate.hpp"

#include "base/text.hpp"
#include "spec/runtime/checks.hpp"
#include "spec/runtime/names.hpp"

namespace oci::spec {

namespace {

bool is_identifier_list(std::string_view text, bool no_leading_zero) {
    for (const std::string& part : split(text, '.')) {
        bool digits_only = true;
        for (const char c : part) {
            const bool digit = c >= '0' && c <= '9';
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
            if (!digit && !letter) return false;
            digits_only = digits_only && digit;
        }
        if (part.empty() || (no_leading_zero && digits_only && part.size() > 1 && part[0] == '0'))
            return false;
    }
    return true;
}

/// SemVer 2.0.0 with major version 1.
bool is_version_1(std::string_view text) {
    const std::size_t plus = text.find('+');
    if (plus != std::string_view::npos && !is_identifier_list(text.substr(plus + 1), false)) return false;
    text = text.substr(0, plus);
    const std::size_t dash = text.find('-');
    if (dash != std::string_view::npos && !is_identifier_list(text.substr(dash + 1), true)) return false;
    const std::vector<std::string> numbers = split(text.substr(0, dash), '.');
    if (numbers.size() != 3 || numbers[0] != "1") return false;
    for (const std::string& number : numbers) {
        if (!parse_integer<std::uint32_t>(number) || (number.size() > 1 && number[0] == '0')) return false;
    }
    return true;
}

void check_version(const RuntimeConfig& config, Findings& findings) {
    findings.section("config.md \"Specification version\"");
    if (is_version_1(config.oci_version)) return;
    findings.add("ociVersion", is_text(config.oci_version),
                 "a version 1.x of the specification in SemVer form, as in \"1.3.0\"");
}

void check_root(const RuntimeConfig& config, Findings& findings) {
    findings.section("config.md \"Root\"");
    if (!config.root) {
        findings.add("root", "is required");
    } else if (config.root->path.empty()) {
        findings.add("root.path", is_text(""), "the path of a directory");
    }
}

void check_uts_name(const RuntimeConfig& config, const std::string& path, const std::string& name,
                    Findings& findings) {
    constexpr std::size_t longest = 64;  // the kernel's __NEW_UTS_LEN
    if (name.empty()) return;
    findings.section(path == "hostname" ? "config.md \"Hostname\"" : "config.md \"Domainname\"");
    if (find_namespace(config, "uts") == nullptr) {
        findings.add(path, "is set", "left out without an entry of type \"uts\" in linux.namespaces");
    }
    if (name.size() > longest) {
        findings.add(path, "is " + std::to_string(name.size()) + " bytes long",
                     "at most " + std::to_string(longest) + " bytes long");
    }
}

void check_hook_list(const std::string& path, const std::vector<Hook>& hooks, Findings& findings) {
    for (std::size_t i = 0; i < hooks.size(); ++i) {
        const std::string hook_path = "hooks." + item_path(path, i);
        findings.expect_absolute(hook_path + ".path", hooks[i].path);
        if (hooks[i].timeout && *hooks[i].timeout <= 0) {
            findings.add(hook_path + ".timeout", is_number(*hooks[i].timeout), "greater than zero");
        }
    }
}

void check_hooks(const RuntimeConfig& config, Findings& findings) {
    if (!config.hooks) return;
    findings.section("config.md \"POSIX-platform Hooks\"");
    check_hook_list("prestart", config.hooks->prestart, findings);
    check_hook_list("createRuntime", config.hooks->create_runtime, findings);
    check_hook_list("createContainer", config.hooks->create_container, findings);
    check_hook_list("startContainer", config.hooks->start_container, findings);
    check_hook_list("poststart", config.hooks->poststart, findings);
    check_hook_list("poststop", config.hooks->poststop, findings);
}

void check_annotations(const RuntimeConfig& config, Findings& findings) {
    findings.section("config.md \"Annotations\"");
    if (config.annotations.contains(""))
        findings.add("annotations", "has an empty key", "without empty keys");
}

void check_propagation(const Linux& section, Findings& findings) {
    if (section.rootfs_propagation.empty()) return;
    findings.section("config-linux.md \"Rootfs Mount Propagation\"");
    findings.expect_one_of("linux.rootfsPropagation", section.rootfs_propagation, rootfs_propagations());
}

void check_protected_paths(const RuntimeConfig& config, const std::string& path,
                           const std::vector<std::string>& protected_paths, const char* heading,
                           Findings& findings) {
    if (protected_paths.empty()) return;
    findings.section(heading);
    if (find_namespace(config, "mount") == nullptr) {
        findings.add(path, "is set", "left out without an entry of type \"mount\" in linux.namespaces");
    }
    for (std::size_t i = 0; i < protected_paths.size(); ++i) {
        findings.expect_absolute(item_path(path, i), protected_paths[i]);
    }
}

void check_personality(const Personality& personality, Findings& findings) {
    findings.section("config-linux.md \"Personality\"");
    findings.expect_one_of("linux.personality.domain", personality.domain, personality_domains());
    if (!personality.flags.empty()) {
        findings.add("linux.personality.flags", "is not empty", "empty: no flag is defined");
    }
}

void check_linux(const RuntimeConfig& config, const Linux& section, Findings& findings) {
    check_namespaces(config, findings);
    check_devices("linux.devices", section.devices, findings);
    check_net_devices(config, findings);
    if (section.resources) check_resources(*section.resources, findings);
    if (section.intel_rdt) check_intel_rdt(*section.intel_rdt, findings);
    if (section.memory_policy) check_memory_policy(*section.memory_policy, findings);
    check_sysctl(config, findings);
    if (section.seccomp) check_seccomp(*section.seccomp, findings);
    check_propagation(section, findings);
    check_protected_paths(config, "linux.maskedPaths", section.masked_paths,
                          "config-linux.md \"Masked Paths\"", findings);
    check_protected_paths(config, "linux.readonlyPaths", section.readonly_paths,
                          "config-linux.md \"Readonly Paths\"", findings);
    if (section.personality) check_personality(*section.personality, findings);
}

}  // namespace

std::vector<Finding> validate(const RuntimeConfig& config) {
    Findings findings;
    check_version(config, findings);
    check_root(config, findings);
    if (config.process) check_process(*config.process, findings);
    check_uts_name(config, "hostname", config.hostname, findings);
    check_uts_name(config, "domainname", config.domainname, findings);
    check_mounts(config, findings);
    check_hooks(config, findings);
    check_annotations(config, findings);
    if (config.linux_section) check_linux(config, *config.linux_section, findings);
    return findings.take();
}

std::vector<Finding> validate_process(const Process& process) {
    Findings findings;
    check_process(process, findings);
    return findings.take();
}

std::vector<Finding> validate_resources(const Resources& resources) {
    Findings findings;
    check_resources(resources, findings);
    return findings.take();
}

std::vector<Finding> validate_update(const Update& update) {
    Findings findings;
    check_resources(update.resources, findings);
    RuntimeConfig config;
    config.mounts = update.mounts;
    // Whether the container has one is the planner's question.
    config.linux_section.emplace().namespaces.push_back({.type = "user", .path = {}});
    check_mounts(config, findings);
    check_devices("deviceNodes", update.device_nodes, findings);
    return findings.take();
}

}  // namespace oci::spec
