// runtime-spec bundle.md and config.md "Specification version", "Annotations", "Extensibility", "Valid
// values".

#include <cstdio>

#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Container;
using conformance::Json;

namespace {

void raw_is_refused(Case& c, const char* text, const char* what) {
    Bundle bundle = c.bundle();
    bundle.raw(text);
    c.refused(bundle, what);
}

void value_is_refused(Case& c, const char* pointer, const char* json, const char* what) {
    Bundle bundle = c.bundle();
    bundle.set(pointer, json);
    c.refused(bundle, what);
}

}  // namespace

RUNTIME_CASE_OF_USERS("bundle/config-missing") {
    const Bundle bundle = c.bundle();
    bundle.write();
    c.need(::rename(bundle.path("config.json").c_str(), bundle.path("Config.JSON").c_str()) == 0,
           "another name");
    const auto result = c.call("create", {{"bundle", bundle.path()}, {"id", c.unique()}});
    c.check(result.code > 0 && result.code < 128, "create without config.json is an error");
    c.check(c.call("state", {{"id", c.unique()}}).code != 0, "no container is left");
}

RUNTIME_CASE("bundle/config-in-the-root") {
    const Bundle bundle = c.bundle();
    c.equal("argv of a bundle whose config.json lies in its root", c.facts(bundle)["argv"], R"(["/probe"])");
}

RUNTIME_CASE_OF_USERS("bundle/config-not-json") {
    raw_is_refused(c, "{\"ociVersion\": \"1.0.2\", ", "a configuration that is cut off");
}

RUNTIME_CASE("bundle/config-not-an-object") {
    raw_is_refused(c, "[]", "a configuration that is an array");
}

RUNTIME_CASE_OF_USERS("version/missing") {
    Bundle bundle = c.bundle();
    bundle.erase("/ociVersion");
    c.refused(bundle, "a configuration without ociVersion");
}

RUNTIME_CASE("version/not-semver") {
    value_is_refused(c, "/ociVersion", R"("one")", "a version that is no SemVer");
}

RUNTIME_CASE("version/other-major") {
    value_is_refused(c, "/ociVersion", R"("99.0.0")", "a version of another major number");
}

RUNTIME_CASE("version/older") {
    Bundle bundle = c.bundle();
    bundle.set("/ociVersion", R"("1.0.0")");
    c.equal("argv", c.facts(bundle)["argv"], R"(["/probe"])");
}

RUNTIME_CASE("values/unknown-properties") {
    Bundle bundle = c.bundle();
    bundle.set("/comConformance", R"({"any": ["thing"]})").set("/process/unknownToAll", "7");
    bundle.set("/linux/unknownToAll", "true").set("/mounts/0/unknownToAll", "null");
    c.equal("argv", c.facts(bundle)["argv"], R"(["/probe"])");
}

RUNTIME_CASE_OF_USERS("values/wrong-types") {
    int number = 0;
    for (const auto& [pointer, json] :
         {std::pair("/process/user/uid", R"("zero")"), std::pair("/process/args", R"("/probe")"),
          std::pair("/root/readonly", R"("yes")"), std::pair("/linux/namespaces", "{}"),
          std::pair("/process/terminal", "1"), std::pair("/process/user/uid", "-1")}) {
        Bundle bundle = c.bundle("bundle" + std::to_string(number++));
        bundle.set(pointer, json);
        c.refused(bundle, std::string(pointer) + " = " + json);
    }
}

RUNTIME_CASE("annotations/not-strings") {
    value_is_refused(c, "/annotations", R"({"com.example.number": 7})", "an annotation that is a number");
}

RUNTIME_CASE("annotations/not-a-map") {
    value_is_refused(c, "/annotations", R"(["com.example"])", "annotations that are an array");
}

RUNTIME_CASE("annotations/empty-key") {
    value_is_refused(c, "/annotations", R"({"": "value"})", "an annotation with an empty key");
}

RUNTIME_CASE("annotations/unknown-keys") {
    Bundle bundle = c.bundle();
    bundle.set("/annotations", R"({"com.example.unknown": "x", "org.opencontainers.image.os": "linux",
                                   "plain": ""})");
    c.equal("argv", c.facts(bundle)["argv"], R"(["/probe"])");
}
