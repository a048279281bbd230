#pragma once
// Writes to procfs that nothing in the container can redirect. Runs in init, on the host's /proc.

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocirun {

/// Opens /proc and verifies that it is a procfs.
oci::Result<oci::Fd> open_trusted_proc();

/// Writes a file below `proc` ("self/oom_score_adj", "sys/net/ipv4/ip_forward"). No symbolic link but
/// "self" itself and no mount may be on the way, and the file must be on a procfs.
oci::Result<void> write_proc(oci::BorrowedFd proc, const std::string& path, std::string_view value);
/// Opens such a file for writing, to be written later.
oci::Result<oci::Fd> open_proc(oci::BorrowedFd proc, const std::string& path, int flags);

/// The pid of the calling process as `proc` numbers it.
oci::Result<int> own_pid(oci::BorrowedFd proc);

}  // namespace ocirun
