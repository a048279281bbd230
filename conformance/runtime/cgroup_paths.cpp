// runtime-spec config-linux.md "Cgroups Path", "Cgroup ownership", and the cgroup's end.

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Container;
using conformance::is_cgroup_v2;

namespace {

/// A controller that each of the two kinds has on any machine.
const char* any_controller() {
    return is_cgroup_v2() ? "" : "devices";
}

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

unsigned owner_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_uid : ~0U;
}

/// A container whose root is user 100000 outside.
void map_root(Bundle& bundle) {
    bundle.enter_namespace("user").owner("rootfs", 100000, 100000);
    bundle.set("/linux/uidMappings", R"([{"containerID": 0, "hostID": 100000, "size": 1000}])");
    bundle.set("/linux/gidMappings", R"([{"containerID": 0, "hostID": 100000, "size": 1000}])");
}

}  // namespace

RUNTIME_CASE_OF_CGROUPS("cgroup/absolute-path") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/cgroupsPath", conformance::Json::text("/" + c.unique("-absolute"))).ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const std::string expected = std::string("/sys/fs/cgroup/") + any_controller() +
                                 (is_cgroup_v2() ? "" : "/") + c.unique("-absolute");
    c.equal("the cgroup of the process", container.cgroup_directory(any_controller()), expected);
    c.check(exists(expected), "its directory exists");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/relative-path") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/cgroupsPath", conformance::Json::text(c.unique("-relative"))).ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const std::string directory = container.cgroup_directory(any_controller());
    c.check(directory.ends_with("/" + c.unique("-relative")), "the cgroup ends with the path", directory);
    c.check(exists(directory), "its directory exists", directory);
    c.need(container.kill("KILL") && container.wait_until_stopped() && container.remove(),
           "the container ends");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/same-path-same-place") {
    Bundle bundle = c.bundle();
    bundle.ask({"wait"});
    std::string first;
    for (int round = 0; round < 2; ++round) {
        Container container(c, bundle);
        container.launch();
        const std::string place = container.cgroup_directory(any_controller());
        c.equal("the cgroup in round " + std::to_string(round), place, round == 0 ? place : first);
        first = place;
        c.need(container.kill("KILL") && container.wait_until_stopped() && container.remove(),
               "the container ends");
    }
}

RUNTIME_CASE_OF_CGROUPS("cgroup/path-stays-inside") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/cgroupsPath", conformance::Json::text("/../../" + c.unique("-up"))).ask({"wait"});
    Container container(c, bundle);
    if (!container.create()) return c.check(true, "a path with .. is an error");
    const std::string place = container.cgroup_directory(any_controller());
    c.check(place.find("..") == std::string::npos && place.find(c.unique("-up")) != std::string::npos,
            "a path with .. stays below the mount point", place);
}

RUNTIME_CASE_OF_CGROUPS("cgroup/removed") {
    Bundle bundle = c.bundle();
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    std::vector<std::string> places;
    for (const char* controller : {"memory", "pids", "cpu", "devices", "freezer", "cpuset"})
        places.push_back(container.cgroup_directory(controller));
    c.need(container.kill("KILL") && container.wait_until_stopped(), "the container ends");
    c.need(container.remove(), "delete succeeds");
    for (const std::string& place : places)
        if (place.find(bundle.cgroup()) != std::string::npos) c.check(!exists(place), place + " is gone");
    c.check(true, "delete returned");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/failed-create-leaves-none") {
    Bundle bundle = c.bundle();
    bundle.mount("/m", "bind", c.path("does-not-exist"), "bind");
    c.refused(bundle, "a mount whose source does not exist");
    for (const char* root : {"/sys/fs/cgroup/", "/sys/fs/cgroup/memory/", "/sys/fs/cgroup/devices/",
                             "/sys/fs/cgroup/pids/", "/sys/fs/cgroup/freezer/"})
        c.check(!exists(root + bundle.cgroup()), "no cgroup is left in " + std::string(root));
}

RUNTIME_CASE_OF_CGROUPS("cgroup/owner-without-namespace") {
    Bundle bundle = c.bundle();
    map_root(bundle);
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const std::string place = container.cgroup_directory(any_controller());
    c.equal("owner of the cgroup", std::to_string(owner_of(place)), "0");
    c.equal("owner of cgroup.procs", std::to_string(owner_of(place + "/cgroup.procs")), "0");
}

RUNTIME_CASE_OF_CGROUPS("cgroup/owner-with-namespace") {
    if (!is_cgroup_v2()) c.skip("owners change on cgroup v2 only");
    Bundle bundle = c.bundle();
    map_root(bundle);
    bundle.enter_namespace("cgroup").directory("rootfs/sys/fs/cgroup");
    bundle.mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev").enter_namespace("network");
    bundle.mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,rw").ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const std::string place = container.cgroup_directory(any_controller());
    c.equal("owner of the cgroup", std::to_string(owner_of(place)), "100000");
    const std::string listed = conformance::read_text("/sys/kernel/cgroup/delegate");
    DIR* directory = ::opendir(place.c_str());
    c.need(directory != nullptr, "the cgroup's directory");
    if (directory == nullptr) return;
    while (const dirent* entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        if (name[0] == '.') continue;
        const bool is_listed = listed.find(name + "\n") != std::string::npos;
        c.equal("owner of " + name, std::to_string(owner_of(place + "/" + name)), is_listed ? "100000" : "0");
    }
    ::closedir(directory);
}
