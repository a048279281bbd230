#pragma once
// The container's terminal. Runs in init and in exec processes.

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/process_plan.hpp"

namespace ocirun {

struct Terminal {
    oci::Fd master;
    oci::Fd slave;
};

/// A new pseudo-terminal out of the devpts below `root` (the container's own), with the window size and
/// owner that the process asks for. Everything is verified to be a devpts.
oci::Result<Terminal> open_terminal(oci::BorrowedFd root, const ProcessPlan& process);

/// Binds the terminal on /dev/console below `root`.
oci::Result<void> bind_console(const Terminal& terminal, oci::BorrowedFd root);

/// Sends the master over `console_socket`, makes the slave the controlling terminal and standard
/// input, output and error of this process.
oci::Result<void> use_terminal(Terminal terminal, oci::BorrowedFd console_socket);

}  // namespace ocirun
