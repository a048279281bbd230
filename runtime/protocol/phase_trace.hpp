#pragma once
// How long each phase of a start takes, on both sides of the clone: --trace-phases. Runs in the host process
// and in init, which write into the same memory. While nobody has asked, a mark costs one comparison.

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ocirun {

/// The process that a phase ran in.
enum class Lane : std::uint32_t { host, intermediate, init };
inline constexpr std::size_t lane_count = 3;

/// One phase that has ended. Times in nanoseconds since tracing began.
struct Phase {
    Lane lane = Lane::host;
    std::string name;
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

namespace detail {

struct Mark {
    const char* name;  // a literal: every process here is the same program
    std::int64_t begin;
    std::int64_t end;
    Lane lane;
};

constexpr std::size_t most_marks = 256;

/// Shared by the processes; anonymous memory that execve drops.
struct TraceMemory {
    std::atomic<std::uint32_t> count;
    std::array<std::atomic<std::int64_t>, lane_count> last;  // where each lane's next phase begins
    std::int64_t origin;
    std::array<Mark, most_marks> marks;
};

struct Tracing {
    TraceMemory* memory = nullptr;
    Lane lane = Lane::host;
};

inline Tracing& tracing() {
    static Tracing state;
    return state;
}

void record(const char* name, Lane lane);
void start_lane(Lane lane);

}  // namespace detail

/// From now on phases are recorded, in this process and in those it clones.
oci::Result<void> start_tracing();

/// The phase of this process that began with the last mark has ended. `name` is a string literal.
inline void phase_done(const char* name) {
    if (detail::tracing().memory != nullptr) detail::record(name, detail::tracing().lane);
}

/// A phase of another process has ended, as seen from here: what init cannot say after its execve.
inline void phase_done_in(Lane lane, const char* name) {
    if (detail::tracing().memory != nullptr) detail::record(name, lane);
}

/// First thing after a clone: what follows happens in this lane.
inline void enter_lane(Lane lane) {
    if (detail::tracing().memory != nullptr) detail::start_lane(lane);
}

/// What was recorded, in the order in which the phases ended. Empty without start_tracing().
std::vector<Phase> recorded_phases();

}  // namespace ocirun
