#pragma once
// After the seccomp filter nothing allocates: the filter, the last capabilities, execve. Runs in init
// and exec processes.

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/init/init_request.hpp"
#include "runtime/init/program_head.hpp"

namespace ocirun {

/// argv, envp and the path of the program, ready for execve.
class PreparedProgram {
public:
    PreparedProgram(std::string path, std::vector<std::string> arguments,
                    std::vector<std::string> environment);
    PreparedProgram(const PreparedProgram&) = delete;
    PreparedProgram& operator=(const PreparedProgram&) = delete;
    ~PreparedProgram() = default;

    [[nodiscard]] const char* path() const { return path_.c_str(); }
    [[nodiscard]] char* const* arguments() const { return argument_pointers_.data(); }
    [[nodiscard]] char* const* environment() const { return environment_pointers_.data(); }
    [[nodiscard]] const ProgramHead& head() const { return head_; }

private:
    std::string path_;
    std::vector<std::string> arguments_;
    std::vector<std::string> environment_;
    std::vector<char*> argument_pointers_;
    std::vector<char*> environment_pointers_;
    ProgramHead head_;
};

/// What the last steps need; everything was opened and allocated before.
struct LastSteps {
    const ProcessPlan* process = nullptr;
    const SeccompPlan* seccomp = nullptr;
    const PreparedProgram* program = nullptr;
    oci::BorrowedFd listener_socket;  // connected to the seccomp agent, or closed
    std::string_view listener_state;
    oci::BorrowedFd landlock;  // a ruleset, or closed
    bool drop_last_capability = false;
};

/// Returns only on failure, with what failed and its errno in a message that is ready to send.
void take_last_steps(const LastSteps& steps, Message& failure) noexcept;

/// Connects to the agent's socket (seccomp.listenerPath); a closed Fd without one.
oci::Result<oci::Fd> connect_listener(const SeccompPlan& seccomp);

/// Leaves open only 0, 1, 2 and the descriptors to pass on; marks the rest to close at execve. `proc` is the
/// host's /proc.
oci::Result<void> limit_descriptors(const PassedDescriptors& passed, oci::BorrowedFd proc);

}  // namespace ocirun
