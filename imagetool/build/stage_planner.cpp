#include "imagetool/build/stage_planner.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/describe_step.hpp"
#include "imagetool/dockerfile/expand_instruction.hpp"
#include "imagetool/dockerfile/port.hpp"

namespace ocimg::build {

namespace {

using dockerfile::MountType;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

bool sets(const std::vector<std::string>& env, const std::string& assignment) {
    const std::string start = assignment.substr(0, assignment.find('=') + 1);
    return std::any_of(env.begin(), env.end(), [&](const auto& entry) { return entry.starts_with(start); });
}

oci::spec::Healthcheck to_healthcheck(const dockerfile::Healthcheck& check,
                                      const std::vector<std::string>& shell) {
    oci::spec::Healthcheck made;
    if (check.none) {
        made.test = {"NONE"};
        return made;
    }
    if (check.command.shell_form) {
        made.test = {"CMD-SHELL", check.command.words.empty() ? "" : check.command.words.front()};
    } else {
        made.test = {"CMD"};
        const auto words = dockerfile::config_arguments(check.command, shell);
        made.test.insert(made.test.end(), words.begin(), words.end());
    }
    made.interval = check.interval;
    made.timeout = check.timeout;
    made.start_period = check.start_period;
    made.start_interval = check.start_interval;
    made.retries = check.retries;
    return made;
}

}  // namespace

std::string StagePlanner::absolute(const std::string& path) const {
    const std::string base = stage_.config.working_dir.empty() ? "/" : stage_.config.working_dir;
    const bool directory = path.ends_with('/') || path == "." || path.ends_with("/.");
    std::string clean = oci::clean_path(path.starts_with('/') ? path : base + "/" + path);
    if (directory && clean != "/") clean += "/";
    return clean;
}

std::vector<std::string> StagePlanner::shell() const {
    return stage_.config.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : stage_.config.shell;
}

Result<RunMount> StagePlanner::plan_mount(const dockerfile::Mount& mount) {
    RunMount planned{.mount = mount, .from = {}};
    if (mount.type == MountType::bind || mount.type == MountType::cache) {
        planned.from.kind =
            mount.type == MountType::cache ? TreeSource::Kind::nothing : TreeSource::Kind::context;
        if (!mount.from.empty()) planned.from = TRY(find_tree_(mount.from));
    }
    if (mount.target.empty()) return planned;
    planned.mount.target = oci::clean_path(absolute(mount.target));
    if (planned.mount.target == "/")
        return failure(ErrorCode::invalid, "--mount: the target may not be the root directory");
    return planned;
}

Result<RunStep> StagePlanner::plan_run(const dockerfile::Run& run) {
    RunStep step;
    dockerfile::RunArguments arguments = dockerfile::run_arguments(run.command, shell());
    step.argv = std::move(arguments.argv);
    step.script = std::move(arguments.script);
    step.env = scope_.env();
    for (const std::string& argument : scope_.args()) {
        if (!sets(scope_.env(), argument)) step.env.push_back(argument);
    }
    for (const std::string& argument : scope_.hidden_args()) {
        if (!sets(step.env, argument)) step.hidden_env.push_back(argument);
    }
    if (!sets(step.env, "PATH=")) step.env.push_back(std::string("PATH=") + default_path);
    step.working_dir = stage_.config.working_dir.empty() ? "/" : stage_.config.working_dir;
    step.user = stage_.config.user;
    for (const auto& mount : run.mounts) {
        if (mount.value.has_value()) step.mounts.push_back(TRY(plan_mount(*mount.value)));
    }
    step.network = run.network.value.value_or(dockerfile::RunNetwork::default_network);
    step.security = run.security.value.value_or(dockerfile::RunSecurity::sandbox);
    if (step.security == dockerfile::RunSecurity::insecure && !allow_insecure_)
        return failure(ErrorCode::invalid,
                       "--security=insecure is only done when the build is started with "
                       "--allow security.insecure");
    for (const auto& device : run.devices) {
        if (device.value.has_value() && device.value->required)
            return failure(ErrorCode::unsupported, "--device: no devices can be given to a build");
    }
    if (step.argv.empty()) return failure(ErrorCode::invalid, "RUN has nothing to start");
    return step;
}

Result<CopyStep> StagePlanner::plan_copy(const dockerfile::Transfer& transfer, const std::string& from) {
    CopyStep step;
    step.transfer = transfer;
    step.transfer.destination = absolute(transfer.destination);
    if (!from.empty()) step.from = TRY(find_tree_(from));
    const std::size_t sources = transfer.sources.size() + transfer.files.size();
    if (sources == 0) return failure(ErrorCode::invalid, "there is no source");
    if (sources > 1 && !step.transfer.destination.ends_with('/') && step.transfer.destination != "/")
        return failure(ErrorCode::invalid, "the destination " + quote(transfer.destination) +
                                               " of several sources must end with /");
    return step;
}

/// What each instruction does beside its variables.
struct StagePlanner::Effect {
    StagePlanner& planner;
    PlannedStep& step;

