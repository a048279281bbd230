// runtime-spec config.md "Linux Process": scheduler, ioPriority, execCPUAffinity; config-linux.md
// "Personality", "Memory policy".

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Json;

RUNTIME_CASE("scheduler/policy-and-nice") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/process/scheduler", R"({"policy": "SCHED_BATCH", "nice": 5})");
    const Json scheduler = c.facts(bundle)["scheduler"];
    c.equal("policy", scheduler["policy"], "3");
    c.equal("nice", scheduler["nice"], "5");
}

RUNTIME_CASE_OF_USERS("scheduler/idle") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/process/scheduler", R"({"policy": "SCHED_IDLE"})");
    c.equal("policy", c.facts(bundle)["scheduler"]["policy"], "5");
}

RUNTIME_CASE("scheduler/reset-on-fork") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/process/scheduler",
               R"({"policy": "SCHED_OTHER", "nice": 1, "flags": ["SCHED_FLAG_RESET_ON_FORK"]})");
    c.equal("flags", c.facts(bundle)["scheduler"]["flags"], "1");
}

RUNTIME_CASE("scheduler/unknown-policy") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/process/scheduler", R"({"policy": "SCHED_CONFORMANCE"})");
    c.refused(bundle, "an unknown scheduling policy");
}

RUNTIME_CASE("scheduler/without-policy") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/process/scheduler", R"({"nice": 5})");
    c.refused(bundle, "a scheduler without a policy");
}

RUNTIME_CASE("io-priority/class-and-level") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/process/ioPriority", R"({"class": "IOPRIO_CLASS_BE", "priority": 6})");
    c.equal("class and level", c.facts(bundle)["ioPriority"], "[2, 6]");
    bundle.set("/process/ioPriority", R"({"class": "IOPRIO_CLASS_IDLE", "priority": 0})");
    c.equal("class", c.facts(bundle)["ioPriority"][std::size_t{0}], "3");
}

RUNTIME_CASE("io-priority/unknown-class") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/process/ioPriority", R"({"class": "IOPRIO_CLASS_CONFORMANCE", "priority": 6})");
    c.refused(bundle, "an unknown class");
}

RUNTIME_CASE("exec-cpu-affinity/start-unchanged") {
    c.since("1.2.1");
    Bundle bundle = c.bundle();
    const Json without = c.facts(bundle)["affinity"];
    bundle.set("/process/execCPUAffinity", R"({"initial": "", "final": "0"})");
    c.equal("the affinity of the first process", c.facts(bundle)["affinity"], without.dump());
}

RUNTIME_CASE_OF_USERS("personality/linux32") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/personality", R"({"domain": "LINUX32"})");
    const Json facts = c.facts(bundle);
    c.equal("personality", facts["personality"], "8");
    c.check(facts["machine"].str() != "x86_64", "uname tells a 32 bit machine", facts["machine"].str());
}

RUNTIME_CASE("personality/unknown") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/personality", R"({"domain": "CONFORMANCE"})");
    c.refused(bundle, "an unknown execution domain");
}

RUNTIME_CASE("personality/without-domain") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/personality", R"({"flags": []})");
    c.refused(bundle, "a personality without a domain");
}

RUNTIME_CASE("memory-policy/mode") {
    c.since("1.3.0");
    Bundle bundle = c.bundle();
    bundle.set("/linux/memoryPolicy", R"({"mode": "MPOL_INTERLEAVE", "nodes": "0"})");
    const Json policy = c.facts(bundle)["memoryPolicy"];
    c.equal("mode", policy["mode"], "3");
    c.equal("nodes", policy["nodes"], "1");
}

RUNTIME_CASE("memory-policy/unknown") {
    c.since("1.3.0");
    Bundle bundle = c.bundle();
    bundle.set("/linux/memoryPolicy", R"({"mode": "MPOL_CONFORMANCE", "nodes": "0"})");
    c.refused(bundle, "an unknown memory policy");
}
