#include "runtime/cgroup/resctrl.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Fd;
using oci::Result;

namespace {

constexpr std::size_t schemata_limit = std::size_t{1} << 20U;
constexpr const char* monitor_directory = "mon_groups";

Result<std::string> find_resctrl() {
    // There is no such file system in a virtual machine: tests bring a stand-in.
    if (const char* stand_in = ::secure_getenv("OCI_TEST_RESCTRL")) return std::string(stand_in);
    for (const std::string& line : oci::split(TRY(oci::read_kernel_file("/proc/self/mountinfo")), '\n')) {
        const std::vector<std::string> words = oci::words(line);
        const auto dash = std::find(words.begin(), words.end(), "-");
        if (words.size() > 5 && words.end() - dash > 1 && dash[1] == "resctrl") return words[4];
    }
    return oci::failure(ErrorCode::unsupported,
                        "linux.intelRdt: no resctrl file system is mounted on this host");
}

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// The kernel's own words about the last command, if it has any.
std::string last_status(const std::string& group) {
    std::string directory = group;
    while (!directory.empty()) {
        const auto text = oci::read_kernel_file(directory + "/info/last_cmd_status");
        if (text) {
            const std::string words(oci::trim(*text));
            return words.empty() || words == "ok" ? "" : " (" + words + ")";
        }
        directory.resize(directory.find_last_of('/'));
    }
    return {};
}

Result<void> make_group(const std::string& path, const std::string& what) {
    if (::mkdir(path.c_str(), 0755) == 0) return {};
    const int error = errno;
    const std::string reason = error == ENOSPC ? " (the hardware has no more of them)" : last_status(path);
    return oci::system_failure(error, what + ": mkdir " + path + reason);
}

Result<void> remove_group(const std::string& path) {
    if (path.empty() || ::rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
    return oci::last_system_failure("rmdir " + path);
}

Result<void> write_task(const std::string& group, pid_t pid) {
    const Fd directory = TRY(oci::open_file(group, O_PATH | O_DIRECTORY));
    return oci::write_kernel_file(directory, "tasks", std::to_string(pid) + "\n")
        .in("linux.intelRdt: " + group + last_status(group));
}

Result<void> settle_group(const RdtPlan& plan, const ResctrlLocation& location, bool& made) {
    const bool there = is_directory(location.group);
    if (!there && plan.named && plan.lines.empty())
        return oci::failure(ErrorCode::not_found, "linux.intelRdt.closID: there is no group " +
                                                      location.group +
                                                      ", and no schemata are given to make it with");
    if (!there) {
        TRY(make_group(location.group, plan.named ? "linux.intelRdt.closID" : "linux.intelRdt"));
        made = true;
        return write_schemata(location, plan.lines);
    }
    if (plan.lines.empty()) return {};
    const std::string difference =
        compare_schemata(plan.lines, oci::join(TRY(read_schemata(location)), "\n"));
    if (difference.empty()) return {};
    return oci::failure(ErrorCode::wrong_state, "linux.intelRdt: the group " + location.group +
                                                    " exists with other schemata: " + difference);
}

}  // namespace

Result<ResctrlLocation> locate_resctrl(const RdtPlan& plan, const std::string& container_id) {
    ResctrlLocation location;
    location.group = TRY(find_resctrl());
    if (!is_directory(location.group + "/info"))
        return oci::failure(ErrorCode::unsupported,
                            "linux.intelRdt: " + location.group + " is not a resctrl file system");
    if (!plan.group.empty()) location.group += "/" + plan.group;
    location.created = !plan.named && !is_directory(location.group);
    if (plan.monitoring) location.monitor = location.group + "/" + monitor_directory + "/" + container_id;
    return location;
}

Result<void> create_resctrl(const RdtPlan& plan, const ResctrlLocation& location, bool& made) {
    made = false;
    auto done = settle_group(plan, location, made);
    if (done && !location.monitor.empty())
        done = make_group(location.monitor, "linux.intelRdt.enableMonitoring");
    if (!done && made) static_cast<void>(remove_group(location.group).has_value());
    return done;
}

Result<void> add_to_resctrl(const ResctrlLocation& location, pid_t pid) {
    if (location.group.empty()) return {};
    TRY(write_task(location.group, pid));
    return location.monitor.empty() ? Result<void>() : write_task(location.monitor, pid);
}

Result<void> remove_resctrl(const ResctrlLocation& location, bool group_too) {
    TRY(remove_group(location.monitor));
    return group_too ? remove_group(location.group) : Result<void>();
}

Result<std::vector<std::string>> read_schemata(const ResctrlLocation& location) {
    const Fd group = TRY(oci::open_file(location.group, O_PATH | O_DIRECTORY));
    std::vector<std::string> lines;
    for (const std::string& line : oci::split(TRY(oci::read_file(group, "schemata", schemata_limit)), '\n')) {
        const std::string_view text = oci::trim(line);
        if (!text.empty()) lines.emplace_back(text);
    }
    return lines;
}

Result<void> write_schemata(const ResctrlLocation& location, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    const Fd group = TRY(oci::open_file(location.group, O_PATH | O_DIRECTORY));
    for (const std::string& line : lines) {
        TRY(oci::write_kernel_file(group, "schemata", line + "\n")
                .in("linux.intelRdt: " + oci::quote(line) + last_status(location.group)));
    }
    return {};
}

}  // namespace ocirun
