#include "imagetool/bundle/user_namespace.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <limits>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::Fd;
using oci::Result;
using oci::spec::IdMapping;

constexpr std::uint64_t all_ids = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t subordinate_file_limit = std::size_t{4} << 20U;

/// The ranges of /proc/self/uid_map or gid_map as they are seen from inside.
Result<std::vector<IdMapping>> read_existing(const std::string& path) {
    std::vector<IdMapping> map;
    for (const std::string& line : oci::split(TRY(oci::read_kernel_file(path)), '\n')) {
        const std::vector<std::string> fields = oci::words(line);
        if (fields.size() != 3) continue;
        const auto first = oci::parse_integer<std::uint32_t>(fields[0]);
        const auto size = oci::parse_integer<std::uint32_t>(fields[2]);
        if (!first.has_value() || !size.has_value()) return oci::failure(path + ": not in the expected form");
        map.push_back({.container_id = *first, .host_id = *first, .size = *size});
    }
    return map;
}

/// The name of a user; empty when there is none.
std::string name_of(uid_t uid) {
    std::array<char, 4096> buffer{};
    struct passwd entry {};
    struct passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
    return entry.pw_name;
}

/// Appends what /etc/subuid or /etc/subgid give to the user (subuid(5): NAME-OR-UID:FIRST:COUNT).
Result<void> add_subordinates(const std::string& path, const OwnIds& own, std::vector<IdMapping>& map) {
    const auto text = oci::read_file(oci::current_directory, path, subordinate_file_limit);
    if (!text) return text.error().code == oci::ErrorCode::not_found ? Result<void>() : text.error();
    const std::string name = name_of(own.uid);
    std::uint64_t next = 1;
    for (const std::string& line : oci::split(*text, '\n')) {
        const std::vector<std::string> fields = oci::split(line, ':');
        if (fields.size() != 3) continue;
        if ((name.empty() || fields[0] != name) && fields[0] != std::to_string(own.uid)) continue;
        const auto first = oci::parse_integer<std::uint32_t>(fields[1]);
        const auto count = oci::parse_integer<std::uint32_t>(fields[2]);
        if (!first.has_value() || !count.has_value() || *count == 0 || next + *count > all_ids) continue;
        map.push_back({.container_id = static_cast<std::uint32_t>(next), .host_id = *first, .size = *count});
        next += *count;
    }
    return {};
}

