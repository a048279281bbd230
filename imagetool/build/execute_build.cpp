#include "imagetool/build/execute_build.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace ocimg::build {

namespace {

using oci::Result;

/// Hands out stages whose needs are finished, in the order of the file.
class Schedule {
public:
    explicit Schedule(const BuildGraph& graph) : graph_(graph) {
        for (std::size_t i = 0; i < graph.stages.size(); ++i)
            if (graph.stages[i].needed) waiting_.insert(i);
    }

    /// The next stage to build; nothing when there is no more to do.
    std::optional<std::size_t> take() {
        std::unique_lock guard(mutex_);
        for (;;) {
            if (error_.has_value() || waiting_.empty()) return std::nullopt;
            for (const std::size_t stage : waiting_) {
                if (!is_ready(stage)) continue;
                waiting_.erase(stage);
                return stage;
            }
            changed_.wait(guard);
        }
    }

    void finish(std::size_t stage, const oci::Error* error) {
        const std::lock_guard guard(mutex_);
        finished_.insert(stage);
        if (error != nullptr && !error_.has_value()) error_ = *error;
        changed_.notify_all();
    }

    bool has_failed() {
        const std::lock_guard guard(mutex_);
        return error_.has_value();
    }
    std::optional<oci::Error> error() {
        const std::lock_guard guard(mutex_);
        return error_;
    }

private:
    [[nodiscard]] bool is_ready(std::size_t stage) const {
        const auto& needs = graph_.stages[stage].needs;
        return std::all_of(needs.begin(), needs.end(),
                           [&](std::size_t need) { return finished_.contains(need); });
    }

    const BuildGraph& graph_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::size_t> waiting_;
    std::set<std::size_t> finished_;
    std::optional<oci::Error> error_;
};

}  // namespace

Result<StageFiles> execute_build(const BuildServices& services, std::size_t jobs) {
    Schedule schedule(services.graph);
    BuildServices inner = services;
    inner.is_cancelled = [&schedule] { return schedule.has_failed(); };
    const auto work = [&] {
        while (const auto stage = schedule.take()) {
            auto files = build_stage(inner, *stage);
            if (files) services.trees.finish_stage(*stage, std::move(*files));
            schedule.finish(*stage, files ? nullptr : &files.error());
        }
    };
    const auto needed =
        static_cast<std::size_t>(std::count_if(services.graph.stages.begin(), services.graph.stages.end(),
                                               [](const PlannedStage& stage) { return stage.needed; }));
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(std::max<std::size_t>(jobs, 1), needed); ++i)
        threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (auto error = schedule.error()) return *error;
    return services.trees.files_of_stage(services.graph.target);
}

}  // namespace ocimg::build
