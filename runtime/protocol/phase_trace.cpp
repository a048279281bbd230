#include "runtime/protocol/phase_trace.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <ctime>
#include <new>

namespace ocirun {

namespace {

std::int64_t nanoseconds_of(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Not the monotonic clock: a container's time namespace shifts it.
std::int64_t now() {
    return nanoseconds_of(CLOCK_REALTIME);
}

}  // namespace

namespace detail {

void record(const char* name, Lane lane) {
    TraceMemory& memory = *tracing().memory;
    const std::int64_t end = now();
    const std::int64_t begin = memory.last[static_cast<std::size_t>(lane)].exchange(end);
    const std::uint32_t place = memory.count.fetch_add(1);
    if (place < most_marks) memory.marks[place] = {name, begin, end, lane};
}

void start_lane(Lane lane) {
    Tracing& trace = tracing();
    if (trace.memory == nullptr) return;
    trace.lane = lane;
    trace.memory->last[static_cast<std::size_t>(lane)] = now();
}

}  // namespace detail

oci::Result<void> start_tracing() {
    void* const memory = ::mmap(nullptr, sizeof(detail::TraceMemory), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return oci::last_system_failure("--trace-phases: memory for the phases");
    auto* const shared = new (memory) detail::TraceMemory{};
    detail::tracing().memory = shared;
    // What the program has done before main is known only as processor time: the second start from a
    // protected place belongs to it (launch/self_protection.hpp).
    shared->origin = now() - nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID);
    shared->last[static_cast<std::size_t>(Lane::host)] = shared->origin;
    phase_done("start-up of the program");
    return {};
}

std::vector<Phase> recorded_phases() {
    std::vector<Phase> phases;
    const detail::TraceMemory* const memory = detail::tracing().memory;
    if (memory == nullptr) return phases;
    const std::size_t count = std::min<std::size_t>(memory->count.load(), detail::most_marks);
    for (std::size_t i = 0; i < count; ++i) {
        const detail::Mark& mark = memory->marks[i];
        if (mark.name == nullptr) continue;  // its process was killed while it wrote
        phases.push_back({mark.lane, mark.name, mark.begin - memory->origin, mark.end - memory->origin});
    }
    return phases;
}

}  // namespace ocirun
