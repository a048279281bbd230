// runtime-spec features.md and features-linux.md: what the document tells is true.

#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;

namespace {

/// The document; the case is skipped when the tool has none.
Json document(Case& c) {
    if (!c.tool().can("features")) c.skip("the profile has no command for features");
    auto result = c.call("features", {});
    if (!result.ok() && result.out.text().empty()) c.skip("this runtime does not print its features");
    Json features = Json::of(result.out.text());
    c.need(features.is_object(), "features prints a JSON object", result.out.text());
    return features;
}

bool is_little_endian(const std::string& arch) {
    for (const char* big : {"SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_PPC",
                            "SCMP_ARCH_PPC64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_PARISC",
                            "SCMP_ARCH_PARISC64", "SCMP_ARCH_M68K", "SCMP_ARCH_SHEB"})
        if (arch == big) return false;
    return true;
}

bool runs(Case& c, const Bundle& bundle) {
    return c.run(bundle).ok();
}

}  // namespace

RUNTIME_CASE("features/document") {
    const Json features = document(c);
    c.check(features["ociVersionMin"].is_string(), "ociVersionMin is there",
            features["ociVersionMin"].dump());
    c.check(features["ociVersionMax"].is_string(), "ociVersionMax is there",
            features["ociVersionMax"].dump());
    c.check(features["ociVersionMin"].str() <= features["ociVersionMax"].str(), "the versions are in order");
    for (const auto& [key, value] : features["annotations"].members())
        c.check(value.is_string(), "annotation " + key + " is a string", value.dump());
    for (const auto& [key, value] : features.members()) c.check(!value.is_null(), key + " is not null");
}

RUNTIME_CASE("features/same-everywhere") {
    const Json here = document(c);
    conformance::CommandInput input;
    input.environment = {"PATH=/usr/bin:/usr/sbin"};
    input.directory = "/";
    const auto there = c.call("features", {}, {}, input);
    c.check(Json::of(there.out.text()) == here, "it is the same in another directory and environment",
            there.out.text());
}

RUNTIME_CASE("features/versions-accepted") {
    const Json features = document(c);
    for (const char* name : {"ociVersionMin", "ociVersionMax"}) {
        Bundle bundle = c.bundle(name);
        bundle.set("/ociVersion", features[name]);
        c.check(runs(c, bundle), std::string(name) + " is accepted as ociVersion", features[name].dump());
    }
}

RUNTIME_CASE("features/hooks") {
    const Json features = document(c);
    c.check(features["hooks"].is_array() && features["hooks"].size() > 0, "hooks are told");
    Bundle bundle = c.bundle();
    for (const Json& kind : features["hooks"].items()) {
        const bool inside = kind.str() == "startContainer";
        const std::string log = inside ? "/log" : bundle.path("rootfs/log");
        Json hook = Json::object();
        hook.put("path", Json::text(inside ? "/probe" : c.setting().probe));
        hook.put("args", Json::array_of({"hook", "append=" + log + "," + kind.str(), "mark=/dev/null"}));
        bundle.set("/hooks/" + kind.str() + "/-", std::move(hook));
    }
    c.facts(bundle);
    const std::string log = conformance::read_text(bundle.path("rootfs/log"));
    for (const Json& kind : features["hooks"].items())
        c.check(log.find(kind.str() + "\n") != std::string::npos, kind.str() + " hooks are called", log);
}

RUNTIME_CASE("features/mount-options") {
    const Json options = document(c)["mountOptions"];
    c.check(options.is_array() && options.size() > 0, "mount options are told");
    Bundle bundle = c.bundle();
    bundle.directory("source");
    int number = 0;
    for (const Json& option : options.items()) {
        const std::string& word = option.str();
        c.check(word.find('=') == std::string::npos && word != "size" && word != "mode",
                word + " is no option of a single file system");
        // These need more than one word to make sense.
        if (word == "remount" || word == "idmap" || word == "ridmap") continue;
        const bool bind = word == "bind" || word == "rbind";
        const std::string target = "/m" + std::to_string(number++);
        if (bind || word.starts_with("r")) {
            bundle.mount(target, "", bundle.path("source"), bind ? word : "rbind," + word);
        } else {
            bundle.mount(target, "tmpfs", "tmpfs", word);
        }
        bundle.directory("rootfs" + target);
    }
    const auto result = c.run(bundle);
    c.check(result.ok(), "a container with all of them runs", result.err.text());
}

RUNTIME_CASE("features/namespaces") {
    const Json types = document(c)["linux"]["namespaces"];
    c.check(types.is_array() && types.size() > 0, "namespaces are told");
    Bundle bundle = c.bundle();
    for (const Json& type : types.items())
        if (type.str() != "user") bundle.enter_namespace(type.str());
    c.check(runs(c, bundle), "a container with all of them runs", types.dump());
}

