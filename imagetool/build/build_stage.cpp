#include "imagetool/build/build_stage.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/text.hpp"
#include "imagetool/build/cache_key.hpp"
#include "imagetool/dockerfile/finding.hpp"

namespace ocimg::build {

namespace {

using oci::failure;
using oci::Result;

/// A step that was looked up or done.
struct DoneStep {
    StageFiles files;
    bool cached = false;
};

class StageBuilder {
public:
    StageBuilder(const BuildServices& services, std::size_t index)
        : services_(services), stage_(services.graph.stages[index]), index_(index) {}

    Result<StageFiles> build() {
        files_ = services_.trees.base_files(stage_);
        if (services_.settings.source_date.has_value()) files_.time = *services_.settings.source_date;
        const auto layers = std::count_if(stage_.steps.begin(), stage_.steps.end(),
                                          [](const PlannedStep& step) { return step.makes_layer(); });
        std::size_t number = 0;
        for (const PlannedStep& step : stage_.steps) {
            if (!step.makes_layer()) continue;
            if (services_.is_cancelled()) return failure("cancelled");
            StepLabel label{.id = next_id(),
                            .stage = stage_.name.empty() ? std::to_string(index_) : stage_.name,
                            .number = ++number,
                            .total = static_cast<std::size_t>(layers),
                            .text = step.text};
            TRY(one(step, label));
            services_.on_layer(index_, files_);
        }
        return std::move(files_);
    }

private:
    static std::size_t next_id() {
        static std::atomic<std::size_t> last = 0;
        return ++last;
    }

    Result<void> one(const PlannedStep& step, const StepLabel& label) {
        const auto begun = std::chrono::steady_clock::now();
        services_.progress.begin(label);
        auto done = std::visit([&](const auto& action) { return perform(action, label); }, step.action);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        if (!done) {
            services_.progress.end(label, StepOutcome::failed, took.count());
            return at(step, label, done.error());
        }
        services_.progress.end(label, done->cached ? StepOutcome::cached : StepOutcome::done, took.count());
        files_ = std::move(done->files);
        return {};
    }

    /// The error with the step's place and line; what is below its first line (advice, output) stays below.
    /// The words it quotes say where, not those of the step itself.
    [[nodiscard]] oci::Error at(const PlannedStep& step, const StepLabel& label, oci::Error error) const {
        const BuildGraph& graph = services_.graph;
        const std::size_t end = std::min(error.text.find('\n'), error.text.size());
        const std::string first = error.text.substr(0, end);
        const dockerfile::Place lines{.line = step.lines.first, .last_line = step.lines.last};
        const dockerfile::Place place = dockerfile::place_of_message(graph.text, lines, first);
        error.text =
            dockerfile::show_place(graph.file, graph.text, place, label.text_with_place() + ": " + first) +
            error.text.substr(end);
        return error;
    }

    Result<DoneStep> perform(const std::monostate& /*nothing*/, const StepLabel& /*label*/) {
        return DoneStep{files_, true};
    }

    /// The stage's files with the step's layer on top.
    [[nodiscard]] StageFiles with_layer(const std::string& key, const StepRecord& record) const {
        services_.exported.note(key);
        if (!record.same_as.empty()) services_.exported.note(record.same_as);
        StageFiles files = files_;
        files.key = key;
        files.time = record.time;
        files.layers.push_back({.key = record.same_as.empty() ? key : record.same_as, .time = record.time});
        if (!record.same_as.empty()) files.key = record.same_as;
        return files;
    }

    /// The step's result, when it is known and its files are still there, or when --cache-from has it.
    [[nodiscard]] std::optional<StageFiles> find(const std::string& key) const {
        if (!services_.settings.use_cache) return std::nullopt;
        auto record = services_.cache.find(key);
        if (!record.has_value() || !has_files(key, *record)) {
            const StepRecord* const shared = services_.imports.find(key);
            if (shared == nullptr || !import(key, *shared)) return std::nullopt;
            record = *shared;
        }
        return with_layer(key, *record);
    }
    [[nodiscard]] bool has_files(const std::string& key, const StepRecord& record) const {
        return services_.cache.open_layer(record.same_as.empty() ? key : record.same_as).is_open();
    }

    /// Brings a result of another build here. When that fails, the step is done.
    [[nodiscard]] bool import(const std::string& key, const StepRecord& record) const {
        const std::string& owner = record.same_as.empty() ? key : record.same_as;
        const auto imported = [&]() -> Result<void> {
            if (!services_.cache.open_layer(owner).is_open()) {
                const StepRecord* const own = services_.imports.find(owner);
                if (own == nullptr) return failure("the layer of step " + owner + " is not there");
                StepArea area = TRY(StepArea::make(services_.cache, services_.trees.directories(), files_));
                TRY(services_.imports.unpack(owner, area));
                TRY(area.keep(owner));
                TRY(services_.cache.save(owner, *own));
            }
            return owner == key ? Result<void>() : services_.cache.save(key, record);
        }();
        if (!imported) services_.progress.warning("--cache-from: " + imported.error().text);
        return imported.has_value();
    }

