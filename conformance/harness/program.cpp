#include "conformance/harness/program.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "conformance/harness/report.hpp"
#include "conformance/harness/runner.hpp"

namespace conformance {
namespace {

using oci::cli::Values;

oci::Result<std::vector<View>> parse_views(const std::string& text) {
    std::vector<View> views;
    for (const std::string& word : oci::split(text, ',')) {
        bool known = false;
        for (const View view : all_views) {
            if (word != view_name(view)) continue;
            views.push_back(view);
            known = true;
        }
        if (known) continue;
        std::vector<std::string> allowed(all_views.size());
        std::transform(all_views.begin(), all_views.end(), allowed.begin(), view_name);
        return oci::failure(oci::ErrorCode::invalid, "--views: found " + oci::quote(word) + ", allowed are " +
                                                         oci::join(allowed, ", "));
    }
    return views;
}

oci::Result<std::size_t> parse_count(const Values& values, const std::string& option, std::size_t otherwise) {
    if (!values.has(option) && values.get(option).empty()) return otherwise;
    const auto number = oci::parse_integer<std::size_t>(values.get(option));
    if (!number || *number == 0 || *number > 10000)
        return oci::failure(oci::ErrorCode::invalid, "--" + option + ": found " +
                                                         oci::quote(values.get(option)) +
                                                         ", expected a number from 1 to 10000");
    return *number;
}

oci::Result<void> write_report(const std::string& file, const std::string& text) {
    if (file == "-") return oci::write_all(oci::BorrowedFd(1), text);
    const oci::Fd out = TRY(oci::open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    return oci::write_all(out, text);
}

oci::Result<void> write_reports(const Values& values, const std::vector<ToolReport>& reports,
                                const std::vector<Requirement>& requirements) {
    if (values.has("tap")) TRY(write_report(values.get("tap"), tap_report(reports)));
    if (values.has("junit")) TRY(write_report(values.get("junit"), junit_report(reports)));
    if (values.has("json")) TRY(write_report(values.get("json"), json_report(reports)));
    if (values.has("html")) TRY(write_report(values.get("html"), html_report(reports, requirements)));
    return {};
}

oci::Result<int> check_data(const Values& values, const std::vector<Requirement>& requirements) {
    std::vector<std::string> names;
    for (const CaseEntry& entry : all_cases()) names.push_back(entry.name);
    std::vector<std::string> problems = check_coverage(requirements, names);
    if (values.has("spec")) {
        for (std::string& problem : TRY(check_texts(requirements, values.get("spec"))))
            problems.push_back(std::move(problem));
    }
    std::size_t tested = 0;
    for (const Requirement& one : requirements)
        if (!one.cases.empty()) ++tested;
    for (const std::string& problem : problems) std::printf("%s\n", problem.c_str());
    std::printf("%zu requirements, %zu of them tested by %zu cases; %s%s\n", requirements.size(), tested,
                names.size(), oci::count_of(problems.size(), "problem").c_str(),
                values.has("spec") ? "" : " (the specifications' texts were not looked at: no --spec)");
    return problems.empty() ? 0 : 1;
}

int list_cases(const Values& values, const std::vector<Requirement>& requirements) {
    RunOptions options;
    options.select = values.all("select");
    options.except = values.all("except");
    for (const char* kind : {"runtime", "image"}) {
        for (const CaseEntry* entry : select_cases(kind, options, requirements)) {
            std::printf("%s%s%s\n", entry->name.c_str(),
                        entry->also == View::as_mounted ? "" : ", also in the view ",
                        entry->also == View::as_mounted ? "" : view_name(entry->also));
            for (const Requirement& one : requirements)
                for (const std::string& name : one.cases)
                    if (name == entry->name) std::printf("    %s: %s\n", one.id.c_str(), one.text.c_str());
        }
    }
    return 0;
}

/// A directory of this run; removed again unless it was asked for.
oci::Result<std::string> make_work_directory(const Values& values) {
    if (values.has("keep")) {
        std::string path = TRY(oci::absolute_path(values.get("keep")));
        TRY(oci::make_directories(path, 0755));
        return path;
    }
    std::string path = "/tmp/oci-conformance.XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return oci::last_system_failure("mkdtemp /tmp");
    ::chmod(path.c_str(), 0755);
    return path;
}

oci::Result<RunOptions> run_options(const Values& values, const Installation& installation) {
    RunOptions options;
    options.select = values.all("select");
    options.except = values.all("except");
    if (values.has("spec")) options.texts = TRY(oci::absolute_path(values.get("spec")));
    options.views = TRY(parse_views(values.get("views")));
    options.jobs =
        TRY(parse_count(values, "jobs", static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN))));
    options.limit = std::chrono::seconds(TRY(parse_count(values, "timeout", 30)));
    options.keep = values.has("keep");
    options.probe = installation.probe;
    options.data = installation.data;
    const bool quiet = values.has("quiet") || values.get("tap") == "-" || values.get("json") == "-";
    options.on_result = [quiet](const CaseResult& result) {
        if (quiet && result.status == Status::passed) return;
        std::fprintf(stderr, "%s", human_line(result).c_str());
    };
    return options;
}

oci::Result<std::vector<ToolReport>> gather(const Values& values, const Installation& installation,
                                            const std::vector<Requirement>& requirements) {
    std::vector<ToolReport> reports;
    for (const std::string& file : values.all("merge")) {
        const std::string text = TRY(oci::read_file(oci::current_directory, file, std::size_t{1} << 30));
        const Json json = TRY(Json::parse(text, file));
        for (const Json& report : json["reports"].items()) reports.push_back(report_from_json(report));
    }
    RunOptions options = TRY(run_options(values, installation));
    for (const auto& [option, kind] : {std::pair("runtime", "runtime"), std::pair("image-tool", "image")}) {
        for (const std::string& name : values.all(option)) {
            if (::geteuid() != 0)
                return oci::failure("the cases make namespaces and mounts: run this as root");
            const ToolProfile tool =
                TRY(load_profile(installation.data + "/tools", kind, name, values.get("profile")));
            const auto cases = select_cases(kind, options, requirements);
            if (cases.empty()) return oci::failure(oci::ErrorCode::invalid, "--select names no case");
            options.work = TRY(make_work_directory(values));
            auto report = run_cases(tool, cases, options);
            if (!options.keep)
                static_cast<void>(run_command({"/bin/rm", "-rf", "--one-file-system", options.work}));
            if (!report) return report.error();
            std::fprintf(stderr, "%s", human_summary(*report, requirements).c_str());
            reports.push_back(std::move(*report));
        }
    }
    return reports;
}

}  // namespace

