#include "conformance/harness/case.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "conformance/harness/container.hpp"

namespace conformance {
namespace {

std::string cut(const std::string& text) {
    return text.size() <= 3000 ? text : text.substr(0, 3000) + "...";
}

/// "1.0.2-dev" as a number that can be compared: 1 000 002.
long version_number(const std::string& version) {
    long number = 0;
    for (const std::string& part : oci::split(version.substr(0, version.find('-')), '.'))
        number = number * 1000 + oci::parse_integer<long>(part).value_or(0);
    return number;
}

}  // namespace

const char* view_name(View view) {
    switch (view) {
        case View::as_mounted:
            return "as-mounted";
        case View::cgroup_v2:
            return "cgroup-v2";
        case View::old_kernel:
            return "old-kernel";
        case View::rootless:
            return "rootless";
    }
    return "";
}

Bundle Case::bundle(const std::string& name) {
    Bundle bundle(path(name), setting_.probe, unique(name == "bundle" ? "" : "-" + name));
    if (setting_.view == View::rootless) bundle.map_ids(::getuid(), ::getgid());
    return bundle;
}

CommandResult Case::call(const std::string& verb, Placeholders values, const std::vector<std::string>& extra,
                         const CommandInput& input) {
    values.try_emplace("root", path("state"));
    CommandResult result = run_command(expand_command(tool(), verb, values, extra), input);
    result_.commands.push_back(
        {oci::join(result.words, " "), result.code, cut(result.out.text()), cut(result.err.text())});
    return result;
}

CommandResult Case::run(const Bundle& bundle, const std::vector<std::string>& extra) {
    record_config(bundle.write());
    if (tool().can("run")) return call("run", {{"bundle", bundle.path()}, {"id", unique()}}, extra);
    Container container(*this, bundle);
    container.create(extra);
    if (container.last().code != 0) return container.take_last();
    container.start();
    container.wait_until_stopped();
    container.remove();
    return container.take_created();
}

Json Case::facts(const Bundle& bundle, const std::vector<std::string>& extra) {
    CommandResult result = run(bundle, extra);
    need(result.ok(), "the container runs and ends with 0",
         "exit " + std::to_string(result.code) + ": " + cut(result.err.text()));
    result.out.drain();
    auto json = Json::parse(result.out.text(), "output of the probe");
    need(json.has_value(), "the probe prints its facts", cut(result.out.text()));
    return std::move(*json);
}

void Case::refused(const Bundle& bundle, const std::string& what) {
    record_config(bundle.write());
    const std::string id = unique("-refused" + std::to_string(result_.commands.size()));
    const CommandResult result = call("create", {{"bundle", bundle.path()}, {"id", id}});
    check(result.code > 0 && result.code < 128, what + ": create is an error",
          "exit " + std::to_string(result.code));
    const CommandResult state = call("state", {{"id", id}});
    check(state.code != 0, what + ": no container is left", "state prints " + cut(state.out.text()));
    if (result.ok()) call("delete-force", {{"id", id}});
}

void Case::check(bool ok, const std::string& what, const std::string& observed) {
    result_.checks.push_back({what, ok, "true", ok ? "true" : (observed.empty() ? "false" : observed)});
}

void Case::equal(const std::string& what, const Json& observed, std::string_view expected) {
    result_.checks.push_back(
        {what, observed == Json::of(expected), std::string(expected), cut(observed.dump())});
}

void Case::equal(const std::string& what, const std::string& observed, const std::string& expected) {
    result_.checks.push_back({what, observed == expected, quoted(expected), quoted(cut(observed))});
}

void Case::holds(const std::string& what, const Json& array, std::string_view word) {
    check(array.has(word), what + " has " + std::string(word), array.dump());
}

void Case::lacks(const std::string& what, const Json& array, std::string_view word) {
    check(!array.has(word), what + " does not have " + std::string(word), array.dump());
}

void Case::need(bool ok, const std::string& what, const std::string& observed) {
    check(ok, what, observed);
    if (!ok) finish();
}

void Case::skip(const std::string& reason) {
    result_.status = Status::skipped;
    result_.reason = reason;
    finish();
}

void Case::follows_schema(const std::string& what, const std::string& document, const std::string& schema) {
    if (setting_.texts.empty())
        skip("the schemas are not at hand: name the specifications' directory by --spec");
    const std::string file = path("document.json");
    const std::string schema_file = setting_.texts + "/" + schema;
    write_file(file, document);
    const std::string base = "file://" + schema_file.substr(0, schema_file.rfind('/') + 1);
    const CommandResult judge = run_command({"/usr/bin/python3", "-W", "ignore", "-m", "jsonschema",
                                             "--base-uri", base, "-i", file, schema_file});
    if (judge.code == 127) skip("the second judge is missing: python3 with jsonschema");
    check(judge.ok(), what + " follows " + schema, cut(judge.err.text() + judge.out.text()));
}

void Case::since(const std::string& version) {
    if (!setting_.max_spec.empty() && version_number(setting_.max_spec) < version_number(version))
        skip("needs version " + version + " of the specification; this runtime knows " + setting_.max_spec);
}

void Case::at_end(const void* owner, std::function<void()> cleanup) {
    cleanups_[owner] = std::move(cleanup);
}

void Case::finish() {
    // A cleanup may end in the middle itself: it is called once.
    while (!cleanups_.empty()) {
        const std::function<void()> cleanup = std::move(cleanups_.begin()->second);
        cleanups_.erase(cleanups_.begin());
        cleanup();
    }
    if (result_.status != Status::skipped) {
        const bool good = !result_.checks.empty() && std::all_of(result_.checks.begin(), result_.checks.end(),
                                                                 [](const Check& check) { return check.ok; });
        result_.status = good ? Status::passed : Status::failed;
        if (result_.checks.empty()) result_.reason = "the case checked nothing";
    }
    const std::string line = to_json(result_).dump() + "\n";
    static_cast<void>(oci::write_all(oci::BorrowedFd(setting_.report_fd), line));
    ::_exit(0);
}

const Json& mount_at(const Json& facts, std::string_view target) {
    static const Json none;
    const Json* found = &none;
    for (const Json& mount : facts["mounts"].items())
        if (mount["target"].str() == target) found = &mount;
    return *found;
}

std::vector<CaseEntry>& all_cases() {
    static std::vector<CaseEntry> cases;
    return cases;
}

Registration::Registration(const char* name, const char* kind, View also, CaseFunction function) {
    auto& cases = all_cases();
    CaseEntry entry{name, kind, also, function};
    cases.insert(std::upper_bound(cases.begin(), cases.end(), entry,
                                  [](const CaseEntry& a, const CaseEntry& b) { return a.name < b.name; }),
                 std::move(entry));
}

}  // namespace conformance
