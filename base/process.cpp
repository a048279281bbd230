#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"

extern "C" {  // glibc 2.36 leaves this out of its header
#include <sys/pidfd.h>
}

namespace oci {

std::string ExitStatus::describe() const {
    if (code.has_value()) return "exit status " + std::to_string(*code);
    const char* name = ::sigdescr_np(signal.value_or(0));
    return "signal " + std::to_string(signal.value_or(0)) + " (" + (name != nullptr ? name : "unknown") + ")";
}

ExitStatus exit_status_from_wait(int status) {
    ExitStatus exit;
    if (WIFSIGNALED(status)) {
        exit.signal = WTERMSIG(status);
    } else {
        exit.code = WEXITSTATUS(status);
    }
    return exit;
}

ChildProcess::~ChildProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this != &other) {
        ChildProcess old(std::move(*this));
        pid_ = std::exchange(other.pid_, -1);
        pidfd_ = std::move(other.pidfd_);
    }
    return *this;
}

pid_t ChildProcess::detach() {
    return std::exchange(pid_, -1);
}

Result<ExitStatus> ChildProcess::wait() {
    int status = 0;
    pid_t done = ::waitpid(pid_, &status, 0);
    while (done < 0 && errno == EINTR) done = ::waitpid(pid_, &status, 0);
    if (done < 0) return last_system_failure("wait for process " + std::to_string(pid_));
    pid_ = -1;
    return exit_status_from_wait(status);
}

Result<std::optional<ExitStatus>> ChildProcess::look() {
    int status = 0;
    const pid_t done = ::waitpid(pid_, &status, WNOHANG);
    if (done < 0 && errno != EINTR) return last_system_failure("wait for process " + std::to_string(pid_));
    if (done <= 0) return std::optional<ExitStatus>();
    pid_ = -1;
    return std::optional(exit_status_from_wait(status));
}

Result<std::optional<ExitStatus>> ChildProcess::wait_for(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    constexpr std::int64_t look_again = 5;  // without a pidfd nothing wakes this process
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        const std::int64_t most = pidfd_.is_open() ? left.count() : std::min(left.count(), look_again);
        pollfd waiting{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(most, 0)));
        if (ready > 0) return std::optional<ExitStatus>(TRY(wait()));
        if (ready < 0 && errno != EINTR) return last_system_failure("poll");
        if (ready < 0) continue;
        if (!pidfd_.is_open()) {
            auto ended = TRY(look());
            if (ended) return ended;
        }
        if (pidfd_.is_open() || left.count() <= 0) return std::optional<ExitStatus>();
    }
}

Result<void> ChildProcess::signal(int number) const {
    auto sent = signal_process(pidfd_, pid_, number);
    if (!sent && sent.error().system_errno == ESRCH) return {};
    return sent;
}

Result<Fd> open_pidfd(pid_t pid) {
    const int number = ::pidfd_open(pid, 0);
    if (number < 0 && errno == ENOSYS) return Fd();
    if (number < 0) return last_system_failure("pidfd_open " + std::to_string(pid));
    return Fd(number);
}

Result<void> signal_process(BorrowedFd pidfd, pid_t pid, int number) {
    if (pidfd.is_open()) {
        if (::pidfd_send_signal(pidfd.get(), number, nullptr, 0) == 0) return {};
        if (errno != ENOSYS) return last_system_failure("send signal");
    }
    if (::kill(pid, number) != 0) return last_system_failure("send signal");
    return {};
}

Result<ProcessIdentity> identify_process(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const std::string text = TRY(read_kernel_file(path));
    // The name in parentheses may itself hold spaces and parentheses: fields are counted after the last one.
    const std::size_t end_of_name = text.rfind(')');
    if (end_of_name == std::string::npos) return failure(path + ": not in the expected form");
    const std::vector<std::string> fields = words(std::string_view(text).substr(end_of_name + 1));
    constexpr std::size_t start_time_index = 19;
    if (fields.size() <= start_time_index) return failure(path + ": not in the expected form");
    const auto start = parse_integer<unsigned long long>(fields[start_time_index]);
    if (!start) return failure(path + ": not in the expected form");
    return ProcessIdentity{.start_time = *start, .state = fields[0][0]};
}

namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

/// The attributes and file actions of one posix_spawn, destroyed with it.
class SpawnSettings {
public:
    SpawnSettings() {
        posix_spawn_file_actions_init(&actions_);
        posix_spawnattr_init(&attributes_);
        sigset_t all;
        sigset_t none;
        sigfillset(&all);
        sigemptyset(&none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    void connect(BorrowedFd from, int to, int flags) {
        if (from.is_open()) {
            posix_spawn_file_actions_adddup2(&actions_, from.get(), to);
        } else {
            posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", flags, 0);
        }
    }
    void close_the_rest() { posix_spawn_file_actions_addclosefrom_np(&actions_, 3); }
    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

Result<ChildProcess> spawn(const SpawnRequest& request) {
    SpawnSettings settings;
    settings.connect(request.standard_input, 0, O_RDONLY);
    settings.connect(request.standard_output, 1, O_WRONLY);
    settings.connect(request.standard_error, 2, O_WRONLY);
    settings.close_the_rest();
    const std::vector<char*> arguments = pointers_to(request.arguments);
    const std::vector<char*> environment = pointers_to(request.environment);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, request.path.c_str(), settings.actions(), settings.attributes(),
                                    arguments.data(), environment.data());
    if (error != 0) return system_failure(error, "start " + request.path);
    ChildProcess child(pid, Fd());
    Fd pidfd = TRY(open_pidfd(pid));
    return ChildProcess(child.detach(), std::move(pidfd));
}

}  // namespace oci
