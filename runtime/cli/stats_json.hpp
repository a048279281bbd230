#pragma once
// The statistics of `events` in runc's shape (its types/events.go). Pure.

#include <string>

#include "runtime/cgroup/cgroup_stats.hpp"

namespace ocirun {

/// {"type":"stats","id":ID,"data":{...}} on one line.
std::string stats_event(const std::string& id, const CgroupStats& stats);

}  // namespace ocirun
