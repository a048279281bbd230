#pragma once
// CRIU as a child process that is asked over a socket (`criu swrk`). Runs in the host process.

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/process.hpp"
#include "base/result.hpp"
#include "runtime/protocol/criu_message.hpp"

namespace ocirun {

/// A directory that CRIU sees mounted elsewhere, in a mount namespace of its own that ends with it.
struct CriuRoot {
    std::string source;
    std::string place;  // an existing directory
};

struct CriuLaunch {
    std::string program;                         // absolute path
    std::vector<oci::BorrowedFd> inherited;      // become descriptors 4, 5, ... of CRIU
    std::vector<std::string> directories;        // opened by CRIU's process: the descriptors after those
    bool keep_standard_streams = false;          // restore: they become those of the container
    std::optional<CriuRoot> root;                // restore
    std::optional<oci::BorrowedFd> into_cgroup;  // restore: the container's cgroup (v2)
};

/// The first descriptor of CriuLaunch::inherited, as CRIU counts.
inline constexpr int first_inherited_descriptor = 4;

/// Its number of one of the directories, which requests name.
inline int directory_descriptor(const CriuLaunch& launch, std::size_t index) {
    return first_inherited_descriptor + static_cast<int>(launch.inherited.size() + index);
}

/// What CRIU says on its way; an error stops it. The descriptor is the terminal of "orphan-pts-master".
using CriuListener = std::function<oci::Result<void>(const CriuAnswer& notification, oci::Fd descriptor)>;

class CriuService {
public:
    static oci::Result<CriuService> start(const CriuLaunch& launch);

    /// Lets it clean up (a dump that is broken off must set its processes free), then kills it.
    ~CriuService();
    CriuService(const CriuService&) = delete;
    CriuService& operator=(const CriuService&) = delete;
    CriuService(CriuService&&) noexcept = default;
    CriuService& operator=(CriuService&&) = delete;

    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    /// Whether the kernel has put it into the cgroup that was asked for.
    [[nodiscard]] bool in_cgroup() const { return in_cgroup_; }
    /// Sends the request and answers notifications until the request is answered. An answer that tells of
    /// a failure is an error.
    oci::Result<CriuAnswer> ask(const std::string& request, const CriuListener& listener = {});
    /// Nothing more will be asked: waits for its end. An exit status other than 0 is an error if `strict`.
    oci::Result<void> finish(bool strict);

private:
    CriuService(oci::ChildProcess child, oci::Fd socket)
        : child_(std::move(child)), socket_(std::move(socket)) {}
    oci::Result<CriuAnswer> receive(oci::Fd& descriptor);

    oci::ChildProcess child_;
    bool in_cgroup_ = false;
    oci::Fd socket_;
};

/// Where criu is in PATH. The error says what it is needed for.
oci::Result<std::string> find_criu();

/// The last line of CRIU's log that tells of an error, without its time stamp; empty when there is none.
std::string last_criu_error(oci::BorrowedFd directory, const std::string& log_file);

}  // namespace ocirun
