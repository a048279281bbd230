#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "conformance/probe/facts.hpp"

namespace probe {
namespace {

/// struct sched_attr of sched_setattr(2), which glibc 2.36 does not declare.
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;
    std::uint64_t deadline;
    std::uint64_t period;
};

void add_scheduler(JsonOut& out) {
    SchedulingAttributes attributes{};
    attributes.size = sizeof attributes;
    ::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0);
    out.key("scheduler");
    out.open('{');
    out.number_field("policy", attributes.policy);
    out.number_field("flags", attributes.flags);
    out.number_field("nice", attributes.nice);
    out.number_field("priority", attributes.priority);
    out.number_field("runtime", attributes.runtime);
    out.number_field("deadline", attributes.deadline);
    out.number_field("period", attributes.period);
    out.close('}');
}

}  // namespace

void add_scheduling_facts(JsonOut& out) {
    add_scheduler(out);
    const long priority = ::syscall(SYS_ioprio_get, 1, 0);  // IOPRIO_WHO_PROCESS, this one
    out.key("ioPriority");
    out.open('[');
    out.number(priority >> 13);  // the class
    out.number(priority & 0x1fff);
    out.close(']');
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    ::sched_getaffinity(0, sizeof cpus, &cpus);
    out.key("affinity");
    out.open('[');
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &cpus)) out.number(cpu);
    out.close(']');
    out.number_field("personality", ::personality(0xffffffff));
    int mode = -1;
    unsigned long nodes[16] = {};
    ::syscall(SYS_get_mempolicy, &mode, nodes, sizeof nodes * 8, nullptr, 0);
    out.key("memoryPolicy");
    out.open('{');
    out.number_field("mode", mode);
    out.number_field("nodes", nodes[0]);
    out.close('}');
}

}  // namespace probe
