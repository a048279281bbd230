#pragma once
// Runs one command of a tool: waits for its end by pidfd while its output is drained, never by sleeping.

#include <chrono>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/process.hpp"
#include "base/result.hpp"

namespace conformance {

/// The reading end of a pipe that a container may keep writing to after its runtime has ended.
class Output {
public:
    Output() = default;
    explicit Output(oci::Fd pipe) : pipe_(std::move(pipe)) {}
    /// Reads what is there; false when every writer is gone.
    bool drain();
    /// Waits until `text` was written. False: the writers are gone or the time is over.
    bool wait_for(const std::string& text, std::chrono::milliseconds limit);
    /// Waits until every writer is gone.
    bool wait_for_end(std::chrono::milliseconds limit);
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] oci::BorrowedFd fd() const { return pipe_; }

private:
    bool wait_readable(std::chrono::steady_clock::time_point deadline);
    oci::Fd pipe_;
    std::string text_;
};

struct CommandResult {
    std::vector<std::string> words;
    int code = -1;  // exit status, 128 + signal, or -1 when it did not end in time
    Output out;
    Output err;
    [[nodiscard]] bool ok() const { return code == 0; }
};

struct CommandInput {
    std::string directory;                 // working directory; empty: this process's own
    std::vector<std::string> environment;  // empty: this process's own
    std::chrono::milliseconds limit{20000};
    oci::BorrowedFd standard_input;
};

/// Runs argv; a program that cannot be started has code 127 and the reason in `err`'s place.
CommandResult run_command(const std::vector<std::string>& words, const CommandInput& input = {});

/// Starts argv and leaves it running; the pipes are in the result.
struct StartedCommand {
    oci::ChildProcess child;
    CommandResult result;
};
oci::Result<StartedCommand> start_command(const std::vector<std::string>& words,
                                          const CommandInput& input = {});
/// Waits for a started command.
CommandResult finish_command(StartedCommand started, std::chrono::milliseconds limit);

/// Waits until a process is gone. False: it is still there after `limit`.
bool wait_for_exit(oci::BorrowedFd pidfd, std::chrono::milliseconds limit);

}  // namespace conformance
