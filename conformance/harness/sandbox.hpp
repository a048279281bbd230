#pragma once
// Where a case runs: private mount and pid namespaces, a tmpfs to work in, one view of the cgroups and the
// kernel. When the case's process ends, the kernel ends everything it started; cgroups are removed
// afterwards.

#include <sys/types.h>

#include <chrono>

#include "conformance/harness/case.hpp"

namespace conformance {

/// Why a view cannot be had on this machine; empty when it can.
std::string why_no_view(View view);

/// A case on its way. `report` delivers its result as a line of JSON, or "!reason" when it came to no
/// verdict.
struct RunningCase {
    pid_t pid = -1;
    Output report;
    const CaseEntry* entry = nullptr;
    View view = View::as_mounted;
    std::chrono::steady_clock::time_point began;
};

/// Starts a case. With `keep` its directory is left on disk.
oci::Result<RunningCase> start_case(const CaseEntry& entry, Setting setting, std::chrono::seconds limit,
                                    bool keep);

/// The verdict of a case whose process has ended.
CaseResult collect_case(RunningCase& running);

/// Removes the cgroups whose names begin with `prefix`, in every hierarchy that is mounted.
void remove_cgroups(const std::string& prefix);

}  // namespace conformance
