// runtime-spec runtime.md "Operations": what each one demands and refuses.

#include <unistd.h>

#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Container;
using conformance::Json;

namespace {

/// The operation without any argument is an error.
void refuses_nothing(conformance::Case& c, const std::string& verb) {
    const auto result = c.call("bare", {}, {verb});
    c.check(result.code != 0, verb + " without a container's id is an error");
}

/// The operation on a container that was never made is an error.
void refuses_unknown(conformance::Case& c, const std::string& verb) {
    const auto result = c.call(verb, {{"id", c.unique("-never-made")}, {"signal", "TERM"}});
    c.check(result.code != 0, verb + " of an unknown container is an error");
}

}  // namespace

RUNTIME_CASE("create/needs-id") {
    refuses_nothing(c, "create");
}

RUNTIME_CASE("create/needs-bundle") {
    // The directory it is called from holds no bundle either.
    const auto result = c.call("create", {{"bundle", c.path("no-bundle")}, {"id", c.unique()}});
    c.check(result.code != 0, "create without a bundle is an error");
    c.check(c.call("state", {{"id", c.unique()}}).code != 0, "no container was made");
}

RUNTIME_CASE_OF_USERS("create/duplicate-id") {
    Bundle bundle = c.bundle();
    Bundle other = c.bundle("other");
    other.write();
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    const auto again = c.call("create", {{"bundle", other.path()}, {"id", container.id()}});
    c.check(again.code != 0, "create with an id in use is an error");
    const Json state = container.state();
    c.equal("status of the first container", state["status"].str(), "created");
    c.equal("bundle of the first container", state["bundle"].str(), bundle.path());
}

RUNTIME_CASE_OF_USERS("create/invalid-id") {
    const Bundle bundle = c.bundle();
    bundle.write();
    for (const char* id : {"../escape", "a/b", ".."}) {
        const auto result = c.call("create", {{"bundle", bundle.path()}, {"id", id}});
        c.check(result.code != 0, std::string("the id ") + id + " is an error");
    }
}

RUNTIME_CASE_OF_USERS("create/does-not-run-process") {
    Bundle bundle = c.bundle();
    bundle.ask({"append=/ran,process"});
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    c.equal("status", container.status(), "created");
    c.check(::access(bundle.path("rootfs/ran").c_str(), F_OK) != 0, "the process has not run");
    c.need(container.start(), "start succeeds");
    container.output();
    c.check(::access(bundle.path("rootfs/ran").c_str(), F_OK) == 0, "the process ran after start");
}

RUNTIME_CASE_OF_USERS("create/applies-config") {
    Bundle bundle = c.bundle();
    bundle.set("/hostname", R"("of-the-config")").ask({"wait"});
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    const std::string own = "/proc/" + std::to_string(container.pid()) + "/ns/";
    for (const char* name : {"pid", "mnt", "ipc", "uts"}) {
        char ours[64] = {};
        char theirs[64] = {};
        c.check(::readlink((std::string("/proc/self/ns/") + name).c_str(), ours, 63) > 0 &&
                    ::readlink((own + name).c_str(), theirs, 63) > 0 && std::string(ours) != theirs,
                std::string("the ") + name + " namespace exists after create", theirs);
    }
}

RUNTIME_CASE_OF_USERS("create/config-is-read-once") {
    Bundle bundle = c.bundle();
    bundle.ask({"exit=0"}).set("/process/env", R"(["VALUE=of create"])");
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    Bundle later = bundle;
    later.set("/process/env", R"(["VALUE=written later"])").set("/process/args", R"(["/probe", "later"])");
    later.write();
    c.need(container.start(), "start succeeds");
    container.output();
    c.equal("environment", container.facts()["env"][std::size_t{0}].str(), "VALUE=of create");
    c.equal("argv", container.facts()["argv"], R"(["/probe", "exit=0"])");
}

RUNTIME_CASE_OF_KERNELS("create/failure-leaves-nothing") {
    Bundle bundle = c.bundle();
    bundle.mount("/m", "bind", c.path("does-not-exist"), "bind");
    c.refused(bundle, "a mount whose source does not exist");
    const std::string mounts = conformance::read_text("/proc/self/mountinfo");
    c.check(mounts.find(bundle.path("rootfs")) == std::string::npos, "no mount is left", mounts);
    bundle = c.bundle();
    c.equal("argv of a container created after it", c.facts(bundle)["argv"], R"(["/probe"])");
}

RUNTIME_CASE("start/needs-id") {
    refuses_nothing(c, "start");
}

RUNTIME_CASE_OF_USERS("start/unknown") {
    refuses_unknown(c, "start");
}

