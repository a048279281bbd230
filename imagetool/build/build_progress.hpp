#pragma once
// What a build says while it runs. Calls may come from several threads at once.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ocimg::build {

/// A step as the user knows it.
struct StepLabel {
    std::size_t id = 0;  // from 1, in the order of first mention
    std::string stage;   // name or number of the stage
    std::size_t number = 0;
    std::size_t total = 0;
    std::string text;  // "RUN make"

    /// "[build 2/5] RUN make"
    [[nodiscard]] std::string text_with_place() const;
};

enum class StepOutcome { done, cached, failed };

class BuildProgress {
public:
    BuildProgress() = default;
    virtual ~BuildProgress() = default;
    BuildProgress(const BuildProgress&) = delete;
    BuildProgress& operator=(const BuildProgress&) = delete;

    virtual void begin(const StepLabel& step) = 0;
    /// Output of the step's command, as it came.
    virtual void output(const StepLabel& step, std::string_view data) = 0;
    virtual void end(const StepLabel& step, StepOutcome outcome, double seconds) = 0;
    /// A line of the build itself.
    virtual void note(std::string_view text) = 0;
    virtual void warning(std::string_view text) = 0;
};

/// "plain": lines; "tty": one line for each running step, redrawn; "json": one object a line; "auto": tty on
/// a terminal, else plain; "quiet": nothing. All on standard error, but json, which is on standard output.
/// Null for another name.
std::unique_ptr<BuildProgress> open_build_progress(std::string_view kind);

std::unique_ptr<BuildProgress> open_plain_progress();
std::unique_ptr<BuildProgress> open_json_progress();
std::unique_ptr<BuildProgress> open_terminal_progress();

}  // namespace ocimg::build