    [[nodiscard]] std::int64_t time_with(std::int64_t newest) const {
        if (services_.settings.source_date.has_value()) return *services_.settings.source_date;
        return std::max(files_.time, newest);
    }

    /// Makes the area's changes the result of the step.
    Result<DoneStep> keep(StepArea& area, const std::string& key, std::int64_t time) const {
        StepRecord record{.time = time};
        // A step that was done anew has a result of its own, so that what was built on the old one is too.
        const std::string result = services_.settings.use_cache ? key : BuildCache::new_key();
        TRY(area.keep(result));
        TRY(services_.cache.save(result, record));
        if (result != key) {
            record.same_as = result;
            TRY(services_.cache.save(key, record));
        }
        return DoneStep{with_layer(key, record), false};
    }

    Result<DoneStep> perform(const WorkdirStep& step, const StepLabel& /*label*/) {
        const std::string key = key_of_workdir(files_.key, step);
        if (auto known = find(key)) return DoneStep{std::move(*known), true};
        StepArea area = TRY(StepArea::make(services_.cache, services_.trees.directories(), files_));
        TRY(workdir_step(step, area));
        return keep(area, key, files_.time);
    }

    Result<DoneStep> perform(const CopyStep& step, const StepLabel& /*label*/) {
        // Files of a finished stage need not be read: its key says that they are the same.
        const OpenedTree described = services_.trees.describe(step.from);
        std::string first_key;
        if (!described.is_context && !step.add.has_value()) {
            first_key = key_of_copy(files_.key, step, key_of_selection(described.key, step));
            if (auto known = find(first_key)) return DoneStep{std::move(*known), true};
        }
        const CopySource source = TRY(read_copy_source(step, services_.trees, services_.cache));
        const std::string key = key_of_copy(files_.key, step, source.digest);
        auto known = find(key);
        const bool cached = known.has_value();
        if (!cached) {
            StepArea area = TRY(StepArea::make(services_.cache, services_.trees.directories(), files_));
            const std::int64_t time = time_with(source.newest);
            TRY(copy_step(step, source, area, time));
            known = TRY(keep(area, key, time)).files;
        }
        if (!first_key.empty())
            TRY(services_.cache.save(first_key, {.time = known->time, .same_as = known->key}));
        return DoneStep{std::move(*known), cached};
    }

    /// What a bind mount shows, as a part of the step's key; `newest` grows with its files.
    Result<std::string> key_of_mount(const RunMount& mount, std::int64_t& newest) const {
        if (mount.mount.type != dockerfile::MountType::bind) return std::string();
        const OpenedTree tree = TRY(services_.trees.open(mount.from));
        newest = std::max(newest, tree.time);
        if (!tree.is_context) return tree.key;
        const std::string source = mount.mount.source.empty() ? "." : mount.mount.source;
        const auto files = TRY(select_files(tree.tree(), {.sources = {source}}));
        const HashedFiles hashed = TRY(hash_files(tree.tree(), files, nullptr));
        if (tree.has_dates) newest = std::max(newest, hashed.newest);
        return hashed.digest;
    }

    Result<DoneStep> perform(const RunStep& step, const StepLabel& label) {
        std::vector<std::string> mounted;
        std::int64_t newest = 0;
        for (const RunMount& mount : step.mounts) mounted.push_back(TRY(key_of_mount(mount, newest)));
        const std::string key = key_of_run(files_.key, step, mounted, services_.settings.run.gifts.hosts);
        if (auto known = find(key)) return DoneStep{std::move(*known), true};
        StepArea area = TRY(StepArea::make(services_.cache, services_.trees.directories(), files_));
        const RunPlace place{.cache = services_.cache,
                             .trees = services_.trees,
                             .area = area,
                             .architecture = stage_.platform.architecture};
        TRY(run_step(step, services_.settings.run, place,
                     [&](std::string_view data) { services_.progress.output(label, data); }));
        return keep(area, key, time_with(newest));
    }

    const BuildServices& services_;
    const PlannedStage& stage_;
    std::size_t index_;
    StageFiles files_;
};

}  // namespace

Result<StageFiles> build_stage(const BuildServices& services, std::size_t index) {
    return StageBuilder(services, index).build();
}

}  // namespace ocimg::build
