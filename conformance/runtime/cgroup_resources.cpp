// runtime-spec config-linux.md "Control groups": what the files of the container's cgroup hold.

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Container;
using conformance::is_cgroup_v2;
using conformance::Json;

namespace {

/// Whether containers can be given this controller here.
bool has_controller(const char* name) {
    if (!is_cgroup_v2()) return ::access((std::string("/sys/fs/cgroup/") + name).c_str(), F_OK) == 0;
    const std::string list = conformance::read_text("/sys/fs/cgroup/cgroup.controllers");
    const std::vector<std::string> names = oci::words(oci::trim(list));
    return std::find(names.begin(), names.end(), name) != names.end();
}

struct Expected {
    const char* v1;  // file on cgroup v1, null: none
    const char* v2;
    const char* v1_value;
    const char* v2_value;
};

/// Runs a container with these resources and looks at the files.
void holds(Case& c, const char* controller, const char* resources, const std::vector<Expected>& files) {
    if (!has_controller(controller))
        c.skip(std::string("there is no ") + controller + " controller in this view");
    Bundle bundle = c.bundle();
    bundle.set(
        std::string("/linux/resources/") + (std::string_view(controller) == "blkio" ? "blockIO" : controller),
        resources);
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const std::string place = container.cgroup_directory(controller);
    for (const Expected& expected : files) {
        const char* name = is_cgroup_v2() ? expected.v2 : expected.v1;
        if (name == nullptr) continue;
        const std::string text = conformance::read_text(place + "/" + name);
        c.equal(name, std::string(oci::trim(text)), is_cgroup_v2() ? expected.v2_value : expected.v1_value);
    }
}

}  // namespace

RUNTIME_CASE_OF_CGROUPS("cgroup/memory") {
    holds(c, "memory", R"({"limit": 104857600, "reservation": 52428800})",
          {{"memory.limit_in_bytes", "memory.max", "104857600", "104857600"},
           {"memory.soft_limit_in_bytes", "memory.low", "52428800", "52428800"}});
}

RUNTIME_CASE_OF_CGROUPS("cgroup/cpu") {
    holds(c, "cpu", R"({"shares": 512, "quota": 50000, "period": 100000})",
          {{"cpu.shares", "cpu.weight", "512", "20"},
           {"cpu.cfs_quota_us", "cpu.max", "50000", "50000 100000"},
           {"cpu.cfs_period_us", nullptr, "100000", ""}});
}

RUNTIME_CASE_OF_CGROUPS("cgroup/cpuset") {
    if (!has_controller("cpuset")) c.skip("there is no cpuset controller in this view");
    Bundle bundle = c.bundle();
    bundle.set("/linux/resources/cpu", R"({"cpus": "0", "mems": "0"})").ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const std::string place = container.cgroup_directory("cpuset");
    c.equal("cpuset.cpus", std::string(oci::trim(conformance::read_text(place + "/cpuset.cpus"))), "0");
    c.equal("cpuset.mems", std::string(oci::trim(conformance::read_text(place + "/cpuset.mems"))), "0");
    c.equal("affinity of the process", container.facts()["affinity"], "[0]");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/pids") {
    holds(c, "pids", R"({"limit": 77})", {{"pids.max", "pids.max", "77", "77"}});
}

RUNTIME_CASE_OF_CGROUPS("cgroup/blkio-throttle") {
    if (::access("/sys/block/loop0", F_OK) != 0) c.skip("there is no block device loop0");
    holds(c, "blkio",
          R"({"throttleReadBpsDevice": [{"major": 7, "minor": 0, "rate": 1000000}],
              "throttleWriteIOPSDevice": [{"major": 7, "minor": 0, "rate": 300}]})",
          {{"blkio.throttle.read_bps_device", "io.max", "7:0 1000000", ""},
           {"blkio.throttle.write_iops_device", nullptr, "7:0 300", ""}});
}

RUNTIME_CASE_OF_CGROUPS("cgroup/hugepages") {
    if (!has_controller("hugetlb")) c.skip("there is no hugetlb controller in this view");
    Bundle bundle = c.bundle();
    bundle.set("/linux/resources/hugepageLimits", R"([{"pageSize": "2MB", "limit": 4194304}])").ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const std::string file = is_cgroup_v2() ? "/hugetlb.2MB.max" : "/hugetlb.2MB.limit_in_bytes";
    c.equal(file,
            std::string(oci::trim(conformance::read_text(container.cgroup_directory("hugetlb") + file))),
            "4194304");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/unified") {
    if (!is_cgroup_v2()) c.skip("unified is for cgroup v2");
    Bundle bundle = c.bundle();
    // cgroup.max.depth is a file of every cgroup and of no controller: nobody needs to know it.
    bundle.set("/linux/resources/unified", R"({"cgroup.max.depth": "3"})").ask({"wait"});
    if (has_controller("hugetlb")) bundle.set("/linux/resources/unified/hugetlb.2MB.max", R"("2097152")");
    Container container(c, bundle);
    container.launch();
    const std::string place = container.cgroup_directory("");
    c.equal("cgroup.max.depth", std::string(oci::trim(conformance::read_text(place + "/cgroup.max.depth"))),
            "3");
    if (has_controller("hugetlb"))
        c.equal("hugetlb.2MB.max", std::string(oci::trim(conformance::read_text(place + "/hugetlb.2MB.max"))),
                "2097152");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/unified-missing") {
    if (!is_cgroup_v2()) c.skip("unified is for cgroup v2");
    Bundle bundle = c.bundle();
    bundle.set("/linux/resources/unified", R"({"conformance.max": "1"})");
    c.refused(bundle, "a controller that does not exist");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/devices-denied") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/devices", R"([{"type": "c", "path": "/dev/a", "major": 240, "minor": 77},
                                     {"type": "c", "path": "/dev/b", "major": 240, "minor": 78}])");
    bundle.set(
        "/linux/resources/devices",
        R"([{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 240, "minor": 78, "access": "r"}])");
    bundle.ask({"openrw=/dev/a", "openrw=/dev/b", "open=/dev/b", "open=/dev/null"});
    const Json facts = c.facts(bundle);
    c.equal("a device that is not allowed", facts["openrw=/dev/a"]["errno"].str(), "EPERM");
    c.equal("an access that is not allowed", facts["openrw=/dev/b"]["errno"].str(), "EPERM");
    // Nobody drives the device: ENXIO comes once the cgroup has let the call through.
    c.equal("an access that is allowed", facts["open=/dev/b"]["errno"].str(), "ENXIO");
    c.equal("a default device", facts["open=/dev/null"]["errno"].str(), "");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/devices-order") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/devices", R"([{"type": "c", "path": "/dev/a", "major": 240, "minor": 77},
                                     {"type": "c", "path": "/dev/b", "major": 240, "minor": 78}])");
    bundle.set("/linux/resources/devices", R"([
        {"allow": false, "access": "rwm"},
        {"allow": true, "type": "c", "major": 240, "minor": 77, "access": "rwm"},
        {"allow": false, "type": "c", "major": 240, "minor": 77, "access": "rwm"},
        {"allow": false, "type": "c", "major": 240, "minor": 78, "access": "rwm"},
        {"allow": true, "type": "c", "major": 240, "minor": 78, "access": "rwm"}])");
    bundle.ask({"open=/dev/a", "open=/dev/b"});
    const Json facts = c.facts(bundle);
    c.equal("allowed and then denied", facts["open=/dev/a"]["errno"].str(), "EPERM");
    c.equal("denied and then allowed", facts["open=/dev/b"]["errno"].str(), "ENXIO");
}