RUNTIME_CASE("features/capabilities") {
    const Json names = document(c)["linux"]["capabilities"];
    c.check(names.is_array() && names.size() > 0, "capabilities are told");
    Bundle bundle = c.bundle();
    // None of them is granted: only the words matter, and this machine may lack some.
    bundle.set("/process/capabilities", R"({"bounding": [], "effective": [], "permitted": []})");
    c.check(runs(c, bundle), "a container without any runs");
    for (const Json& name : names.items())
        c.check(name.str().starts_with("CAP_"), name.str() + " is a capability");
}

RUNTIME_CASE("features/seccomp") {
    const Json seccomp = document(c)["linux"]["seccomp"];
    if (!seccomp["enabled"].truth()) c.skip("this runtime has no seccomp");
    Bundle bundle = c.bundle();
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []})");
    int value = 20000;
    for (const Json& action : seccomp["actions"].items()) {
        if (action.str() == "SCMP_ACT_NOTIFY" || action.str() == "SCMP_ACT_ALLOW") continue;
        bundle.set("/linux/seccomp/syscalls/-",
                   R"({"names": ["getpgid"], "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": )" +
                       std::to_string(value++) + R"(}], "action": ")" + action.str() + "\"}");
    }
    c.check(runs(c, bundle), "a filter with every action runs", seccomp["actions"].dump());
    bundle.set("/linux/seccomp/syscalls", "[]");
    for (const Json& op : seccomp["operators"].items())
        bundle.set("/linux/seccomp/syscalls/-",
                   R"({"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": )" +
                       std::to_string(value++) + R"(, "valueTwo": 1, "op": ")" + op.str() + "\"}]}");
    c.check(runs(c, bundle), "a filter with every operator runs", seccomp["operators"].dump());
    // One filter cannot hold architectures of both byte orders; the big-endian ones are left to such
    // machines.
    Json little = Json::array();
    for (const Json& arch : seccomp["archs"].items())
        if (is_little_endian(arch.str())) little.push(arch);
    bundle.set("/linux/seccomp/syscalls", "[]").set("/linux/seccomp/architectures", little);
    c.check(runs(c, bundle), "a filter with every little-endian architecture runs", little.dump());
    bundle.erase("/linux/seccomp/architectures");
    const Json& flags =
        seccomp["supportedFlags"].is_array() ? seccomp["supportedFlags"] : seccomp["knownFlags"];
    Json usable = Json::array();
    for (const Json& flag : flags.items())
        if (flag.str() != "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") usable.push(flag);
    bundle.set("/linux/seccomp/flags", usable);
    c.check(runs(c, bundle), "a filter with every supported flag runs", usable.dump());
}

RUNTIME_CASE("features/memory-policy") {
    const Json policy = document(c)["linux"]["memoryPolicy"];
    if (!policy.is_object()) c.skip("this runtime tells nothing of memory policies");
    for (const Json& mode : policy["modes"].items()) {
        // The plain ones need no nodes; bind, interleave and the like need one.
        const bool plain = mode.str() == "MPOL_DEFAULT" || mode.str() == "MPOL_LOCAL";
        Bundle bundle = c.bundle(mode.str());
        bundle.set("/linux/memoryPolicy", R"({"mode": ")" + mode.str() + "\"}");
        if (!plain) bundle.set("/linux/memoryPolicy/nodes", R"("0")");
        c.check(runs(c, bundle), mode.str() + " is recognised");
    }
}

RUNTIME_CASE("schema/features") {
    const Json features = document(c);
    c.follows_schema("the features document", features.dump(), "runtime-spec/schema/features-schema.json");
}

RUNTIME_CASE("schema/state") {
    const Bundle bundle = c.bundle();
    conformance::Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    c.follows_schema("the state of a created container", container.state().dump(),
                     "runtime-spec/schema/state-schema.json");
    c.need(container.start() && container.wait_until_stopped(), "the container runs and ends");
    c.follows_schema("the state of a stopped container", container.state().dump(),
                     "runtime-spec/schema/state-schema.json");
}

RUNTIME_CASE("schema/spec") {
    if (!c.tool().can("spec")) c.skip("the profile has no command for spec");
    conformance::CommandInput input;
    input.directory = c.setting().work;
    const auto result = c.call("spec", {}, {}, input);
    c.need(result.ok(), "spec succeeds", result.err.text());
    c.follows_schema("the configuration by spec", conformance::read_text(c.path("config.json")),
                     "runtime-spec/schema/config-schema.json");
}