    oci::spec::ExecutionConfig& config() const { return planner.stage_.config; }

    Result<void> operator()(const dockerfile::From&) const { return {}; }
    Result<void> operator()(const dockerfile::Run& run) const {
        step.action = TRY(planner.plan_run(run));
        step.created_by = describe_run(std::get<RunStep>(step.action), planner.scope_.args());
        return {};
    }
    Result<void> operator()(const dockerfile::Copy& copy) const {
        CopyStep planned = TRY(planner.plan_copy(copy.transfer, copy.from));
        planned.parents = copy.parents;
        step.action = std::move(planned);
        return {};
    }
    Result<void> operator()(const dockerfile::Add& add) const {
        CopyStep planned = TRY(planner.plan_copy(add.transfer, ""));
        planned.add = CopyStep::Add{add.checksum, add.keep_git_dir, add.unpack};
        step.action = std::move(planned);
        return {};
    }
    Result<void> operator()(const dockerfile::Arg&) const { return {}; }
    Result<void> operator()(const dockerfile::Env&) const {
        config().env = planner.scope_.env();
        return {};
    }
    Result<void> operator()(const dockerfile::Label& label) const {
        for (const auto& [key, value] : label.labels) config().labels[key] = value;
        return {};
    }
    Result<void> operator()(const dockerfile::Cmd& cmd) const {
        config().cmd = dockerfile::config_arguments(cmd.command, planner.shell());
        planner.cmd_is_ours_ = true;
        return {};
    }
    Result<void> operator()(const dockerfile::Entrypoint& entrypoint) const {
        config().entrypoint = dockerfile::config_arguments(entrypoint.command, planner.shell());
        if (config().entrypoint->empty()) config().entrypoint.reset();
        if (!planner.cmd_is_ours_) config().cmd.reset();
        return {};
    }
    Result<void> operator()(const dockerfile::Expose& expose) const {
        for (const std::string& word : expose.ports) {
            for (const std::string& port : TRY(dockerfile::parse_port(word)))
                config().exposed_ports[port] = {};
        }
        return {};
    }
    Result<void> operator()(const dockerfile::Healthcheck& check) const {
        config().healthcheck = to_healthcheck(check, planner.shell());
        return {};
    }
    Result<void> operator()(const dockerfile::OnBuild& onbuild) const {
        config().on_build.push_back(onbuild.text);
        return {};
    }
    Result<void> operator()(const dockerfile::Shell& shell) const {
        config().shell = shell.words;
        return {};
    }
    Result<void> operator()(const dockerfile::StopSignal& stop) const {
        config().stop_signal = stop.signal;
        return {};
    }
    Result<void> operator()(const dockerfile::User& user) const {
        config().user = user.user;
        return {};
    }
    Result<void> operator()(const dockerfile::Volume& volume) const {
        for (const std::string& path : volume.paths) {
            if (path.empty()) return failure(ErrorCode::invalid, "a volume's path may not be empty");
            config().volumes[path] = {};
        }
        return {};
    }
    Result<void> operator()(const dockerfile::Workdir& workdir) const {
        config().working_dir = oci::clean_path(planner.absolute(workdir.path));
        if (config().working_dir != "/") step.action = WorkdirStep{config().working_dir, config().user};
        return {};
    }
    Result<void> operator()(const dockerfile::Maintainer& maintainer) const {
        planner.stage_.author = maintainer.name;
        return {};
    }
};

Result<void> StagePlanner::plan(const dockerfile::Instruction& instruction, PlannedStep& step) {
    step.text = without_url_credentials(instruction.text);
    step.lines = instruction.lines;
    TRY(std::visit(Effect{*this, step}, instruction.body));
    if (step.created_by.empty()) step.created_by = describe_instruction(instruction, stage_.config);
    return {};
}

Result<std::set<std::string>> StagePlanner::add(const dockerfile::Instruction& instruction, char escape,
                                                dockerfile::ExpansionBudget& budget) {
    dockerfile::Expanded expanded = TRY(scope_.enter(instruction, escape, budget));
    PlannedStep step;
    TRY(plan(expanded.instruction, step));
    stage_.steps.push_back(std::move(step));
    return std::move(expanded.unset);
}

}  // namespace ocimg::build
