// runtime-spec config.md "POSIX-platform Hooks" and their places in runtime.md "Lifecycle".

#include <unistd.h>

#include "base/text.hpp"
#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Container;
using conformance::Json;

namespace {

constexpr const char* kinds[] = {"prestart",       "createRuntime", "createContainer",
                                 "startContainer", "poststart",     "poststop"};

/// Adds a hook that runs the probe. Paths of startContainer hooks are the container's, all others the host's.
void add_hook(const Case& c, Bundle& bundle, const std::string& kind,
              const std::vector<std::string>& requests) {
    Json hook = Json::object();
    hook.put("path", Json::text(kind == "startContainer" ? "/probe" : c.setting().probe));
    Json words = Json::array_of({"hook-" + kind});
    for (const std::string& request : requests) words.push(Json::text(request));
    hook.put("args", std::move(words));
    bundle.set("/hooks/" + kind + "/-", std::move(hook));
}

/// The path of a file in the rootfs as a hook of this kind sees it.
std::string hook_path(const Bundle& bundle, const std::string& kind, const std::string& name) {
    return kind == "startContainer" ? "/" + name : bundle.path("rootfs/" + name);
}

/// Every hook, and the process, adds its name to rootfs/log.
void log_everything(const Case& c, Bundle& bundle) {
    for (const char* kind : kinds)
        for (const char* number : {"1", "2"})
            add_hook(c, bundle, kind,
                     {"append=" + hook_path(bundle, kind, "log") + "," + kind + number,
                      "mark=" + hook_path(bundle, kind, std::string("facts-") + kind)});
    bundle.ask({"append=/log,process", "wait"});
}

std::string log_of(const Bundle& bundle) {
    return conformance::read_text(bundle.path("rootfs/log"));
}

/// The lines that name one of the words, joined by spaces.
std::string only(const std::string& log, const std::vector<std::string>& words) {
    std::vector<std::string> kept;
    for (const std::string& line : oci::split(log, '\n'))
        for (const std::string& word : words)
            if (line.starts_with(word)) kept.push_back(line);
    return oci::join(kept, " ");
}

std::string own_namespace(const std::string& name) {
    char target[64] = {};
    return ::readlink(("/proc/self/ns/" + name).c_str(), target, sizeof target - 1) < 0 ? "" : target;
}

/// A failing hook: the operation is an error, the container is stopped, and poststop hooks run.
void failing_hook(Case& c, const std::string& kind, bool at_create) {
    Bundle bundle = c.bundle();
    add_hook(c, bundle, kind, {"exit=3"});
    bundle.ask({"append=/ran,process", "wait"});
    Container container(c, bundle);
    const bool created = container.create();
    if (at_create) {
        c.check(!created, "create is an error");
    } else {
        c.need(created, "create succeeds");
        c.check(!container.start(), "start is an error");
    }
    const std::string status = container.status();
    c.check(status.empty() || status == "stopped", "the container is stopped", status);
    if (kind != "poststart")
        c.check(::access(bundle.path("rootfs/ran").c_str(), F_OK) != 0, "the process never ran");
}

}  // namespace

RUNTIME_CASE_OF_KERNELS("hooks/create-phase") {
    Bundle bundle = c.bundle();
    log_everything(c, bundle);
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    c.equal("hooks called by create", only(log_of(bundle), {"p", "c", "s"}),
            "prestart1 prestart2 createRuntime1 createRuntime2 createContainer1 createContainer2");
}

RUNTIME_CASE_OF_USERS("hooks/start-phase") {
    Bundle bundle = c.bundle();
    log_everything(c, bundle);
    Container container(c, bundle);
    container.launch();
    c.equal("hooks before the process", only(log_of(bundle), {"startContainer", "process"}),
            "startContainer1 startContainer2 process");
    c.equal("hooks after the process", only(log_of(bundle), {"poststart"}), "poststart1 poststart2");
}

RUNTIME_CASE_OF_KERNELS("hooks/delete-phase") {
    Bundle bundle = c.bundle();
    log_everything(c, bundle);
    Container container(c, bundle);
    container.launch();
    c.equal("poststop hooks before delete", only(log_of(bundle), {"poststop"}), "");
    c.need(container.kill("TERM") && container.wait_until_stopped(), "the container ends");
    c.need(container.remove(), "delete succeeds");
    c.equal("poststop hooks once delete returned", only(log_of(bundle), {"poststop"}), "poststop1 poststop2");
}

RUNTIME_CASE_OF_USERS("hooks/runtime-namespace") {
    Bundle bundle = c.bundle();
    log_everything(c, bundle);
    Container container(c, bundle);
    container.launch();
    c.need(container.kill("TERM") && container.wait_until_stopped() && container.remove(),
           "the container ends");
    for (const char* kind : {"prestart", "createRuntime", "poststart", "poststop"}) {
        const Json facts = Json::of(conformance::read_text(bundle.path(std::string("rootfs/facts-") + kind)));
        for (const char* name : {"mnt", "pid", "uts", "ipc"})
            c.equal(std::string(name) + " namespace of the " + kind + " hook",
                    facts["namespaces"][name].str(), own_namespace(name));
    }
}

RUNTIME_CASE_OF_USERS("hooks/container-namespace") {
    Bundle bundle = c.bundle();
    log_everything(c, bundle);
    Container container(c, bundle);
    container.launch();
    const Json process = container.facts();
    for (const char* kind : {"createContainer", "startContainer"}) {
        const Json facts = Json::of(conformance::read_text(bundle.path(std::string("rootfs/facts-") + kind)));
        for (const char* name : {"mnt", "uts", "ipc"})
            c.equal(std::string(name) + " namespace of the " + kind + " hook",
                    facts["namespaces"][name].str(), process["namespaces"][name].str());
    }
}

