#include "imagetool/remote/credential_helper.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/reader.hpp"

namespace ocimg {

/// What a helper prints for "get".
struct HelperAnswer {
    std::string user;
    std::string secret;
};

}  // namespace ocimg

template <>
struct oci::spec::FieldsOf<ocimg::HelperAnswer> {
    static constexpr const char* section = "docker-credential-helpers \"get\"";
    static void list(auto& fields, auto& self) {
        fields.required("Username", self.user);
        fields.required("Secret", self.secret);
    }
};

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

constexpr std::size_t answer_limit = 1U << 20U;
constexpr std::chrono::seconds patience(30);

struct Pipe {
    Fd reading;
    Fd writing;
};

Result<Pipe> open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return oci::last_system_failure("pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::vector<std::string> own_environment() {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    return environment;
}

}  // namespace

Result<std::string> find_credential_helper(std::string_view name, std::string_view search_path) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!plain) {
        return failure(ErrorCode::invalid, "the credential helper " + quote(name) +
                                               " is refused: a name is made of a-z, 0-9 and -");
    }
    const std::string program = "docker-credential-" + std::string(name);
    for (const std::string& directory : oci::split(search_path, ':')) {
        if (!directory.starts_with('/')) continue;
        const std::string path = directory + "/" + program;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return failure(ErrorCode::not_found, program + " is in no directory of PATH");
}

Result<std::optional<Credential>> ask_credential_helper(const std::string& path, const std::string& server) {
    const std::string context = path + " get";
    Pipe input = TRY(open_pipe());
    Pipe output = TRY(open_pipe());
    oci::ChildProcess child = TRY(oci::spawn({.path = path,
                                              .arguments = {path, "get"},
                                              .environment = own_environment(),
                                              .standard_input = input.reading,
                                              .standard_output = output.writing,
                                              .standard_error = {}}));
    input.reading.reset();
    output.writing.reset();
    // One line fits into the pipe: writing it cannot block. A helper that does not read it is no error, and
    // no reason to be killed by SIGPIPE.
    ::signal(SIGPIPE, SIG_IGN);
    if (auto written = oci::write_all(input.writing, server);
        !written && written.error().system_errno != EPIPE) {
        return written.error().in(context);
    }
    input.writing.reset();
    const std::string text = TRY(oci::read_all(output.reading, answer_limit).in(context));
    const auto status = TRY(child.wait_for(patience));
    if (!status.has_value()) return failure(context + " does not end");
    if (status->code != 0) {
        if (text.find("credentials not found") != std::string::npos) return std::optional<Credential>();
        return failure(context + " for " + quote(server) + " failed: " + quote(oci::trim(text)));
    }
    const auto answer = oci::spec::read_json<HelperAnswer>(text, context);
    if (!answer) return failure(ErrorCode::invalid, context + ": the answer is no credential document");
    if (answer->user == "<token>")
        return std::optional(Credential{.user = {}, .password = {}, .identity_token = answer->secret});
    return std::optional(Credential{.user = answer->user, .password = answer->secret, .identity_token = {}});
}

}  // namespace ocimg
