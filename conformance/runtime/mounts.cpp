// runtime-spec config.md "Mounts" and "POSIX-platform Mounts", config-linux.md "Default Filesystems".

#include <sys/mount.h>
#include <unistd.h>

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;
using conformance::mount_at;

namespace {

/// A bind mount whose files belong to other users inside than on the host.
Json map_mount(Case& c, const char* bind, const char* option) {
    c.since("1.2.0");
    Bundle bundle = c.bundle();
    bundle.directory("source/below").directory("rootfs/m").file("source/file", "x");
    const std::string source = bundle.path("source");
    c.need(::mount("tmpfs", bundle.path("source/below").c_str(), "tmpfs", 0, nullptr) == 0, "a mount below");
    bundle.file("source/below/file", "x");
    bundle.owner("source/file", 1000, 2000).owner("source/below/file", 1000, 2000);
    bundle.mount("/m", "", source, std::string(bind) + "," + option);
    bundle.set("/mounts/3/uidMappings", R"([{"containerID": 0, "hostID": 500, "size": 5000}])");
    bundle.set("/mounts/3/gidMappings", R"([{"containerID": 0, "hostID": 700, "size": 5000}])");
    bundle.ask({"stat=/m/file", "stat=/m/below/file"});
    return c.facts(bundle);
}

}  // namespace

RUNTIME_CASE_OF_KERNELS("mounts/listed-order") {
    Bundle bundle = c.bundle();
    bundle.directory("first/sub").directory("second").file("second/file", "x").directory("rootfs/m");
    bundle.mount("/m", "", bundle.path("first"), "bind").mount("/m/sub", "", bundle.path("second"), "bind");
    bundle.directory("rootfs/n/sub").mount("/n/sub", "", bundle.path("second"), "bind");
    bundle.mount("/n", "", bundle.path("first"), "bind").ask({"stat=/m/sub/file", "stat=/n/sub/file"});
    const Json facts = c.facts(bundle);
    c.equal("a mount below an earlier one", facts["stat=/m/sub/file"]["type"].str(), "f");
    c.equal("a mount that a later one covers", facts["stat=/n/sub/file"]["errno"].str(), "ENOENT");
}

RUNTIME_CASE_OF_USERS("mounts/type-and-source") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/m").mount("/m", "tmpfs", "of-this-name", "size=1024k");
    const Json& facts = c.facts(bundle);
    c.equal("type", mount_at(facts, "/m")["type"].str(), "tmpfs");
    c.equal("source", mount_at(facts, "/m")["source"].str(), "of-this-name");
}

RUNTIME_CASE_OF_KERNELS("mounts/destination-is-made") {
    Bundle bundle = c.bundle();
    bundle.file("source", "content").mount("/new/directory", "tmpfs", "tmpfs", "");
    bundle.mount("/new/file", "", bundle.path("source"), "bind")
        .ask({"stat=/new/directory", "read=/new/file"});
    const Json facts = c.facts(bundle);
    c.check(mount_at(facts, "/new/directory").is_object(), "a directory is made for a file system");
    c.equal("a file is made for a file", facts["read=/new/file"].str(), "content");
}

RUNTIME_CASE("mounts/relative-destination") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/m").mount("m", "tmpfs", "tmpfs", "");
    c.check(mount_at(c.facts(bundle), "/m").is_object(), "a relative destination is taken from /");
}

RUNTIME_CASE("mounts/relative-source") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/m").directory("volume").file("volume/file", "of the bundle");
    bundle.mount("/m", "", "volume", "bind").ask({"read=/m/file"});
    c.equal("a file of a source relative to the bundle", c.facts(bundle)["read=/m/file"].str(),
            "of the bundle");
}

RUNTIME_CASE_OF_USERS("mounts/missing-source") {
    Bundle bundle = c.bundle();
    bundle.mount("/m", "", c.path("does-not-exist"), "bind");
    c.refused(bundle, "a bind mount whose source does not exist");
}

RUNTIME_CASE("mounts/unknown-type") {
    Bundle bundle = c.bundle();
    bundle.mount("/m", "conformancefs", "x", "");
    c.refused(bundle, "a file system that the kernel does not have");
}

