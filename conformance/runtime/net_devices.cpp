// runtime-spec config-linux.md "Network Devices".

#include <sched.h>

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;

namespace {

/// The case's own network namespace with a virtual device and an address on it.
void make_device(Case& c) {
    c.since("1.3.0");
    const auto features = c.call("features", {});
    if (!Json::of(features.out.text())["linux"]["netDevices"]["enabled"].truth())
        c.skip("this runtime's features do not tell of netDevices");
    c.need(::unshare(CLONE_NEWNET) == 0, "a network namespace");
    if (!conformance::run_command({"/sbin/ip", "link", "add", "oci0", "type", "veth", "peer", "name", "oci1"})
             .ok())
        c.skip("this machine cannot make a virtual network device");
    c.need(conformance::run_command({"/sbin/ip", "address", "add", "10.9.8.7/24", "dev", "oci0"}).ok(),
           "an address");
}

Bundle with_device(Case& c, const char* devices) {
    Bundle bundle = c.bundle();
    bundle.enter_namespace("network").set("/linux/netDevices", devices);
    return std::move(bundle.ask({"read=/proc/net/dev", "read=/proc/net/route", "read=/proc/net/fib_trie"}));
}

}  // namespace

RUNTIME_CASE("net-devices/moved") {
    make_device(c);
    const Json facts = c.facts(with_device(c, R"({"oci0": {"name": "inside0"}})"));
    c.check(facts["read=/proc/net/dev"].str().find("inside0:") != std::string::npos,
            "the device is in the container", facts["read=/proc/net/dev"].str());
    // Only a device that is up has the route of its address.
    c.check(facts["read=/proc/net/route"].str().find("inside0") != std::string::npos, "the device is up",
            facts["read=/proc/net/route"].str());
}

RUNTIME_CASE("net-devices/keeps-address") {
    make_device(c);
    const Json facts = c.facts(with_device(c, R"({"oci0": {}})"));
    c.check(facts["read=/proc/net/dev"].str().find("oci0:") != std::string::npos, "the device keeps its name",
            facts["read=/proc/net/dev"].str());
    c.check(facts["read=/proc/net/fib_trie"].str().find("10.9.8.7") != std::string::npos,
            "it keeps its address", facts["read=/proc/net/fib_trie"].str());
}

RUNTIME_CASE("net-devices/missing") {
    make_device(c);
    c.refused(with_device(c, R"({"not-there": {}})"), "a network device that does not exist");
}

RUNTIME_CASE("net-devices/name-taken") {
    make_device(c);
    c.refused(with_device(c, R"({"oci0": {"name": "lo"}})"), "a name that is taken in the container");
}