oci::Result<Installation> find_installation(const std::string& data) {
    std::string program_path(4096, '\0');
    const ssize_t length = ::readlink("/proc/self/exe", program_path.data(), program_path.size());
    if (length < 0) return oci::last_system_failure("/proc/self/exe");
    program_path.resize(static_cast<std::size_t>(length));
    const std::string here = program_path.substr(0, program_path.rfind('/'));
    Installation found;
    for (const std::string& candidate :
         {data, here + "/share/oci-conformance", here + "/../share/oci-conformance"})
        if (found.data.empty() && !candidate.empty() &&
            ::access((candidate + "/requirements").c_str(), F_OK) == 0)
            found.data = candidate;
    for (const std::string& candidate :
         {here + "/oci-conformance-probe", here + "/../libexec/oci-conformance/oci-conformance-probe"})
        if (found.probe.empty() && ::access(candidate.c_str(), X_OK) == 0) found.probe = candidate;
    if (found.data.empty())
        return oci::failure(oci::ErrorCode::not_found,
                            "no directory with requirements beside " + program_path +
                                " or in ../share/oci-conformance: name it by --data");
    if (found.probe.empty())
        return oci::failure(oci::ErrorCode::not_found, "no oci-conformance-probe beside " + program_path);
    return found;
}

oci::Result<int> run_program(const std::vector<std::string>& words) {
    std::vector<std::string> all = {"run"};
    all.insert(all.end(), words.begin(), words.end());
    const oci::cli::Invocation invocation = TRY(oci::cli::parse_command_line(program(), all));
    const Values& values = invocation.values;
    const bool runs = values.has("runtime") || values.has("image-tool") || values.has("merge");
    if (invocation.help || (!runs && !values.has("list") && !values.has("check"))) {
        std::printf("%s", oci::cli::command_help(program(), program().commands.front()).c_str());
        return invocation.help ? 0 : 2;
    }
    const Installation installation = TRY(find_installation(values.get("data")));
    const std::vector<Requirement> requirements = TRY(load_requirements(installation.data + "/requirements"));
    if (values.has("check")) return check_data(values, requirements);
    if (values.has("list")) return list_cases(values, requirements);
    const std::vector<ToolReport> reports = TRY(gather(values, installation, requirements));
    TRY(write_reports(values, reports, requirements));
    for (const ToolReport& report : reports)
        if (report.count(Status::failed) != 0) return 1;
    return 0;
}

}  // namespace conformance