RUNTIME_CASE_OF_USERS("mounts/missing-destination") {
    Bundle bundle = c.bundle();
    bundle.set("/mounts/-", R"({"type": "tmpfs", "source": "tmpfs"})");
    c.refused(bundle, "a mount without a destination");
}

RUNTIME_CASE_OF_KERNELS("mounts/symlink-stays-inside") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/inside").directory("outside");
    static_cast<void>(::symlink("/inside", bundle.path("rootfs/link").c_str()) == 0);
    bundle.mount("/link/m", "tmpfs", "tmpfs", "");
    c.check(mount_at(c.facts(bundle), "/inside/m").is_object(),
            "a link's target is taken from the container's root");
}

RUNTIME_CASE_OF_KERNELS("mounts/default-filesystems") {
    Bundle bundle = c.bundle();
    bundle.mount("/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro").enter_namespace("network");
    bundle.mount("/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k");
    const Json facts = c.facts(bundle);
    for (const auto& [target, type] : {std::pair("/proc", "proc"), std::pair("/sys", "sysfs"),
                                       std::pair("/dev/pts", "devpts"), std::pair("/dev/shm", "tmpfs")})
        c.equal(std::string("type of ") + target, mount_at(facts, target)["type"].str(), type);
}

RUNTIME_CASE("mounts/idmap") {
    const Json facts = map_mount(c, "bind", "idmap");
    c.equal("owner inside", facts["stat=/m/file"]["uid"], "1500");
    c.equal("group inside", facts["stat=/m/file"]["gid"], "2700");
}

RUNTIME_CASE("mounts/idmap-is-not-recursive") {
    const Json facts = map_mount(c, "rbind", "idmap");
    c.equal("owner inside", facts["stat=/m/file"]["uid"], "1500");
    c.equal("owner on the mount below", facts["stat=/m/below/file"]["uid"], "1000");
}

RUNTIME_CASE("mounts/ridmap") {
    const Json facts = map_mount(c, "rbind", "ridmap");
    c.equal("owner inside", facts["stat=/m/file"]["uid"], "1500");
    c.equal("owner on the mount below", facts["stat=/m/below/file"]["uid"], "1500");
}

RUNTIME_CASE("mounts/idmap-of-the-container") {
    c.since("1.2.0");
    Bundle bundle = c.bundle();
    bundle.directory("source").directory("rootfs/m").file("source/file", "x").owner("source/file", 3, 4);
    bundle.enter_namespace("user").owner("rootfs", 100000, 100000);
    bundle.set("/linux/uidMappings", R"([{"containerID": 0, "hostID": 100000, "size": 1000}])");
    bundle.set("/linux/gidMappings", R"([{"containerID": 0, "hostID": 100000, "size": 1000}])");
    bundle.mount("/m", "", bundle.path("source"), "bind,idmap").ask({"stat=/m/file"});
    const auto result = c.run(bundle);
    // Without mappings of its own a mount takes the container's, or it is an error: both are allowed.
    if (!result.ok()) return c.check(true, "idmap without mappings is an error");
    c.equal("owner inside", Json::of(result.out.text())["stat=/m/file"]["uid"], "3");
}

RUNTIME_CASE("mounts/idmap-without-mapping") {
    c.since("1.2.0");
    Bundle bundle = c.bundle();
    bundle.directory("source").mount("/m", "", bundle.path("source"), "bind,idmap");
    c.refused(bundle, "idmap without mappings and without a user namespace");
}

RUNTIME_CASE("mounts/uid-mapping-alone") {
    c.since("1.2.0");
    Bundle bundle = c.bundle();
    bundle.directory("source").mount("/m", "", bundle.path("source"), "bind,idmap");
    bundle.set("/mounts/3/uidMappings", R"([{"containerID": 0, "hostID": 500, "size": 5000}])");
    c.refused(bundle, "uidMappings without gidMappings");
}

RUNTIME_CASE("mounts/gid-mapping-alone") {
    c.since("1.2.0");
    Bundle bundle = c.bundle();
    bundle.directory("source").mount("/m", "", bundle.path("source"), "bind,idmap");
    bundle.set("/mounts/3/gidMappings", R"([{"containerID": 0, "hostID": 500, "size": 5000}])");
    c.refused(bundle, "gidMappings without uidMappings");
}
