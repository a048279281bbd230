// runtime-spec config-linux.md "Devices", "Default Devices"; runtime-linux.md "Dev symbolic links".

#include <sys/stat.h>

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Json;

namespace {

/// devices with one entry more, which the device cgroup allows.
Bundle& add_device(Bundle& bundle, const char* json) {
    return bundle.set("/linux/devices/-", json)
        .set("/linux/resources/devices/-", R"({"allow": true, "access": "rwm"})");
}

}  // namespace

RUNTIME_CASE_OF_KERNELS("devices/defaults") {
    Bundle bundle = c.bundle();
    bundle.ask({"stat=/dev/null", "stat=/dev/zero", "stat=/dev/full", "stat=/dev/random", "stat=/dev/urandom",
                "stat=/dev/tty", "openrw=/dev/null", "openrw=/dev/zero"});
    const Json facts = c.facts(bundle);
    int numbers[][3] = {{1, 3, 0}, {1, 5, 0}, {1, 7, 0}, {1, 8, 0}, {1, 9, 0}, {5, 0, 0}};
    int at = 0;
    for (const char* name :
         {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}) {
        const Json& status = facts[std::string("stat=") + name];
        c.equal(std::string("type of ") + name, status["type"].str(), "c");
        c.equal(std::string("major of ") + name, status["major"], std::to_string(numbers[at][0]));
        c.equal(std::string("minor of ") + name, status["minor"], std::to_string(numbers[at++][1]));
    }
    c.equal("opening /dev/null", facts["openrw=/dev/null"]["errno"].str(), "");
    c.equal("opening /dev/zero", facts["openrw=/dev/zero"]["errno"].str(), "");
}

RUNTIME_CASE_OF_USERS("devices/ptmx") {
    Bundle bundle = c.bundle();
    bundle.ask({"stat=/dev/ptmx", "openrw=/dev/ptmx"});
    const Json facts = c.facts(bundle);
    const Json& status = facts["stat=/dev/ptmx"];
    c.check(status["link"].str() == "pts/ptmx" || status["link"].str() == "/dev/pts/ptmx" ||
                status["type"].str() == "c",
            "/dev/ptmx leads to the container's pts", status.dump());
    c.equal("opening /dev/ptmx", facts["openrw=/dev/ptmx"]["errno"].str(), "");
}

RUNTIME_CASE_OF_USERS("devices/symlinks") {
    Bundle bundle = c.bundle();
    bundle.ask({"stat=/dev/fd", "stat=/dev/stdin", "stat=/dev/stdout", "stat=/dev/stderr"});
    const Json facts = c.facts(bundle);
    for (const auto& [name, target] :
         {std::pair("fd", "/proc/self/fd"), std::pair("stdin", "/proc/self/fd/0"),
          std::pair("stdout", "/proc/self/fd/1"), std::pair("stderr", "/proc/self/fd/2")})
        c.equal(std::string("/dev/") + name, facts[std::string("stat=/dev/") + name]["link"].str(), target);
}

RUNTIME_CASE_OF_KERNELS("devices/added") {
    Bundle bundle = c.bundle();
    add_device(
        bundle,
        R"({"type": "c", "path": "/dev/added", "major": 1, "minor": 5, "fileMode": 416, "uid": 3, "gid": 4})");
    bundle.set("/linux/devices/-", R"({"type": "u", "path": "/dev/unbuffered", "major": 1, "minor": 3})");
    bundle.set("/linux/devices/-", R"({"type": "b", "path": "/dev/block", "major": 7, "minor": 200})");
    bundle.ask({"stat=/dev/added", "stat=/dev/unbuffered", "stat=/dev/block"});
    const Json facts = c.facts(bundle);
    const Json& added = facts["stat=/dev/added"];
    c.equal("type", added["type"].str(), "c");
    c.equal("major", added["major"], "1");
    c.equal("minor", added["minor"], "5");
    c.equal("mode", added["mode"], "416");
    c.equal("owner", added["uid"], "3");
    c.equal("group", added["gid"], "4");
    c.equal("type of an unbuffered device", facts["stat=/dev/unbuffered"]["type"].str(), "c");
    c.equal("type of a block device", facts["stat=/dev/block"]["type"].str(), "b");
    c.equal("its minor", facts["stat=/dev/block"]["minor"], "200");
}

RUNTIME_CASE("devices/fifo") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/devices/-", R"({"type": "p", "path": "/dev/fifo", "fileMode": 438})")
        .ask({"stat=/dev/fifo"});
    const Json facts = c.facts(bundle);
    c.equal("type", facts["stat=/dev/fifo"]["type"].str(), "p");
}

RUNTIME_CASE("devices/outside-of-dev") {
    Bundle bundle = c.bundle();
    add_device(bundle, R"({"type": "c", "path": "/new/place/device", "major": 1, "minor": 3})");
    bundle.ask({"stat=/new/place/device"});
    c.equal("type", c.facts(bundle)["stat=/new/place/device"]["type"].str(), "c");
}

RUNTIME_CASE("devices/existing-file") {
    Bundle bundle = c.bundle();
    bundle.file("rootfs/taken", "a regular file");
    add_device(bundle, R"({"type": "c", "path": "/taken", "major": 1, "minor": 3})");
    c.refused(bundle, "a file in the device's place that is another thing");
}

RUNTIME_CASE("devices/unknown-type") {
    Bundle bundle = c.bundle();
    add_device(bundle, R"({"type": "x", "path": "/dev/x", "major": 1, "minor": 3})");
    c.refused(bundle, "an unknown type of device");
}

RUNTIME_CASE("devices/without-path") {
    Bundle bundle = c.bundle();
    add_device(bundle, R"({"type": "c", "major": 1, "minor": 3})");
    c.refused(bundle, "a device without a path");
}
