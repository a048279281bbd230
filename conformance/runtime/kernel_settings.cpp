// runtime-spec config.md "Hostname", "Domainname"; config-linux.md "Sysctl", "IntelRdt".

#include <unistd.h>

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Json;

RUNTIME_CASE_OF_USERS("hostname/set") {
    Bundle bundle = c.bundle();
    bundle.set("/hostname", R"("a-name.example")");
    c.equal("hostname", c.facts(bundle)["hostname"].str(), "a-name.example");
}

RUNTIME_CASE_OF_USERS("hostname/host-unchanged") {
    char before[256] = {};
    ::gethostname(before, sizeof before - 1);
    Bundle bundle = c.bundle();
    c.facts(bundle);
    char after[256] = {};
    ::gethostname(after, sizeof after - 1);
    c.equal("the host's name", std::string(after), before);
    bundle.leave_namespace("uts");
    c.refused(bundle, "a hostname without a uts namespace");
}

RUNTIME_CASE_OF_USERS("domainname/set") {
    c.since("1.1.0");
    Bundle bundle = c.bundle();
    bundle.set("/domainname", R"("domain.example")");
    c.equal("domainname", c.facts(bundle)["domainname"].str(), "domain.example");
}

RUNTIME_CASE("sysctl/set") {
    Bundle bundle = c.bundle();
    bundle.enter_namespace("network");
    bundle.set(
        "/linux/sysctl",
        R"({"net.ipv4.ip_forward": "1", "kernel.msgmax": "7000", "net.ipv4.ping_group_range": "5 9"})");
    bundle.ask({"read=/proc/sys/net/ipv4/ip_forward", "read=/proc/sys/kernel/msgmax",
                "read=/proc/sys/net/ipv4/ping_group_range"});
    const Json facts = c.facts(bundle);
    c.equal("net.ipv4.ip_forward", facts["read=/proc/sys/net/ipv4/ip_forward"].str(), "1\n");
    c.equal("kernel.msgmax", facts["read=/proc/sys/kernel/msgmax"].str(), "7000\n");
    c.equal("net.ipv4.ping_group_range", facts["read=/proc/sys/net/ipv4/ping_group_range"].str(), "5\t9\n");
}

RUNTIME_CASE("sysctl/unknown") {
    Bundle bundle = c.bundle();
    bundle.enter_namespace("network").set("/linux/sysctl", R"({"net.ipv4.conformance": "1"})");
    c.refused(bundle, "a kernel parameter that does not exist");
}

RUNTIME_CASE("intel-rdt/not-mounted") {
    if (::access("/sys/fs/resctrl/schemata", F_OK) == 0) c.skip("resctrl is mounted on this machine");
    Bundle bundle = c.bundle();
    bundle.set("/linux/intelRdt", R"({"closID": "conformance", "l3CacheSchema": "L3:0=f"})");
    c.refused(bundle, "intelRdt without a mounted resctrl");
}
