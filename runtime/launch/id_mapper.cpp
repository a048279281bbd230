#include "runtime/launch/id_mapper.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/init/trusted_proc.hpp"
#include "runtime/kernel/clone.hpp"
#include "runtime/kernel/credentials.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// The one map that needs no privilege: the caller's own id and nothing else.
bool is_own_id(const std::vector<IdRange>& ranges, std::uint32_t own) {
    return ranges.size() == 1 && ranges[0].size == 1 && ranges[0].host_id == own;
}

bool has_capability(unsigned capability) {
    return (kernel::permitted_set() >> capability & 1U) != 0;
}

Result<std::string> find_helper(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const std::string& directory : oci::split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
        const std::string file = directory + "/" + name;
        if (directory.starts_with('/') && ::access(file.c_str(), X_OK) == 0) return file;
    }
    return oci::failure(oci::ErrorCode::unsupported, "mapping more than one's own id needs " + name +
                                                         " (Debian: package uidmap), which is not in PATH");
}

/// newuidmap and newgidmap map what /etc/subuid and /etc/subgid give to the user.
Result<void> run_helper(const std::string& name, pid_t pid, const std::vector<IdRange>& ranges) {
    oci::SpawnRequest request;
    request.path = TRY(find_helper(name));
    request.arguments = {name, std::to_string(pid)};
    for (const IdRange& range : ranges) {
        for (const std::uint32_t number : {range.container_id, range.host_id, range.size})
            request.arguments.push_back(std::to_string(number));
    }
    const Fd said(::memfd_create("said", MFD_CLOEXEC));
    request.standard_error = said;
    auto helper = TRY(oci::spawn(request));
    const oci::ExitStatus exit = TRY(helper.wait());
    if (exit.shell_code() == 0) return {};
    ::lseek(said.get(), 0, SEEK_SET);
    const auto text = oci::read_all(said, std::size_t{1} << 16U);
    const std::string reason(text ? oci::trim(*text) : std::string_view());
    return oci::failure(reason.empty() ? name + ": " + exit.describe() : reason);
}

}  // namespace

Result<void> write_id_maps(BorrowedFd proc, pid_t pid, const IdMapPlan& maps) {
    const std::string directory = std::to_string(pid);
    if (!maps.gids.empty()) {
        const bool privileged = has_capability(CAP_SETGID);
        const bool own = is_own_id(maps.gids, ::getegid());
        // Without privilege nobody may drop a group that denies him something (CVE-2014-8989).
        if (!privileged && own) TRY(write_proc(proc, directory + "/setgroups", "deny"));
        TRY((privileged || own ? write_proc(proc, directory + "/gid_map", id_map_text(maps.gids))
                               : run_helper("newgidmap", pid, maps.gids))
                .in("linux.gidMappings"));
    }
    if (!maps.uids.empty()) {
        const bool direct = has_capability(CAP_SETUID) || is_own_id(maps.uids, ::geteuid());
        TRY((direct ? write_proc(proc, directory + "/uid_map", id_map_text(maps.uids))
                    : run_helper("newuidmap", pid, maps.uids))
                .in("linux.uidMappings"));
    }
    return {};
}

Result<Fd> make_user_namespace(BorrowedFd proc, const IdMapPlan& maps) {
    auto cloned = TRY(kernel::clone_process({.flags = CLONE_NEWUSER}));
    if (cloned.pid == 0) {
        for (;;) ::pause();
    }
    // Dropping the child ends and reaps it; the descriptor keeps the namespace.
    const oci::ChildProcess holder(cloned.pid, std::move(cloned.pidfd));
    TRY(write_id_maps(proc, holder.pid(), maps));
    return oci::open_file("/proc/" + std::to_string(holder.pid()) + "/ns/user", O_RDONLY);
}

}  // namespace ocirun
