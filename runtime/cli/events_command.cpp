#include "base/text.hpp"
#include "runtime/cli/amounts.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"
#include "runtime/cli/stats_json.hpp"
#include "runtime/container/watch_containers.hpp"

// events: statistics once or again and again, and what happens to containers.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

namespace {

Result<void> print_stats(const Container& container) {
    const CgroupStats stats = TRY(read_cgroup_stats(container.record().cgroup));
    return print(stats_event(container.record().id, stats) + "\n");
}

Result<std::chrono::milliseconds> read_interval(const std::string& text) {
    constexpr std::int64_t nanoseconds = 1'000'000;
    const auto duration = parse_duration(text);
    if (!duration || (*duration != 0 && *duration < nanoseconds)) {
        return failure(ErrorCode::invalid,
                       "--interval: " + oci::quote(text) +
                           ": expected a duration of at least 1ms such as 5s or 1m30s, or 0 "
                           "for no statistics");
    }
    return std::chrono::milliseconds(*duration / nanoseconds);
}

}  // namespace

Result<int> events_command(CommandContext& context) {
    const bool all = context.values->arguments().empty();
    WatchOptions options;
    options.state_root = context.state_root;
    options.interval = TRY(read_interval(context.values->get("interval")));
    if (context.values->has("stats")) {
        if (all) return failure(ErrorCode::invalid, "--stats needs a container's id");
        const Container container = TRY(Container::open(context.state_root, context.id(), false));
        if (TRY(container.status()) == Status::stopped)
            return failure(ErrorCode::wrong_state, "container not running");
        TRY(print_stats(container));
        return 0;
    }
    if (all) {
        options.interval = {};
    } else {
        options.id = context.id();
    }
    options.on_event = [](const std::string& lines) { return print(lines); };
    options.on_tick = [](const Container& container) -> Result<void> {
        if (container.record().cgroup.version == CgroupVersion::none) return {};
        return print_stats(container);
    };
    TRY(watch_containers(options));
    return 0;
}

CommandEntry events_entry() {
    oci::cli::Option interval =
        value("interval", "DURATION", "time between statistics, as in 5s or 1m30s; 0 for none");
    interval.default_value = "5s";
    return {
        {.name = "events",
         .summary = "print what happens to containers, and their statistics, as JSON lines",
         .arguments = "[CONTAINER-ID]",
         .description =
             "With a container's id: statistics at every interval, and lines of type create, start, exec, "
             "pause, resume, update, oom and exit as they happen, until it ends. Without one: the lines of "
             "every container below the state root, those to come as well. Nothing is polled.",
         .options = {flag("stats", "print the container's statistics once"), interval},
         .most_arguments = 1,
         .examples = {"ocirun events --stats web", "ocirun events"}},
        events_command};
}

}  // namespace ocirun
