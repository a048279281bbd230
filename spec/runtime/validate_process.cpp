// The rules of the process section.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>

#include "base/text.hpp"
#include "spec/runtime/checks.hpp"
#include "spec/runtime/names.hpp"

namespace oci::spec {

namespace {

void check_args(const Process& process, Findings& findings) {
    findings.section("config.md \"Process\"");
    if (process.args.empty()) {
        findings.add("process.args", "is empty", "a list that begins with the program to execute");
    } else if (process.args.front().empty()) {
        findings.add("process.args[0]", is_text(""), "the program to execute");
    }
    for (std::size_t i = 0; i < process.env.size(); ++i) {
        const std::string& entry = process.env[i];
        const std::size_t equals = entry.find('=');
        if (equals == std::string::npos || equals == 0 || entry.find('\0') != std::string::npos) {
            findings.add(item_path("process.env", i), is_text(entry), "of the form NAME=value");
        }
    }
    findings.expect_absolute("process.cwd", process.cwd);
}

void check_console(const Process& process, Findings& findings) {
    // The specification has consoleSize ignored without a terminal.
    if (!process.terminal || !process.console_size) return;
    constexpr std::uint32_t most = std::numeric_limits<std::uint16_t>::max();  // struct winsize
    const auto check = [&](const char* path, std::uint32_t value) {
        if (value > most) findings.add(path, is_number(value), "at most " + std::to_string(most));
    };
    check("process.consoleSize.height", process.console_size->height);
    check("process.consoleSize.width", process.console_size->width);
}

void check_id(const std::string& path, std::uint32_t id, Findings& findings) {
    constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();  // (uid_t)-1 means "no change"
    if (id == none) findings.add(path, is_number(id), "at most " + std::to_string(none - 1));
}

void check_user(const User& user, Findings& findings) {
    constexpr std::uint32_t most_umask = 0777;
    findings.section("config.md \"User\"");
    check_id("process.user.uid", user.uid, findings);
    check_id("process.user.gid", user.gid, findings);
    for (std::size_t i = 0; i < user.additional_gids.size(); ++i) {
        check_id(item_path("process.user.additionalGids", i), user.additional_gids[i], findings);
    }
    if (user.umask && *user.umask > most_umask) {
        findings.add("process.user.umask", is_number(*user.umask), "at most 511 (octal 777)");
    }
}

void check_rlimits(const Process& process, Findings& findings) {
    findings.section("config.md \"POSIX process\"");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < process.rlimits.size(); ++i) {
        const Rlimit& limit = process.rlimits[i];
        const std::string path = item_path("process.rlimits", i);
        findings.expect_one_of(path + ".type", limit.type, rlimit_names());
        if (!seen.insert(limit.type).second) {
            findings.add(path + ".type", "is listed twice (" + limit.type + ")", "listed once");
        }
        if (limit.soft > limit.hard) {
            findings.add(path + ".soft", is_number(limit.soft),
                         "at most the hard limit, " + std::to_string(limit.hard));
        }
    }
}

void check_scheduler(const Scheduler& scheduler, Findings& findings) {
    const std::string path = "process.scheduler";
    findings.expect_one_of(path + ".policy", scheduler.policy, scheduler_policies());
    findings.expect_all_of(path + ".flags", scheduler.flags, scheduler_flags());
    if (scheduler.nice && (*scheduler.nice < -20 || *scheduler.nice > 19)) {
        findings.add(path + ".nice", is_number(*scheduler.nice), "an integer from -20 to 19");
    }
    const bool real_time = scheduler.policy == "SCHED_FIFO" || scheduler.policy == "SCHED_RR";
    const std::int32_t priority = scheduler.priority.value_or(0);
    if (real_time && (priority < 1 || priority > 99)) {
        findings.add(path + ".priority", is_number(priority),
                     "an integer from 1 to 99 with " + scheduler.policy);
    } else if (!real_time && priority != 0) {
        findings.add(path + ".priority", is_number(priority),
                     "zero unless the policy is SCHED_FIFO or SCHED_RR");
    }
    const bool timed = scheduler.runtime.value_or(0) != 0 || scheduler.deadline.value_or(0) != 0 ||
                       scheduler.period.value_or(0) != 0;
    if (timed && scheduler.policy != "SCHED_DEADLINE") {
        findings.add(path, "has a runtime, deadline or period",
                     "without them unless the policy is SCHED_DEADLINE");
    }
}

}  // namespace

void check_scheduling(const Process& process, Findings& findings) {
    if (process.oom_score_adj && (*process.oom_score_adj < -1000 || *process.oom_score_adj > 1000)) {
        findings.add("process.oomScoreAdj", is_number(*process.oom_score_adj),
                     "an integer from -1000 to 1000");
    }
    if (process.scheduler) check_scheduler(*process.scheduler, findings);
    if (process.io_priority) {
        findings.expect_one_of("process.ioPriority.class", process.io_priority->io_class,
                               io_priority_classes());
        const std::int32_t priority = process.io_priority->priority;
        if (priority < 0 || priority > 7) {
            findings.add("process.ioPriority.priority", is_number(priority), "an integer from 0 to 7");
        }
    }
    if (process.exec_cpu_affinity) {
        findings.expect_number_list("process.execCPUAffinity.initial", process.exec_cpu_affinity->initial);
        findings.expect_number_list("process.execCPUAffinity.final", process.exec_cpu_affinity->final_set);
    }
}

void check_process(const Process& process, Findings& findings) {
    check_args(process, findings);
    check_console(process, findings);
    check_user(process.user, findings);
    check_rlimits(process, findings);
    findings.section("config.md \"Linux Process\"");
    check_scheduling(process, findings);
}

}  // namespace oci::spec
