// The process of a container under test: prints one JSON object of what it sees, and decides nothing.
//
//   probe [REQUEST...]
//     stat= read= write= open= openrw= list= execute= syscall= statfs= mkdir=   answered in the object
//     append=FILE,TEXT   adds TEXT to a file before anything is printed
//     copy=FILE          copies standard input to a file (what a hook is told)
//     mark=FILE          writes the object to a file and not to standard output
//     wait               after printing: waits for a signal, prints "signal N", ends with 0
//     exit=N             ends with this status

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "conformance/probe/facts.hpp"

extern char** environ;

namespace probe {
namespace {

void write_text(int file, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
        if (wrote <= 0) return;
        done += static_cast<std::size_t>(wrote);
    }
}

void write_file(const std::string& path, const std::string& text, int flags) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    if (file < 0) return;
    write_text(file, text);
    ::close(file);
}

std::string read_standard_input() {
    std::string text;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(0, buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(got));
    return text;
}

void wait_for_signal() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    // From here on no signal is lost: say so before anybody sends one.
    write_text(1, "ready\n");
    int number = 0;
    do {
        ::sigwait(&all, &number);
    } while (number == SIGWINCH || number == SIGCHLD || number == SIGURG);
    write_text(1, "signal " + std::to_string(number) + "\n");
}

struct Wishes {
    bool wait = false;
    int exit_status = 0;
    std::string mark;
};

/// Requests that do something; false: it is none of these.
bool act_on(const std::string& request, Wishes& wishes) {
    if (request == "wait") return wishes.wait = true;
    if (request.starts_with("exit=")) {
        wishes.exit_status = std::atoi(request.c_str() + 5);
        return true;
    }
    if (request.starts_with("mark=")) {
        wishes.mark = request.substr(5);
        return true;
    }
    if (request.starts_with("copy=")) {
        write_file(request.substr(5), read_standard_input(), O_TRUNC);
        return true;
    }
    if (request.starts_with("append=")) {
        const std::size_t comma = request.find(',');
        if (comma == std::string::npos) return false;
        write_file(request.substr(7, comma - 7), request.substr(comma + 1) + "\n", O_APPEND);
        return true;
    }
    return false;
}

int run(int argc, char** argv) {
    JsonOut out;
    Wishes wishes;
    out.open('{');
    add_process_facts(out, argc, argv, environ);
    add_privilege_facts(out);
    add_scheduling_facts(out);
    add_namespace_facts(out);
    add_mount_facts(out);
    for (int i = 1; i < argc; ++i)
        if (!act_on(argv[i], wishes)) answer_request(out, argv[i]);
    out.close('}');
    if (wishes.mark.empty()) {
        write_text(1, out.text() + "\n");
    } else {
        write_file(wishes.mark, out.text() + "\n", O_TRUNC);
    }
    if (wishes.wait) wait_for_signal();
    return wishes.exit_status;
}

}  // namespace
}  // namespace probe

int main(int argc, char** argv) {
    return probe::run(argc, argv);
}
