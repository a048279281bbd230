// runtime-spec runtime.md "State" and "Query State".

#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Container;
using conformance::Json;

namespace {

void check_fields(conformance::Case& c, const Json& state, const Container& container, const Bundle& bundle) {
    c.check(state["ociVersion"].is_string() && !state["ociVersion"].str().empty(), "ociVersion is a version",
            state.dump());
    c.equal("id", state["id"].str(), container.id());
    c.equal("bundle", state["bundle"].str(), bundle.path());
}

}  // namespace

RUNTIME_CASE("state/needs-id") {
    c.check(c.call("bare", {}, {"state"}).code != 0, "state without an id is an error");
}

RUNTIME_CASE_OF_USERS("state/unknown") {
    const auto result = c.call("state", {{"id", c.unique("-never-made")}});
    c.check(result.code != 0, "state of an unknown container is an error");
}

RUNTIME_CASE_OF_USERS("state/created") {
    const Bundle bundle = c.bundle();
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    const Json state = container.state();
    check_fields(c, state, container, bundle);
    c.equal("status", state["status"].str(), "created");
    c.check(state["pid"].is_number() && state["pid"].integer() > 0, "pid is a process", state.dump());
}

RUNTIME_CASE_OF_USERS("state/running") {
    Bundle bundle = c.bundle();
    bundle.ask({"wait"});
    Container container(c, bundle);
    container.launch();
    const Json state = container.state();
    check_fields(c, state, container, bundle);
    c.equal("status", state["status"].str(), "running");
    const std::string command = conformance::read_text("/proc/" + state["pid"].str() + "/cmdline");
    c.check(command.starts_with("/probe"), "pid is the container's process", command);
}

RUNTIME_CASE_OF_USERS("state/stopped") {
    const Bundle bundle = c.bundle();
    Container container(c, bundle);
    c.need(container.create() && container.start() && container.wait_until_stopped(),
           "the container runs and ends");
    const Json state = container.state();
    check_fields(c, state, container, bundle);
    c.equal("status", state["status"].str(), "stopped");
}

RUNTIME_CASE_OF_USERS("state/annotations") {
    Bundle bundle = c.bundle();
    bundle.set("/annotations", R"({"com.example.key": "value", "com.example.empty": ""})");
    Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    const Json state = container.state();
    c.equal("annotation", state["annotations"]["com.example.key"].str(), "value");
    c.check(state["annotations"]["com.example.empty"].is_string(), "an empty value is kept", state.dump());
}

RUNTIME_CASE_OF_USERS("state/several-containers") {
    const Bundle bundle = c.bundle();
    const Bundle other = c.bundle("other");
    Container first(c, bundle, "-a");
    Container second(c, other, "-b");
    c.need(first.create() && second.create(), "two containers are created");
    c.equal("bundle of the first", first.state()["bundle"].str(), bundle.path());
    c.equal("bundle of the second", second.state()["bundle"].str(), other.path());
    c.check(first.pid() != second.pid(), "each has a process of its own");
}

RUNTIME_CASE_OF_USERS("state/bundle-is-absolute") {
    const Bundle bundle = c.bundle();
    bundle.write();
    conformance::CommandInput input;
    input.directory = c.setting().work;
    const auto created = c.call("create", {{"bundle", "bundle"}, {"id", c.unique()}}, {}, input);
    c.need(created.ok(), "create with a relative bundle succeeds", created.err.text());
    const auto result = c.call("state", {{"id", c.unique()}});
    c.equal("bundle", Json::of(result.out.text())["bundle"].str(), bundle.path());
    c.call("delete-force", {{"id", c.unique()}});
}
