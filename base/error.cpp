#include "base/error.hpp"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

namespace oci {

Error Error::in(std::string_view context) const {
    Error copy = *this;
    copy.text = std::string(context) + ": " + text;
    return copy;
}

std::string errno_text(int number) {
    const char* description = strerrordesc_np(number);
    if (description == nullptr) return "error number " + std::to_string(number);
    std::string text = description;
    // "RPC bad" style abbreviations keep their capitals; ordinary sentences do not.
    if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return text;
}

Error failure(std::string text) {
    return Error{.code = ErrorCode::failed, .system_errno = 0, .text = std::move(text)};
}

Error failure(ErrorCode code, std::string text) {
    return Error{.code = code, .system_errno = 0, .text = std::move(text)};
}

Error system_failure(int number, std::string_view what) {
    ErrorCode code = ErrorCode::system;
    if (number == ENOENT) code = ErrorCode::not_found;
    if (number == EEXIST) code = ErrorCode::exists;
    return Error{.code = code, .system_errno = number, .text = std::string(what) + ": " + errno_text(number)};
}

Error last_system_failure(std::string_view what) {
    return system_failure(errno, what);
}

}  // namespace oci
