#pragma once
// Where a whole build runs: a child in private mount and pid namespaces, so that nothing of a build (mounts,
// processes) can outlive it, however it ends.

#include <functional>
#include <string>

#include "base/result.hpp"

namespace ocimg::build {

/// Lets an ordinary user be root: this process, which must have no other threads, enters a user namespace
/// with the ids of /etc/subuid and /etc/subgid, and goes on to use the user's own store. True for anybody who
/// is not root of the host; root of some other user namespace stays in that one. `warn` is told when only the
/// user's own id could be had.
oci::Result<bool> become_root(const std::function<void(const std::string&)>& warn);

/// Runs `work` in a child process that is process 1 of its own pid namespace, and gives its exit code.
/// When this process dies, the kernel kills the child and with it everything below; an interruption does the
/// same and is an error. Call it before any thread is started.
oci::Result<int> run_in_build_sandbox(const std::function<int()>& work);

}  // namespace ocimg::build
