#include "conformance/harness/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"

extern char** environ;

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;

int remaining(Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return left < 0 ? 0 : static_cast<int>(left);
}

struct Pipe {
    oci::Fd read;
    oci::Fd write;
};

oci::Result<Pipe> open_pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return oci::last_system_failure("pipe2");
    Pipe pipe{oci::Fd(ends[0]), oci::Fd(ends[1])};
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ::fcntl(ends[0], F_SETPIPE_SZ, 1024 * 1024);
    return pipe;
}

std::vector<std::string> own_environment() {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    return variables;
}

}  // namespace

bool Output::drain() {
    if (!pipe_.is_open()) return false;
    char buffer[16384];
    while (true) {
        const ssize_t got = ::read(pipe_.get(), buffer, sizeof buffer);
        if (got > 0) {
            text_.append(buffer, static_cast<std::size_t>(got));
        } else if (got == 0) {
            return false;
        } else if (errno != EINTR) {
            return errno == EAGAIN;
        }
    }
}

bool Output::wait_readable(Clock::time_point deadline) {
    pollfd item{pipe_.get(), POLLIN, 0};
    return ::poll(&item, 1, remaining(deadline)) > 0;
}

bool Output::wait_for(const std::string& text, std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    while (text_.find(text) == std::string::npos) {
        const bool open = drain();
        if (text_.find(text) != std::string::npos) return true;
        if (!open || !wait_readable(deadline)) return false;
    }
    return true;
}

bool Output::wait_for_end(std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    while (drain())
        if (!wait_readable(deadline)) return false;
    return true;
}

oci::Result<StartedCommand> start_command(const std::vector<std::string>& words, const CommandInput& input) {
    Pipe out = TRY(open_pipe());
    Pipe err = TRY(open_pipe());
    oci::SpawnRequest request{words.front(),        words,     input.environment,
                              input.standard_input, out.write, err.write};
    if (request.environment.empty()) request.environment = own_environment();
    // The child inherits the directory; no other thread of this process could notice.
    oci::Fd here(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!input.directory.empty() && ::chdir(input.directory.c_str()) != 0)
        return oci::last_system_failure(input.directory);
    auto child = oci::spawn(request);
    if (!input.directory.empty() && ::fchdir(here.get()) != 0) return oci::last_system_failure("fchdir");
    if (!child) return child.error();
    CommandResult result{words, -1, Output(std::move(out.read)), Output(std::move(err.read))};
    return StartedCommand{std::move(*child), std::move(result)};
}

CommandResult finish_command(StartedCommand started, std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    CommandResult& result = started.result;
    while (true) {
        const bool out_open = result.out.drain();
        const bool err_open = result.err.drain();
        pollfd items[3] = {{started.child.pidfd().get(), POLLIN, 0},
                           {out_open ? result.out.fd().get() : -1, POLLIN, 0},
                           {err_open ? result.err.fd().get() : -1, POLLIN, 0}};
        if (::poll(items, 3, remaining(deadline)) == 0)
            return std::move(result);  // not in time: killed by its owner
        if ((items[0].revents & POLLIN) != 0) break;
    }
    auto status = started.child.wait();
    result.out.drain();
    result.err.drain();
    result.code = status ? status->shell_code() : -1;
    return std::move(result);
}

CommandResult run_command(const std::vector<std::string>& words, const CommandInput& input) {
    auto started = start_command(words, input);
    if (!started) return {words, 127, {}, {}};
    return finish_command(std::move(*started), input.limit);
}

bool wait_for_exit(oci::BorrowedFd pidfd, std::chrono::milliseconds limit) {
    pollfd item{pidfd.get(), POLLIN, 0};
    return ::poll(&item, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace conformance