RUNTIME_CASE("hooks/path-resolves") {
    // The host's probe is no file of the container, and the container's /probe none of the host.
    Bundle bundle = c.bundle();
    log_everything(c, bundle);
    c.check(::access("/probe", F_OK) != 0, "the host has no /probe");
    Container container(c, bundle);
    container.launch();
    c.need(container.kill("TERM") && container.wait_until_stopped() && container.remove(),
           "the container ends");
    for (const char* kind : kinds)
        c.check(log_of(bundle).find(kind) != std::string::npos, std::string(kind) + " hooks were found",
                log_of(bundle));
}

RUNTIME_CASE("hooks/before-pivot-root") {
    // Until pivot_root the container's mount namespace shows the host's files by their own paths.
    Bundle bundle = c.bundle();
    const std::string seen = bundle.path("rootfs/seen");
    add_hook(c, bundle, "createContainer", {"stat=" + bundle.path("config.json"), "mark=" + seen});
    bundle.ask({"stat=" + bundle.path("config.json")});
    const Json facts = c.facts(bundle);
    const std::string request = "stat=" + bundle.path("config.json");
    const Json hook = Json::of(conformance::read_text(seen));
    c.equal("the host's config.json as the hook sees it", hook[request]["type"].str(), "f");
    c.equal("the same for the process, after pivot_root", facts[request]["errno"].str(), "ENOENT");
}

RUNTIME_CASE_OF_USERS("hooks/state-on-stdin") {
    Bundle bundle = c.bundle();
    for (const char* kind : kinds)
        add_hook(c, bundle, kind,
                 {"copy=" + hook_path(bundle, kind, std::string("stdin-") + kind), "mark=/dev/null"});
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    c.need(container.kill("TERM") && container.wait_until_stopped() && container.remove(),
           "the container ends");
    for (const char* kind : kinds) {
        const Json state = Json::of(conformance::read_text(bundle.path(std::string("rootfs/stdin-") + kind)));
        const std::string of = std::string(" in the state for ") + kind;
        c.equal("id" + of, state["id"].str(), container.id());
        c.equal("bundle" + of, state["bundle"].str(), bundle.path());
        c.check(state["ociVersion"].is_string(), "ociVersion" + of, state.dump());
        c.check(state["status"].is_string(), "status" + of, state.dump());
    }
    const Json last = Json::of(conformance::read_text(bundle.path("rootfs/stdin-poststop")));
    c.equal("status for poststop", last["status"].str(), "stopped");
}

RUNTIME_CASE_OF_USERS("hooks/args-and-env") {
    Bundle bundle = c.bundle();
    Json hook = Json::object();
    hook.put("path", Json::text(c.setting().probe));
    hook.put("args", Json::array_of({"name", "one", "mark=" + bundle.path("rootfs/hook")}));
    hook.put("env", Json::array_of({"KEY=value", "EMPTY="}));
    bundle.set("/hooks/prestart/-", std::move(hook));
    c.facts(bundle);
    const Json facts = Json::of(conformance::read_text(bundle.path("rootfs/hook")));
    c.equal("argv[0]", facts["argv"][std::size_t{0}].str(), "name");
    c.equal("argv[1]", facts["argv"][std::size_t{1}].str(), "one");
    c.equal("environment", facts["env"], R"(["KEY=value", "EMPTY="])");
}

RUNTIME_CASE_OF_USERS("hooks/prestart-fails") {
    failing_hook(c, "prestart", true);
}
RUNTIME_CASE_OF_USERS("hooks/createRuntime-fails") {
    failing_hook(c, "createRuntime", true);
}
RUNTIME_CASE_OF_USERS("hooks/createContainer-fails") {
    failing_hook(c, "createContainer", true);
}
RUNTIME_CASE_OF_USERS("hooks/startContainer-fails") {
    failing_hook(c, "startContainer", false);
}
RUNTIME_CASE("hooks/poststart-fails") {
    failing_hook(c, "poststart", false);
}

RUNTIME_CASE_OF_USERS("hooks/poststop-fails") {
    Bundle bundle = c.bundle();
    add_hook(c, bundle, "poststop", {"exit=3"});
    add_hook(c, bundle, "poststop", {"append=" + bundle.path("rootfs/log") + ",second", "mark=/dev/null"});
    Container container(c, bundle);
    c.need(container.create() && container.start() && container.wait_until_stopped(), "the container runs");
    c.check(container.remove(), "delete succeeds");
    c.equal("hooks after the failed one", log_of(bundle), "second\n");
    c.check(container.state().is_null(), "the container is gone");
}

RUNTIME_CASE_OF_USERS("hooks/timeout") {
    Bundle bundle = c.bundle();
    add_hook(c, bundle, "prestart", {"wait", "mark=/dev/null"});
    bundle.set("/hooks/prestart/0/timeout", "1");
    c.refused(bundle, "a hook that takes longer than its timeout");
}

RUNTIME_CASE("hooks/relative-path") {
    Bundle bundle = c.bundle();
    add_hook(c, bundle, "prestart", {});
    bundle.set("/hooks/prestart/0/path", R"("relative/probe")");
    c.refused(bundle, "a relative hook path");
}

RUNTIME_CASE("hooks/missing-path") {
    Bundle bundle = c.bundle();
    bundle.set("/hooks/createRuntime", R"([{"args": ["x"]}])");
    c.refused(bundle, "a hook without a path");
}
