#include "runtime/hooks/run_hooks.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "runtime/hooks/filtered_spawn.hpp"

namespace ocirun {
namespace {

using oci::Error;
using oci::Fd;
using oci::Result;

constexpr std::size_t quoted_output_limit = 1024;

/// A file that lives in memory only. Unlike a pipe it never makes the writer or the reader wait, so a
/// daemon that a hook leaves behind may keep it open for as long as it likes.
Result<Fd> open_memory_file(const char* name) {
    constexpr unsigned never_executable = 0x0008U;  // MFD_NOEXEC_SEAL, required where vm.memfd_noexec is 2
    int number = ::memfd_create(name, MFD_CLOEXEC | never_executable);
    if (number < 0 && errno == EINVAL) number = ::memfd_create(name, MFD_CLOEXEC);  // before Linux 6.3
    if (number < 0) return oci::last_system_failure("memfd_create");
    return Fd(number);
}

Result<Fd> open_state_input(const std::string& state_json) {
    Fd input = TRY(open_memory_file("hook-state"));
    TRY(oci::write_all(input, state_json));
    if (::lseek(input.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("lseek");
    return input;
}

/// The last bytes of what the hook printed (the reason of a failure comes last), safe for a terminal.
std::string quoted_output(const Fd& output) {
    const off_t size = ::lseek(output.get(), 0, SEEK_END);
    const off_t start = std::max<off_t>(size - static_cast<off_t>(quoted_output_limit), 0);
    std::string tail(quoted_output_limit, '\0');
    const ssize_t count = ::pread(output.get(), tail.data(), tail.size(), start);
    if (count <= 0) return {};
    tail.resize(static_cast<std::size_t>(count));
    std::string text = start > 0 ? "..." : "";
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : oci::trim(tail)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') {
            text += "\\n";
        } else if (c == '"' || c == '\\') {
            text += '\\';
            text += c;
        } else if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
            text += "\\x";
            text += digits[byte >> 4U];
            text += digits[byte & 0xFU];
        } else {
            text += c;
        }
    }
    return text.empty() ? text : ": \"" + text + "\"";
}

/// Starts a child in another directory and comes back: safe because nothing else runs in this process.
class DirectoryVisit {
public:
    DirectoryVisit() = default;
    ~DirectoryVisit() {
        if (home_.is_open() && ::fchdir(home_.get()) != 0) ::_exit(1);
    }
    DirectoryVisit(const DirectoryVisit&) = delete;
    DirectoryVisit& operator=(const DirectoryVisit&) = delete;

    Result<void> enter(const std::string& directory) {
        home_ = TRY(oci::open_file(".", O_PATH | O_DIRECTORY));
        if (::chdir(directory.c_str()) != 0) return oci::last_system_failure("chdir to " + directory);
        return {};
    }

private:
    Fd home_;
};

std::vector<std::string> own_environment() {
    std::vector<std::string> entries;
    for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
    return entries;
}

/// A file that what the hook says is appended to.
Result<Fd> open_kept(const std::string& path) {
    if (path.empty()) return Fd();
    return oci::open_file(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0600);
}

Result<oci::ChildProcess> start_hook(const PlannedHook& hook, const std::string& state_json, const Fd& output,
                                     const std::string& working_directory, const SeccompPlan* filter) {
    const Fd input = TRY(open_state_input(state_json));
    oci::SpawnRequest request;
    request.path = hook.path;
    request.arguments = hook.arguments;
    if (request.arguments.empty()) request.arguments.push_back(hook.path);
    // As runc and crun: a hook without `env` has the runtime's.
    request.environment = hook.environment.empty() ? own_environment() : hook.environment;
    request.standard_input = input;
    request.standard_error = output;
    const Fd kept_output = TRY(open_kept(hook.output_file));
    const Fd kept_error = TRY(open_kept(hook.error_file));
    if (kept_output.is_open()) request.standard_output = kept_output;
    if (kept_error.is_open()) request.standard_error = kept_error;
    DirectoryVisit visit;
    if (!working_directory.empty()) TRY(visit.enter(working_directory));
    auto child = filter != nullptr ? spawn_filtered(request, *filter) : oci::spawn(request);
    // The path is in front of every hook error already.
    if (!child && child.error().system_errno != 0) {
        return Error{.code = child.error().code,
                     .system_errno = child.error().system_errno,
                     .text = oci::errno_text(child.error().system_errno)};
    }
    return child;
}

Result<void> run_hook(const PlannedHook& hook, const std::string& state_json,
                      const std::string& working_directory, const SeccompPlan* filter) {
    const Fd output = TRY(open_memory_file("hook-stderr"));
    oci::ChildProcess child = TRY(start_hook(hook, state_json, output, working_directory, filter));
    oci::ExitStatus status;
    if (hook.timeout.has_value()) {
        constexpr std::chrono::seconds longest{INT_MAX / 1000};  // what poll(2) can express: 24 days
        const auto ended = TRY(child.wait_for(std::min(*hook.timeout, longest)));
        if (!ended.has_value()) {
            TRY(child.signal(SIGKILL));
            TRY(child.wait());
            return oci::failure("timed out after " + std::to_string(hook.timeout->count()) + " s" +
                                quoted_output(output));
        }
        status = *ended;
    } else {
        status = TRY(child.wait());
    }
    if (status.shell_code() == 0) return {};
    return oci::failure(oci::to_lower(status.describe()) + quoted_output(output));
}

/// "hooks.prestart[1]" in the words that callers of runc look for.
std::string name_as_runc(const std::string& origin) {
    const std::size_t dot = origin.find('.');
    const std::size_t bracket = origin.find('[', dot);
    if (bracket == std::string::npos) return "error running hook";
    return "error running " + origin.substr(dot + 1, bracket - dot - 1) + " hook #" +
           origin.substr(bracket + 1, origin.size() - bracket - 2);
}

Result<void> run_named_hook(const PlannedHook& hook, const std::string& state_json,
                            const std::string& working_directory, const SeccompPlan* filter) {
    return run_hook(hook, state_json, working_directory, filter)
        .in(name_as_runc(hook.origin) + ": " + hook.origin + " " + hook.path);
}

}  // namespace

Result<void> run_hooks(const std::vector<PlannedHook>& hooks, const std::string& state_json,
                       const std::string& working_directory, const SeccompPlan* filter) {
    for (const PlannedHook& hook : hooks) TRY(run_named_hook(hook, state_json, working_directory, filter));
    return {};
}

std::vector<Error> run_hooks_to_the_end(const std::vector<PlannedHook>& hooks, const std::string& state_json,
                                        const std::string& working_directory) {
    std::vector<Error> failures;
    for (const PlannedHook& hook : hooks) {
        const auto done = run_named_hook(hook, state_json, working_directory, nullptr);
        if (!done) failures.push_back(done.error());
    }
    return failures;
}

}  // namespace ocirun
