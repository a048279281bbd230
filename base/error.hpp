#pragma once
// One error value for every part of both programs: what failed, with the errno when the kernel said so.

#include <string>
#include <string_view>

namespace oci {

/// The kinds of failure that callers branch on. Everything else is told by the text alone.
enum class ErrorCode {
    failed,       // no caller needs to tell it apart
    invalid,      // input that breaks a rule of a format or of the command line
    not_found,    // the named thing does not exist
    exists,       // the named thing exists already
    unsupported,  // known, but not available in this build or on this kernel
    wrong_state,  // the container or layout is in a state that does not allow the operation
    system,       // a system call failed; system_errno says how
};

/// A failure on its way up. `text` is the whole sentence so far; context is put in front of it once,
/// at the place that knows it ("create 'web': mounts[1]: ..."), and `main` prints it once.
struct Error {
    ErrorCode code = ErrorCode::failed;
    int system_errno = 0;
    std::string text;

    /// The same error with "context: " in front of its text.
    [[nodiscard]] Error in(std::string_view context) const;
};

/// The text of an errno as engines match it: lower-case first letter ("no such file or directory").
std::string errno_text(int number);

/// An error that is told by its text alone.
Error failure(std::string text);
/// An error of the given kind.
Error failure(ErrorCode code, std::string text);
/// "what: errno text", keeping the errno; ENOENT and EEXIST become not_found and exists.
Error system_failure(int number, std::string_view what);
/// The same for the current errno.
Error last_system_failure(std::string_view what);

}  // namespace oci