/// A program in PATH; empty when it is not there.
std::string find_program(const std::string& name) {
    const char* const path = ::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): no threads yet
    for (const std::string& directory : oci::split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
        std::string file = directory + "/" + name;
        if (directory.starts_with('/') && ::access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
}

std::string map_text(const std::vector<IdMapping>& map) {
    std::string text;
    for (const IdMapping& range : map) {
        text += std::to_string(range.container_id) + " " + std::to_string(range.host_id) + " " +
                std::to_string(range.size) + "\n";
    }
    return text;
}

Result<void> run_mapper(const std::string& name, pid_t pid, const std::vector<IdMapping>& map) {
    oci::SpawnRequest request;
    request.path = find_program(name);
    if (request.path.empty()) {
        return oci::failure(oci::ErrorCode::unsupported,
                            "mapping more than one's own id needs " + name +
                                " (Debian: package uidmap), which is not in PATH");
    }
    request.arguments = {name, std::to_string(pid)};
    for (const IdMapping& range : map)
        for (const std::uint32_t number : {range.container_id, range.host_id, range.size})
            request.arguments.push_back(std::to_string(number));
    const Fd said(::memfd_create("said", MFD_CLOEXEC));
    request.standard_error = said;
    auto mapper = TRY(oci::spawn(request));
    const oci::ExitStatus exit = TRY(mapper.wait());
    if (exit.shell_code() == 0) return {};
    ::lseek(said.get(), 0, SEEK_SET);
    const auto text = oci::read_all(said, std::size_t{1} << 16U);
    const std::string reason(text ? oci::trim(*text) : std::string_view());
    return oci::failure(name + ": " + (reason.empty() ? exit.describe() : reason));
}

bool is_own_id(const std::vector<IdMapping>& map, std::uint32_t own) {
    return map.size() == 1 && map[0].size == 1 && map[0].host_id == own;
}

Result<void> write_maps(pid_t pid, const IdMaps& maps, const OwnIds& own) {
    const std::string process = "/proc/" + std::to_string(pid);
    const bool privileged = own.uid == 0;
    const bool own_gid = is_own_id(maps.gids, own.gid);
    const auto write = [](const std::string& path, const std::string& text) {
        return oci::write_kernel_file(oci::current_directory, path, text).in(path);
    };
    // Without privilege nobody may drop a group that denies him something (CVE-2014-8989).
    if (!privileged && own_gid) TRY(write(process + "/setgroups", "deny"));
    TRY(privileged || own_gid ? write(process + "/gid_map", map_text(maps.gids))
                              : run_mapper("newgidmap", pid, maps.gids));
    return privileged || is_own_id(maps.uids, own.uid) ? write(process + "/uid_map", map_text(maps.uids))
                                                       : run_mapper("newuidmap", pid, maps.uids);
}

/// A child in a new user namespace that does nothing: the maps have to be written from outside.
Result<oci::ChildProcess> hold_user_namespace() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return oci::last_system_failure("pipe");
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return oci::last_system_failure("fork");
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int answer = ::getppid() != parent ? ECHILD : ::unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
        if (::write(writing.get(), &answer, sizeof answer) != sizeof answer || answer != 0) ::_exit(1);
        for (;;) ::pause();
    }
    auto pidfd = oci::open_pidfd(pid);
    oci::ChildProcess child(pid, pidfd ? std::move(*pidfd) : Fd());
    writing.reset();
    int answer = ECHILD;
    ssize_t count = ::read(reading.get(), &answer, sizeof answer);
    while (count < 0 && errno == EINTR) count = ::read(reading.get(), &answer, sizeof answer);
    if (count == sizeof answer && answer == 0) return child;
    return oci::system_failure(count == sizeof answer ? answer : ECHILD, "make a user namespace");
}

}  // namespace

Result<OwnIds> look_up_own_ids() {
    OwnIds own{.uid = ::geteuid(), .gid = ::getegid()};
    own.existing.uids = TRY(read_existing("/proc/self/uid_map"));
    own.existing.gids = TRY(read_existing("/proc/self/gid_map"));
    const auto is_whole = [](const std::vector<IdMapping>& map) {
        return map.size() == 1 && map[0].container_id == 0 && map[0].size == all_ids;
    };
    own.has_all_ids = is_whole(own.existing.uids) && is_whole(own.existing.gids);
    return own;
}

IdMaps map_own_ids(const OwnIds& own) {
    return {.uids = {{.container_id = 0, .host_id = own.uid, .size = 1}},
            .gids = {{.container_id = 0, .host_id = own.gid, .size = 1}}};
}

Result<IdMaps> plan_subordinate_ids(const OwnIds& own) {
    IdMaps maps = map_own_ids(own);
    if (find_program("newuidmap").empty() || find_program("newgidmap").empty()) return maps;
    TRY(add_subordinates("/etc/subuid", own, maps.uids));
    TRY(add_subordinates("/etc/subgid", own, maps.gids));
    // Half a map is none: most owners have both ids of the same number.
    if (maps.uids.size() == 1 || maps.gids.size() == 1) return map_own_ids(own);
    return maps;
}

Result<void> enter_user_namespace(const IdMaps& maps, const OwnIds& own) {
    const oci::ChildProcess holder = TRY(hold_user_namespace());
    TRY(write_maps(holder.pid(), maps, own).in("map the ids"));
    const Fd entrance = TRY(oci::open_file("/proc/" + std::to_string(holder.pid()) + "/ns/user", O_RDONLY));
    if (::setns(entrance.get(), CLONE_NEWUSER) != 0)
        return oci::last_system_failure("enter the user namespace");
    return {};
}

}  // namespace ocimg
