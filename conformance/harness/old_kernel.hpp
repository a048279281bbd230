#pragma once
// The view of an older kernel: the newer system calls answer ENOSYS, as if they had not been written yet.

namespace conformance {

/// Installs the filter for this process and its children.
bool forbid_newer_system_calls();

}  // namespace conformance
