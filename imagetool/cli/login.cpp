#include <termios.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/remote/credentials.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

constexpr std::size_t longest_line = 64U << 10U;

/// One line of standard input.
Result<std::string> read_line() {
    std::string line;
    char c = 0;
    while (line.size() < longest_line) {
        const ssize_t got = ::read(STDIN_FILENO, &c, 1);
        if (got < 0) return oci::last_system_failure("read standard input");
        if (got == 0 || c == '\n') break;
        line += c;
    }
    while (line.ends_with('\r')) line.pop_back();
    return line;
}

/// Asks on the terminal; a secret is not shown.
Result<std::string> ask(const std::string& question, bool secret) {
    if (::isatty(STDIN_FILENO) != 1) {
        return failure(ErrorCode::invalid,
                       "standard input is no terminal: give --username and --password-stdin");
    }
    TRY(oci::write_all(oci::BorrowedFd(STDERR_FILENO), question));
    struct termios shown {};
    if (!secret || ::tcgetattr(STDIN_FILENO, &shown) != 0) return read_line();
    struct termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    auto line = read_line();
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    TRY(oci::write_all(oci::BorrowedFd(STDERR_FILENO), "\n"));
    return line;
}

Result<Credential> read_credential(const oci::cli::Values& values) {
    Credential credential;
    credential.user = values.has("username") ? values.get("username") : TRY(ask("Username: ", false));
    if (values.has("password-stdin")) {
        credential.password = TRY(read_line());
    } else {
        credential.password = values.has("password") ? values.get("password") : TRY(ask("Password: ", true));
    }
    if (credential.user.empty() || credential.password.empty()) {
        return failure(ErrorCode::invalid, "a user and a password are needed");
    }
    if (credential.user.find(':') != std::string::npos)
        return failure(ErrorCode::invalid, "a user name holds no colon");
    return credential;
}

/// "https://host/path" and "host/name": the registry is what counts.
std::string registry_of(std::string text) {
    if (const std::size_t scheme = text.find("://"); scheme != std::string::npos) text.erase(0, scheme + 3);
    text.resize(std::min(text.find('/'), text.size()));
    return text == "index.docker.io" || text == "registry-1.docker.io" ? "docker.io" : text;
}

Result<int> run_login(const oci::cli::Values& values) {
    const std::string registry = registry_of(values.arguments().front());
    const std::string authfile = values.get("authfile");
    if (values.has("get-login")) {
        const RegistriesConf conf = TRY(read_registries_conf(values.get("registries-conf")));
        const CredentialPlaces places{.files = credential_files(authfile),
                                      .helpers = conf.credential_helpers};
        const Credential stored = TRY(look_up_credential(places, registry, ""));
        if (stored.empty()) return failure(ErrorCode::not_found, "not logged in to " + registry);
        TRY(print(stored.user + "\n"));
        return 0;
    }
    Credential credential = TRY(read_credential(values));
    credential.trusted_hosts = values.all("trust-host");
    RemoteAccess access(TRY(read_remote_options(values)));
    const auto session = TRY(access.open_session(registry, credential));
    RegistryRequest request;
    request.http.url = session->url("/v2/");
    const HttpResponse answer = TRY(session->send(request).in("login to " + registry));
    if (answer.status != 200) return registry_failure(answer).in("login to " + registry);
    TRY(store_credential(writable_credential_file(authfile), registry, credential));
    TRY(print("logged in to " + registry + "\n"));
    return 0;
}

Result<int> run_logout(const oci::cli::Values& values) {
    const std::string file = writable_credential_file(values.get("authfile"));
    if (values.has("all") != values.arguments().empty())
        return failure(ErrorCode::invalid, "logout: expected a registry or --all");
    if (values.has("all")) {
        const bool is_there = ::access(file.c_str(), F_OK) == 0;
        if (is_there) TRY(store_credential(file, std::nullopt, std::nullopt));
        TRY(print("logged out of all registries\n"));
        return 0;
    }
    const std::string registry = registry_of(values.arguments().front());
    TRY(store_credential(file, registry, std::nullopt));
    TRY(print("logged out of " + registry + "\n"));
    return 0;
}

oci::cli::Command login_command() {
    oci::cli::Option user = value_option("username", "USER", "user name");
    user.short_name = "u";
    oci::cli::Option password =
        value_option("password", "PASSWORD", "password; other users of this machine may see it");
    password.short_name = "p";
    oci::cli::Command command{
        .name = "login",
        .summary = "check credentials for a registry and keep them",
        .arguments = "REGISTRY",
        .description =
            "Keeps user and password in auth.json, readable for its owner only, after the registry has "
            "accepted them, and beside them the servers of --trust-host, which later commands trust for this "
            "registry too. What is not given is asked for on the terminal.",
        .options = {user, password, switch_option("password-stdin", "read the password from standard input"),
                    switch_option("get-login", "print the user who is logged in")},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg login -u me --password-stdin registry.example.com <password"},
    };
    append_options(command.options, remote_options());
    return command;
}

oci::cli::Command logout_command() {
    return {
        .name = "logout",
        .summary = "forget the credentials for a registry",
        .arguments = "[REGISTRY]",
        .options = {switch_option("all", "forget those for all registries"),
                    value_option("authfile", "FILE", "file with credentials")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg logout registry.example.com"},
    };
}

}  // namespace

CommandEntry login_entry() {
    return {login_command(), run_login};
}

CommandEntry logout_entry() {
    return {logout_command(), run_logout};
}

}  // namespace ocimg
