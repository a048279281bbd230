#include "imagetool/build/plan_build.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/text.hpp"
#include "imagetool/build/stage_planner.hpp"
#include "imagetool/dockerfile/expand_instruction.hpp"
#include "imagetool/dockerfile/finding.hpp"

namespace ocimg::build {

namespace {

using dockerfile::Instruction;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

class Planner {
public:
    Planner(const dockerfile::Dockerfile& file, const PlanRequest& request, const ResolveImage& resolve)
        : file_(file), request_(request), resolve_(resolve), globals_(request.arguments) {}

    Result<BuildGraph> plan() {
        for (const Instruction& arg : file_.global_args)
            TRY(at(arg, globals_.define(arg, file_.directives.escape, budget_)));
        graph_.stages.resize(file_.stages.size());
        planners_.resize(file_.stages.size());
        graph_.text = file_.text;
        graph_.contexts = {""};
        graph_.contexts.insert(graph_.contexts.end(), request_.context_names.begin(),
                               request_.context_names.end());
        graph_.target = TRY(find_target());
        if (request_.all_stages) {
            for (std::size_t i = 0; i < file_.stages.size(); ++i) TRY(plan_stage(i));
        }
        TRY(plan_stage(graph_.target));
        TRY(add_labels());
        return std::move(graph_);
    }

private:
    /// An error of an instruction, with the line it stands in.
    template <class T>
    Result<T> at(const Instruction& instruction, Result<T> result) const {
        if (result.has_value()) return result;
        const std::string& text = result.error().text;
        if (text.find('\n') != std::string::npos) return result;  // it shows its place already
        const dockerfile::Place lines{.line = instruction.lines.first, .last_line = instruction.lines.last};
        return dockerfile::error_at(file_.file, file_.text,
                                    dockerfile::place_of_message(file_.text, lines, text), text);
    }

    Result<std::size_t> find_target() const {
        if (request_.target.empty()) return file_.stages.size() - 1;
        const std::string wanted = oci::to_lower(request_.target);
        for (std::size_t i = file_.stages.size(); i-- > 0;)
            if (file_.stages[i].from.name == wanted) return i;
        const auto number = oci::parse_integer<std::size_t>(request_.target);
        if (number.has_value() && *number < file_.stages.size()) return *number;
        return failure(ErrorCode::not_found, "--target " + quote(request_.target) + ": " + file_.file +
                                                 " has no such stage" + list_stages());
    }

    [[nodiscard]] std::string list_stages() const {
        std::vector<std::string> names;
        for (const auto& stage : file_.stages)
            if (!stage.from.name.empty()) names.push_back(stage.from.name);
        return names.empty() ? std::string() : "; there are " + oci::join(names, ", ");
    }

    /// The last stage of this name before `before`.
    [[nodiscard]] std::optional<std::size_t> find_stage(const std::string& name, std::size_t before) const {
        const std::string wanted = oci::to_lower(name);
        for (std::size_t i = before; i-- > 0;)
            if (file_.stages[i].from.name == wanted) return i;
        return std::nullopt;
    }

    Result<TreeSource> need_stage(std::size_t index, std::size_t user) {
        TRY(plan_stage(index));
        graph_.stages[user].needs.insert(index);
        return TreeSource{TreeSource::Kind::stage, index};
    }

    Result<TreeSource> need_image(const std::string& name, const oci::spec::Platform& platform) {
        const std::string key = name + " " + to_text(platform);
        const auto known = images_.find(key);
        if (known != images_.end()) return TreeSource{TreeSource::Kind::image, known->second};
        graph_.images.push_back(TRY(resolve_(name, platform)));
        images_[key] = graph_.images.size() - 1;
        return TreeSource{TreeSource::Kind::image, graph_.images.size() - 1};
    }

    [[nodiscard]] std::optional<std::size_t> find_context(const std::string& name) const {
        for (std::size_t i = 1; i < graph_.contexts.size(); ++i)
            if (graph_.contexts[i] == name) return i;
        return std::nullopt;
    }

    /// What COPY --from and --mount from= name in stage `user`.
    Result<TreeSource> find_tree(const std::string& name, std::size_t user) {
        if (const auto context = find_context(name)) return TreeSource{TreeSource::Kind::context, *context};
        if (const auto image = request_.image_contexts.find(name); image != request_.image_contexts.end())
            return need_image(image->second, graph_.stages[user].platform);
        if (const auto stage = find_stage(name, user)) return need_stage(*stage, user);
        if (const auto number = oci::parse_integer<std::size_t>(name)) {
            if (*number < user) return need_stage(*number, user);
            return failure(ErrorCode::invalid, "--from=" + name + " names no stage before this one");
        }
        for (std::size_t i = user; i < file_.stages.size(); ++i) {
            if (file_.stages[i].from.name == oci::to_lower(name))
                return failure(ErrorCode::invalid, "--from=" + name +
                                                       (i == user ? " names the stage it stands in"
                                                                  : " names a stage that comes later"));
        }
        if (name == "scratch") return TreeSource{TreeSource::Kind::nothing, 0};
        return need_image(name, graph_.stages[user].platform);
    }

