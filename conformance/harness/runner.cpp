#include "conformance/harness/runner.hpp"

#include <poll.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"
#include "conformance/harness/container.hpp"
#include "conformance/harness/sandbox.hpp"

namespace conformance {
namespace {

struct Planned {
    const CaseEntry* entry;
    View view;
};

bool matches(const std::string& name, const std::string& wanted) {
    return wanted == name || (wanted.ends_with('/') && name.starts_with(wanted)) ||
           (wanted.ends_with('*') && name.starts_with(wanted.substr(0, wanted.size() - 1))) ||
           name.starts_with(wanted + "/");
}

/// What a view has for cgroups.
std::string cgroups_of(View view) {
    if (view == View::rootless) return "an ordinary user, no cgroup";
    if (view == View::cgroup_v2 || is_cgroup_v2()) return "cgroup v2";
    const bool v2_beside = ::access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0;
    return v2_beside ? "cgroup v1, hybrid" : "cgroup v1";
}

/// In the first view every case, in the others those that depend on it.
std::vector<Planned> plan(const std::vector<const CaseEntry*>& cases, const std::string& kind,
                          const RunOptions& options, std::vector<std::string>& notes) {
    std::vector<Planned> planned;
    bool first = true;
    for (const View view : options.views) {
        if (kind == "image" && !first) break;
        const std::string why_not = why_no_view(view);
        notes.push_back(std::string(view_name(view)) + " (" + cgroups_of(view) +
                        "): " + (why_not.empty() ? "ran" : "not run: " + why_not));
        if (!why_not.empty()) continue;
        const bool every = first && view != View::rootless;
        for (const CaseEntry* entry : cases)
            if (every || entry->also == view) planned.push_back({entry, view});
        first = false;
    }
    if (kind == "runtime") {
        notes.emplace_back("systemd: not run: the profiles name the cgroupfs driver only");
    }
    return planned;
}

/// The first line of --version, and the newest specification that `features` admits.
void ask_tool(const ToolProfile& tool, const RunOptions& options, ToolReport& report, std::string& max_spec) {
    const CommandResult version = run_command({tool.program, "--version"});
    report.version = version.out.text().substr(0, version.out.text().find('\n'));
    const auto fact = tool.facts.find("spec");
    if (fact != tool.facts.end()) max_spec = fact->second;
    if (tool.kind != "runtime" || !tool.can("features")) return;
    const CommandResult features =
        run_command(expand_command(tool, "features", {{"root", options.work + "/state"}}));
    const Json document = Json::of(features.out.text());
    if (document["ociVersionMax"].is_string()) max_spec = document["ociVersionMax"].str();
    // A runtime without the document was written before version 1.1 of the specification.
    if (!document.is_object() && max_spec.empty()) max_spec = "1.0.2";
}

/// A word that no other run on this machine has; a process id would be 1 in any pid namespace.
std::string run_mark() {
    std::uint32_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != sizeof number)
        number = static_cast<std::uint32_t>(::getpid());
    return std::to_string(number);
}

class Pool {
public:
    Pool(const RunOptions& options, ToolReport& report) : options_(options), report_(report) {}

    oci::Result<void> start(const CaseEntry& entry, const Setting& setting) {
        running_.push_back(TRY(start_case(entry, setting, options_.limit, options_.keep)));
        return {};
    }
    [[nodiscard]] bool full() const { return running_.size() >= options_.jobs; }
    [[nodiscard]] bool empty() const { return running_.empty(); }

    /// Waits until at least one case has ended, and collects it.
    void collect() {
        std::vector<pollfd> items;
        for (const RunningCase& running : running_) items.push_back({running.report.fd().get(), POLLIN, 0});
        ::poll(items.data(), items.size(), -1);
        for (std::size_t i = items.size(); i-- > 0;) {
            if (items[i].revents == 0 || running_[i].report.drain()) continue;
            report_.results.push_back(collect_case(running_[i]));
            if (options_.on_result) options_.on_result(report_.results.back());
            running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }

private:
    const RunOptions& options_;
    ToolReport& report_;
    std::vector<RunningCase> running_;
};

}  // namespace

std::vector<const CaseEntry*> select_cases(const std::string& kind, const RunOptions& options,
                                           const std::vector<Requirement>& requirements) {
    std::vector<const CaseEntry*> chosen;
    for (const CaseEntry& entry : all_cases()) {
        if (entry.kind != kind) continue;
        bool wanted = options.select.empty();
        for (const std::string& word : options.select) {
            wanted = wanted || matches(entry.name, word);
            for (const Requirement& one : requirements)
                wanted = wanted || (matches(one.id, word) && std::find(one.cases.begin(), one.cases.end(),
                                                                       entry.name) != one.cases.end());
        }
        for (const std::string& word : options.except) wanted = wanted && !matches(entry.name, word);
        if (wanted) chosen.push_back(&entry);
    }
    return chosen;
}

oci::Result<ToolReport> run_cases(const ToolProfile& tool, const std::vector<const CaseEntry*>& cases,
                                  const RunOptions& options) {
    ToolReport report;
    report.tool = tool.name;
    report.program = tool.program;
    Setting setting;
    setting.tool = &tool;
    setting.probe = options.probe;
    setting.data = options.data;
    setting.texts = options.texts;
    ask_tool(tool, options, report, setting.max_spec);
    const std::string prefix = "oci-conformance-" + run_mark() + "-";
    std::size_t number = 0;
    Pool pool(options, report);
    for (const Planned& planned : plan(cases, tool.kind, options, report.notes)) {
        while (pool.full()) pool.collect();
        setting.view = planned.view;
        setting.name = prefix + std::to_string(number);
        setting.work = options.work + "/" + std::to_string(number++);
        TRY(pool.start(*planned.entry, setting));
    }
    while (!pool.empty()) pool.collect();
    std::stable_sort(report.results.begin(), report.results.end(),
                     [](const CaseResult& a, const CaseResult& b) { return a.full_name() < b.full_name(); });
    return report;
}

}  // namespace conformance
