#include <dirent.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "conformance/probe/facts.hpp"

namespace probe {
namespace {

void add_ids(JsonOut& out) {
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    ::getresuid(&real, &effective, &saved);
    out.key("uid");
    out.open('[');
    for (const uid_t id : {real, effective, saved}) out.number(id);
    out.close(']');
    gid_t group_real = 0;
    gid_t group_effective = 0;
    gid_t group_saved = 0;
    ::getresgid(&group_real, &group_effective, &group_saved);
    out.key("gid");
    out.open('[');
    for (const gid_t id : {group_real, group_effective, group_saved}) out.number(id);
    out.close(']');
    std::vector<gid_t> groups(64UL * 1024);
    const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
    out.key("groups");
    out.open('[');
    for (int i = 0; i < count; ++i) out.number(groups[static_cast<std::size_t>(i)]);
    out.close(']');
}

void add_descriptors(JsonOut& out) {
    out.key("fds");
    out.open('[');
    if (DIR* directory = ::opendir("/proc/self/fd")) {
        while (const dirent* entry = ::readdir(directory)) {
            if (entry->d_name[0] == '.') continue;
            const int number = std::atoi(entry->d_name);
            if (number != ::dirfd(directory)) out.number(number);
        }
        ::closedir(directory);
    }
    out.close(']');
}

void add_terminal(JsonOut& out) {
    winsize size{};
    const bool terminal = ::ioctl(0, TIOCGWINSZ, &size) == 0;
    out.key("terminal");
    out.open('{');
    out.number_field("isTerminal", terminal ? 1 : 0);
    out.number_field("rows", size.ws_row);
    out.number_field("columns", size.ws_col);
    out.close('}');
}

}  // namespace

void add_process_facts(JsonOut& out, int argc, char** argv, char** environment) {
    out.strings_field("argv", std::vector<std::string>(argv, argv + argc));
    std::vector<std::string> variables;
    for (char** variable = environment; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    out.strings_field("env", variables);
    char directory[PATH_MAX];
    out.field("cwd", ::getcwd(directory, sizeof directory) != nullptr ? directory : "");
    out.number_field("pid", ::getpid());
    out.number_field("sid", ::getsid(0));
    add_ids(out);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    out.number_field("umask", mask);
    add_descriptors(out);
    add_terminal(out);
}

}  // namespace probe