    Result<void> plan_stage(std::size_t index) {
        PlannedStage& stage = graph_.stages[index];
        if (stage.needed) return {};
        stage.needed = true;
        const dockerfile::Stage& written = file_.stages[index];
        stage.name = written.from.name;
        std::vector<Instruction> triggers = TRY(at(written.from_line, start_stage(index)));
        StagePlanner& planner = *planners_[index];
        for (const Instruction& trigger : triggers)
            TRY(at(written.from_line, add(planner, trigger).in("ONBUILD of " + quote(written.from.image))));
        for (const Instruction& instruction : written.instructions)
            TRY(at(instruction, add(planner, instruction)));
        return {};
    }

    Result<void> add(StagePlanner& planner, const Instruction& instruction) {
        const auto unset = TRY(planner.add(instruction, file_.directives.escape, budget_));
        for (const std::string& name : unset)
            graph_.warnings.push_back(file_.file + ":" + std::to_string(instruction.lines.first) +
                                      ": the variable " + quote(name) + " has no value");
        return {};
    }

    /// Expands FROM, finds its base and begins the stage with it. Gives the base's ONBUILD instructions.
    Result<std::vector<Instruction>> start_stage(std::size_t index) {
        const Instruction& line = file_.stages[index].from_line;
        const auto expanded =
            TRY(dockerfile::expand_instruction(line, globals_.lookup(), file_.directives.escape, budget_));
        const auto& from = std::get<dockerfile::From>(expanded.instruction.body);
        PlannedStage& stage = graph_.stages[index];
        stage.platform = globals_.arguments().target_platform;
        if (!from.platform.empty()) stage.platform = TRY(oci::spec::parse_platform(from.platform));
        if (from.image.empty()) return failure(ErrorCode::invalid, "FROM names no image");
        TRY(find_base(from.image, index));
        if (!planners_[index]) {
            planners_[index] =
                std::make_unique<StagePlanner>(stage, dockerfile::StageScope(globals_, stage.config.env),
                                               finder(index), request_.allow_insecure);
        }
        std::vector<Instruction> triggers;
        for (const std::string& text : stage.config.on_build)
            triggers.push_back(TRY(dockerfile::parse_trigger(text, "ONBUILD of " + quote(from.image))));
        stage.config.on_build.clear();
        return triggers;
    }

    FindTree finder(std::size_t index) {
        return [this, index](const std::string& name) { return find_tree(name, index); };
    }

    Result<void> find_base(const std::string& name, std::size_t index) {
        PlannedStage& stage = graph_.stages[index];
        const auto replaced = request_.image_contexts.find(name);
        if (const auto base =
                replaced == request_.image_contexts.end() ? find_stage(name, index) : std::nullopt) {
            stage.base = TRY(need_stage(*base, index));
            stage.config = graph_.stages[*base].config;
            stage.author = graph_.stages[*base].author;
            planners_[index] = std::make_unique<StagePlanner>(
                stage, dockerfile::StageScope(globals_, planners_[*base]->scope()), finder(index),
                request_.allow_insecure);
            return {};
        }
        if (name == "scratch") {
            stage.base.kind = TreeSource::Kind::nothing;
            stage.config.env = {std::string("PATH=") + default_path};  // as every other builder has it
            return {};
        }
        const std::string image = replaced == request_.image_contexts.end() ? name : replaced->second;
        stage.base = TRY(need_image(image, stage.platform));
        const BaseImage& found = graph_.images[stage.base.index];
        stage.config = found.config.config.value_or(oci::spec::ExecutionConfig{});
        stage.author = found.config.author;
        return {};
    }

    Result<void> add_labels() {
        for (const std::string& label : request_.labels) {
            const std::size_t equals = label.find('=');
            if (equals == 0 || label.empty())
                return failure(ErrorCode::invalid, "--label " + quote(label) + ": expected NAME=VALUE");
            graph_.stages[graph_.target].config.labels[label.substr(0, equals)] =
                equals == std::string::npos ? std::string() : label.substr(equals + 1);
        }
        return {};
    }

    const dockerfile::Dockerfile& file_;
    const PlanRequest& request_;
    const ResolveImage& resolve_;
    dockerfile::GlobalScope globals_;
    dockerfile::ExpansionBudget budget_;
    BuildGraph graph_;
    std::vector<std::unique_ptr<StagePlanner>> planners_;
    std::map<std::string, std::size_t> images_;
};

}  // namespace

Result<BuildGraph> plan_build(const dockerfile::Dockerfile& file, const PlanRequest& request,
                              const ResolveImage& resolve) {
    auto graph = Planner(file, request, resolve).plan();
    if (graph) graph->file = file.file;
    return graph;
}

}  // namespace ocimg::build
