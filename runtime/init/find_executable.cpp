#include "runtime/init/find_executable.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {

using oci::Error;
using oci::Result;

namespace {

constexpr std::string_view default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t passwd_limit = std::size_t{10} << 20U;

std::string value_of(const std::vector<std::string>& environment, std::string_view name) {
    for (const std::string& entry : environment) {
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
            return entry.substr(name.size() + 1);
    }
    return {};
}

/// Whether this path can be executed: 0, or the errno that execve would give.
int execution_error(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno;
    if (S_ISDIR(status.st_mode)) return EISDIR;
    if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) return errno;
    if ((status.st_mode & 0111U) == 0) return EACCES;
    return 0;
}

/// Engines look for the beginnings of these sentences; what helps a person follows.
Error exec_failure(const std::string& name, const std::string& path, int number) {
    if (number == ENOENT || number == ENOTDIR) {
        Error error = oci::system_failure(number, "exec: " + oci::quote(name) + ": stat " + name);
        error.text += " in the container's root file system";
        return error;
    }
    Error error = oci::system_failure(number, "exec: " + oci::quote(name));
    struct stat status {};
    if (number == EACCES && ::stat(path.c_str(), &status) == 0) {
        char mode[8];
        std::snprintf(mode, sizeof mode, "%04o", status.st_mode & 07777U);
        error.text += ": " + path + " has mode " + mode + " and belongs to " + std::to_string(status.st_uid) +
                      ":" + std::to_string(status.st_gid);
    }
    return error;
}

}  // namespace

Result<std::string> find_executable(const ProcessPlan& process) {
    const std::string& name = process.arguments.front();
    if (name.find('/') != std::string::npos) {
        const int number = execution_error(name);
        if (number != 0) return exec_failure(name, name, number);
        return name;
    }
    std::string path = value_of(process.environment, "PATH");
    if (path.empty()) path = default_path;
    std::string denied;
    for (const std::string& directory : oci::split(path, ':')) {
        if (name.empty()) break;
        const std::string candidate = (directory.empty() ? std::string(".") : directory) + "/" + name;
        const int number = execution_error(candidate);
        if (number == 0) return candidate;
        if (number == EACCES) denied = candidate;
    }
    if (!denied.empty()) return exec_failure(name, denied, EACCES);
    return oci::failure(oci::ErrorCode::not_found, "exec: " + oci::quote(name) +
                                                       ": executable file not found in $PATH (PATH is " +
                                                       oci::quote(path) + ")");
}

std::vector<std::string> complete_environment(const ProcessPlan& process, int listen_count) {
    std::vector<std::string> environment = process.environment;
    if (listen_count > 0) {
        // What the configuration says of these would come first for getenv(3).
        std::erase_if(environment, [](const std::string& entry) {
            return entry.starts_with("LISTEN_FDS=") || entry.starts_with("LISTEN_PID=");
        });
        environment.push_back("LISTEN_FDS=" + std::to_string(listen_count));
        environment.emplace_back("LISTEN_PID=1");
    }
    if (!value_of(environment, "HOME").empty()) return environment;
    environment.erase(std::remove_if(environment.begin(), environment.end(),
                                     [](const std::string& entry) { return entry == "HOME="; }),
                      environment.end());
    std::string home = "/";
    // Read by ourselves: no name service of the container is ever loaded.
    if (const auto passwd = oci::read_file(oci::current_directory, "/etc/passwd", passwd_limit)) {
        for (const std::string& line : oci::split(*passwd, '\n')) {
            const std::vector<std::string> fields = oci::split(line, ':');
            if (fields.size() >= 6 && fields[2] == std::to_string(process.uid)) {
                if (!fields[5].empty()) home = fields[5];
                break;
            }
        }
    }
    environment.push_back("HOME=" + home);
    return environment;
}

}  // namespace ocirun
