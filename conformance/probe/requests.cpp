// The requests of the probe's command line: look at one path, try one operation, and say what came of it.

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "conformance/probe/facts.hpp"

namespace probe {
namespace {

void add_outcome(JsonOut& out, long result) {
    const int number = result < 0 ? errno : 0;
    out.open('{');
    out.number_field("result", result);
    out.field("errno", number == 0 ? "" : ::strerrorname_np(number));
    out.close('}');
}

void add_write(JsonOut& out, const std::string& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    long result = file;
    if (file >= 0) {
        result = ::write(file, "x", 1);
        const int saved = errno;
        ::close(file);
        errno = saved;
    }
    add_outcome(out, result);
}

void add_open(JsonOut& out, const std::string& path, int flags) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    add_outcome(out, file < 0 ? -1 : 0);
    if (file >= 0) ::close(file);
}

void add_list(JsonOut& out, const std::string& path) {
    out.open('[');
    if (DIR* directory = ::opendir(path.c_str())) {
        while (const dirent* entry = ::readdir(directory))
            if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
                out.string(entry->d_name);
        ::closedir(directory);
    }
    out.close(']');
}

/// Runs a program without arguments: errno of the execve, or its exit status as the result.
void add_execution(JsonOut& out, const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        char* const arguments[] = {const_cast<char*>(path.c_str()), const_cast<char*>("exit=0"), nullptr};
        char* const no_environment[] = {nullptr};
        const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0) ::dup2(null, 1);
        ::execve(path.c_str(), arguments, no_environment);
        ::_exit(errno == 0 ? 255 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    errno = code;
    add_outcome(out, code == 0 ? 0 : -1);
}

/// "NAME,ARG0,ARG1": one of the calls that seccomp cases block; numbers only.
void add_system_call(JsonOut& out, const std::string& request) {
    static constexpr struct {
        const char* name;
        long number;
    } calls[] = {{"getcwd", SYS_getcwd},
                 {"getpriority", SYS_getpriority},
                 {"personality", SYS_personality},
                 {"sync", SYS_sync},
                 {"socket", SYS_socket},
                 {"unshare", SYS_unshare},
                 {"getpgid", SYS_getpgid},
                 {"umask", SYS_umask},
                 {"setdomainname", SYS_setdomainname},
                 {"sethostname", SYS_sethostname},
                 {"keyctl", SYS_keyctl},
                 {"mlock", SYS_mlock}};
    const std::vector<std::string> words = split_text(request, ',');
    long arguments[3] = {0, 0, 0};
    for (std::size_t i = 1; i < words.size() && i <= 3; ++i)
        arguments[i - 1] = static_cast<long>(std::strtoull(words[i].c_str(), nullptr, 0));
    for (const auto& call : calls) {
        if (words.empty() || words[0] != call.name) continue;
        errno = 0;
        add_outcome(out, ::syscall(call.number, arguments[0], arguments[1], arguments[2]));
        return;
    }
    out.string("the probe does not know this call");
}

void add_filesystem(JsonOut& out, const std::string& path) {
    struct statvfs status {};
    const int result = ::statvfs(path.c_str(), &status);
    out.open('{');
    out.number_field("result", result);
    out.number_field("flags", status.f_flag);
    out.number_field("size", status.f_blocks * status.f_frsize);
    out.number_field("inodes", status.f_files);
    out.close('}');
}

}  // namespace

void add_status(JsonOut& out, const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return add_outcome(out, -1);
    static constexpr const char* kinds[] = {"?", "p", "c", "?", "d", "?", "b", "?", "f", "?", "l", "?", "s"};
    out.open('{');
    out.field("errno", "");
    out.field("type", kinds[(status.st_mode & S_IFMT) >> 12 > 12 ? 0 : (status.st_mode & S_IFMT) >> 12]);
    out.number_field("mode", status.st_mode & 07777);
    out.number_field("uid", status.st_uid);
    out.number_field("gid", status.st_gid);
    out.number_field("size", status.st_size);
    out.number_field("major", major(status.st_rdev));
    out.number_field("minor", minor(status.st_rdev));
    out.number_field("inode", status.st_ino);
    char target[4096];
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    out.field("link", length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length)));
    out.close('}');
}

bool answer_request(JsonOut& out, const std::string& request) {
    const std::size_t equals = request.find('=');
    if (equals == std::string::npos) return false;
    const std::string what = request.substr(0, equals);
    const std::string path = request.substr(equals + 1);
    static constexpr const char* known[] = {"stat", "read",    "write",   "open",   "openrw",
                                            "list", "execute", "syscall", "statfs", "mkdir"};
    bool found = false;
    for (const char* name : known) found = found || what == name;
    if (!found) return false;
    out.key(request);
    if (what == "stat") add_status(out, path);
    if (what == "read") out.string(read_text(path));
    if (what == "write") add_write(out, path);
    if (what == "open") add_open(out, path, O_RDONLY);
    if (what == "openrw") add_open(out, path, O_RDWR);
    if (what == "list") add_list(out, path);
    if (what == "execute") add_execution(out, path);
    if (what == "syscall") add_system_call(out, path);
    if (what == "statfs") add_filesystem(out, path);
    if (what == "mkdir") add_outcome(out, ::mkdir(path.c_str(), 0755));
    return true;
}

}  // namespace probe
