// The rules of the seccomp section.

#include <cstdint>
#include <optional>

#include "spec/runtime/checks.hpp"
#include "spec/runtime/names.hpp"

namespace oci::spec {

namespace {

void check_errno(const std::string& path, const std::string& action,
                 const std::optional<std::uint32_t>& number, Findings& findings) {
    if (!number) return;
    const bool is_errno = action == "SCMP_ACT_ERRNO";
    if (!is_errno && action != "SCMP_ACT_TRACE") {
        findings.add(path, "is set", "left out unless the action is SCMP_ACT_ERRNO or SCMP_ACT_TRACE");
        return;
    }
    // The kernel cuts errnos at MAX_ERRNO; SECCOMP_RET_DATA has 16 bits.
    const std::uint32_t most = is_errno ? 4095 : 65535;
    if (*number > most) {
        findings.add(path, is_number(*number), "an integer from 0 to " + std::to_string(most));
    }
}

void check_rule(const SeccompSyscall& rule, const std::string& path, Findings& findings) {
    if (rule.names.empty()) findings.add(path + ".names", "is empty", "a list with at least one system call");
    for (std::size_t i = 0; i < rule.names.size(); ++i) {
        if (rule.names[i].empty()) {
            findings.add(item_path(path + ".names", i), is_text(""), "the name of a system call");
        }
    }
    findings.expect_one_of(path + ".action", rule.action, seccomp_actions());
    check_errno(path + ".errnoRet", rule.action, rule.errno_ret, findings);
    for (std::size_t i = 0; i < rule.args.size(); ++i) {
        const std::string item = item_path(path + ".args", i);
        if (rule.args[i].index > 5) {
            findings.add(item + ".index", is_number(rule.args[i].index), "an integer from 0 to 5");
        }
        findings.expect_one_of(item + ".op", rule.args[i].op, seccomp_operators());
    }
}

}  // namespace

void check_seccomp(const Seccomp& seccomp, Findings& findings) {
    findings.section("config-linux.md \"Seccomp\"");
    const std::string path = "linux.seccomp";
    findings.expect_one_of(path + ".defaultAction", seccomp.default_action, seccomp_actions());
    check_errno(path + ".defaultErrnoRet", seccomp.default_action, seccomp.default_errno_ret, findings);
    findings.expect_all_of(path + ".architectures", seccomp.architectures, seccomp_architectures());
    findings.expect_all_of(path + ".flags", seccomp.flags.value_or(std::vector<std::string>()),
                           seccomp_flags());
    bool notifies = false;
    for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
        check_rule(seccomp.syscalls[i], item_path(path + ".syscalls", i), findings);
        notifies = notifies || seccomp.syscalls[i].action == "SCMP_ACT_NOTIFY";
    }
    // The agent could never receive the descriptor: sending it is a system call, too.
    if (seccomp.default_action == "SCMP_ACT_NOTIFY") {
        findings.add(path + ".defaultAction", is_text(seccomp.default_action), "another action");
    }
    if (notifies && seccomp.listener_path.empty()) {
        findings.add(path + ".listenerPath", "is required with SCMP_ACT_NOTIFY");
    }
    if (!seccomp.listener_metadata.empty() && seccomp.listener_path.empty()) {
        findings.add(path + ".listenerMetadata", "is set", "left out without listenerPath");
    }
}

}  // namespace oci::spec
