#pragma once
// What this host supports and what it lacks, in words. Host process; looks and changes nothing.

#include <string>
#include <vector>

namespace ocirun {

enum class Support { yes, partly, no };

struct ReportItem {
    std::string name;  // "cgroups", "openat2"
    Support support = Support::yes;
    std::string text;  // what that means for containers
};

/// Kernel, namespaces, cgroups, system calls, security modules, programs and privileges.
std::vector<ReportItem> report_host();

}  // namespace ocirun