RUNTIME_CASE_OF_USERS("start/runs-process") {
    Bundle bundle = c.bundle();
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    c.equal("argv", container.facts()["argv"], R"(["/probe", "wait"])");
    c.equal("status", container.status(), "running");
}

RUNTIME_CASE_OF_USERS("start/running") {
    Bundle bundle = c.bundle();
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    c.check(!container.start(), "start of a running container is an error");
    c.equal("status", container.status(), "running");
    c.equal("its process", container.state()["pid"], std::to_string(container.pid()));
}

RUNTIME_CASE_OF_USERS("start/stopped") {
    Bundle bundle = c.bundle();
    Container container(c, bundle);
    c.need(container.create() && container.start() && container.wait_until_stopped(),
           "the container runs and ends");
    c.check(!container.start(), "start of a stopped container is an error");
    c.equal("status", container.status(), "stopped");
}

RUNTIME_CASE("start/without-process") {
    Bundle bundle = c.bundle();
    bundle.erase("/process");
    Container container(c, bundle);
    // A runtime may refuse such a bundle at create already; start must not succeed in any case.
    const bool created = container.create();
    c.check(!created || !container.start(), "a container without a process cannot be started");
}

RUNTIME_CASE("kill/needs-id") {
    refuses_nothing(c, "kill");
}

RUNTIME_CASE_OF_USERS("kill/unknown") {
    refuses_unknown(c, "kill");
}

RUNTIME_CASE_OF_KERNELS("kill/sends-signal") {
    // Four spellings, each to a container of its own.
    int number = 0;
    for (const auto& [spelling, signal] :
         {std::pair("TERM", 15), std::pair("SIGUSR1", 10), std::pair("12", 12)}) {
        Bundle bundle = c.bundle("bundle" + std::to_string(number));
        bundle.ask({"wait"});
        Container container(c, bundle, std::to_string(number++));
        container.launch();
        c.check(container.kill(spelling), std::string("kill ") + spelling + " succeeds");
        c.check(container.wait_for_output("signal " + std::to_string(signal) + "\n"),
                std::string("the process got ") + spelling, container.output());
        c.check(container.wait_until_stopped(), "the process ended");
    }
}

RUNTIME_CASE_OF_USERS("kill/created") {
    const Bundle bundle = c.bundle();
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    c.check(container.kill("KILL"), "kill of a created container succeeds");
    c.check(container.wait_until_stopped(), "its process ended");
    c.equal("status", container.status(), "stopped");
}

RUNTIME_CASE_OF_USERS("kill/stopped") {
    const Bundle bundle = c.bundle();
    Container container(c, bundle);
    c.need(container.create() && container.start() && container.wait_until_stopped(),
           "the container runs and ends");
    c.check(!container.kill("TERM"), "kill of a stopped container is an error");
    c.equal("status", container.status(), "stopped");
}

RUNTIME_CASE("delete/needs-id") {
    refuses_nothing(c, "delete");
}

RUNTIME_CASE_OF_USERS("delete/unknown") {
    refuses_unknown(c, "delete");
}

RUNTIME_CASE_OF_USERS("delete/running") {
    Bundle bundle = c.bundle();
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    c.check(!container.remove(), "delete of a running container is an error");
    c.equal("status", container.status(), "running");
    c.equal("its process", container.state()["pid"], std::to_string(container.pid()));
}

RUNTIME_CASE_OF_USERS("delete/created") {
    const Bundle bundle = c.bundle();
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    c.check(!container.remove(), "delete of a created container is an error");
    c.equal("status", container.status(), "created");
}

RUNTIME_CASE_OF_USERS("delete/id-is-free-again") {
    const Bundle bundle = c.bundle();
    for (int round = 0; round < 2; ++round) {
        Container container(c, bundle);
        c.need(container.create() && container.start() && container.wait_until_stopped(),
               "the container runs");
        c.check(container.remove(), "delete of a stopped container succeeds");
        c.check(container.state().is_null(), "its state is an error afterwards");
    }
}

RUNTIME_CASE("delete/keeps-what-it-did-not-create") {
    Bundle bundle = c.bundle();
    bundle.directory("volume")
        .file("volume/data", "kept")
        .mount("/m", "bind", bundle.path("volume"), "bind,rw");
    bundle.directory("rootfs/m").ask({"write=/m/more"});
    Container container(c, bundle);
    c.need(container.create() && container.start() && container.wait_until_stopped(), "the container runs");
    c.need(container.remove(), "delete succeeds");
    c.equal("the volume's file", conformance::read_text(bundle.path("volume/data")), "kept");
    for (const char* path : {"config.json", "rootfs/probe", "volume/more"})
        c.check(::access(bundle.path(path).c_str(), F_OK) == 0, std::string(path) + " is still there");
}
