// Many containers of one runtime: created, started, listed and deleted, one or several at a time. Shows
// whether a container costs more when there are many others already. Prints Markdown rows; the first program
// is the one that the others are compared with.
//
//   crowd [--count N] [--at-once N] --bundle DIR --root DIR -- LABEL PROGRAM [-- LABEL PROGRAM]...

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Program {
    std::string label;
    std::string path;
};

struct Request {
    std::size_t count = 500;
    std::size_t at_once = 1;
    std::string bundle;
    std::string root;
    std::vector<Program> programs;
};

double now_in_milliseconds() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

std::optional<std::size_t> number_in(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
    return value;
}

std::optional<Request> parse(int argc, char** argv) {
    Request request;
    int at = 1;
    for (; at + 1 < argc && std::string_view(argv[at]) != "--"; at += 2) {
        const std::string_view option = argv[at];
        const std::string_view value = argv[at + 1];
        if (option == "--bundle") {
            request.bundle = value;
        } else if (option == "--root") {
            request.root = value;
        } else if (option == "--count" || option == "--at-once") {
            const auto number = number_in(value);
            if (!number) return std::nullopt;
            (option == "--count" ? request.count : request.at_once) = *number;
        } else {
            return std::nullopt;
        }
    }
    for (; at + 2 < argc && std::string_view(argv[at]) == "--"; at += 3)
        request.programs.push_back({argv[at + 1], argv[at + 2]});
    if (at != argc || request.programs.empty() || request.bundle.empty() || request.root.empty())
        return std::nullopt;
    return request;
}

pid_t start(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    const int error = posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) return pid;
    std::fprintf(stderr, "crowd: cannot start %s: %s\n", arguments[0], strerror(error));
    return -1;
}

/// One command for each container, `at_once` of them at the same time. Their times in order; empty when one
/// failed.
std::vector<double> run_for_each(const Request& request, const Program& program,
                                 const std::vector<std::string>& verb) {
    std::vector<double> times(request.count);
    std::map<pid_t, std::pair<std::size_t, double>> running;
    std::size_t next = 0;
    while (next < request.count || !running.empty()) {
        while (next < request.count && running.size() < request.at_once) {
            std::vector<std::string> words = {program.path, "--root", request.root};
            words.insert(words.end(), verb.begin(), verb.end());
            words.push_back("crowd-" + std::to_string(next));
            const double begin = now_in_milliseconds();
            const pid_t pid = start(words);
            if (pid < 0) return {};
            running[pid] = {next++, begin};
        }
        int status = 0;
        const pid_t pid = ::wait(&status);
        const auto found = running.find(pid);
        if (found == running.end()) continue;  // a container's process, left to this one
        times[found->second.first] = now_in_milliseconds() - found->second.second;
        if (status != 0) {
            std::fprintf(stderr, "crowd: %s %s of container %zu failed with wait status %#x\n",
                         program.label.c_str(), verb.front().c_str(), found->second.first,
                         static_cast<unsigned int>(status));
            return {};
        }
        running.erase(found);
    }
    return times;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

/// The median of the last tenth, in medians of the first one.
double growth(const std::vector<double>& times) {
    const std::size_t tenth = std::max<std::size_t>(times.size() / 10, 1);
    const std::vector<double> first(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(tenth));
    const std::vector<double> last(times.end() - static_cast<std::ptrdiff_t>(tenth), times.end());
    return median(last) / median(first);
}

struct Row {
    std::string verb;
    std::vector<double> times;
    double whole = 0;  // of all containers, milliseconds
};

/// What one `list` of all of them takes: the median of five.
std::optional<Row> list_all(const Request& request, const Program& program) {
    Row row{.verb = "list (one for all)", .times = {}};
    for (int i = 0; i < 5; ++i) {
        const double begin = now_in_milliseconds();
        const pid_t pid = start({program.path, "--root", request.root, "list"});
        int status = 1;
        while (pid > 0 && ::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (status != 0) return std::nullopt;
        row.times.push_back(now_in_milliseconds() - begin);
    }
    return row;
}

std::optional<std::vector<Row>> measure(const Request& request, const Program& program) {
    const std::vector<std::vector<std::string>> verbs = {
        {"create", "--bundle", request.bundle}, {"start"}, {"list"}, {"delete", "--force"}};
    std::vector<Row> rows;
    bool whole = true;
    for (const auto& verb : verbs) {
        if (verb.front() == "list") {
            const auto listed = list_all(request, program);
            if (listed) rows.push_back(*listed);
            whole = whole && listed;
            continue;
        }
        const double begin = now_in_milliseconds();
        Row row{.verb = verb.front(), .times = run_for_each(request, program, verb)};
        row.whole = now_in_milliseconds() - begin;
        whole = whole && !row.times.empty();
        rows.push_back(std::move(row));
    }
    if (!whole) return std::nullopt;
    return rows;
}

}  // namespace

int main(int argc, char** argv) {
    const auto request = parse(argc, argv);
    if (!request) {
        std::fputs(
            "usage: crowd [--count N] [--at-once N] --bundle DIR --root DIR -- LABEL PROGRAM [-- ...]...\n",
            stderr);
        return 2;
    }
    std::printf(
        "| %zu containers, %zu at a time | | median | last tenth / first tenth | all of them | %s takes |\n",
        request->count, request->at_once, request->programs.front().label.c_str());
    std::printf("|---|---|--:|--:|--:|--:|\n");
    std::map<std::string, double> reference;
    for (const Program& program : request->programs) {
        const auto rows = measure(*request, program);
        if (!rows) return 1;
        for (const Row& row : *rows) {
            const double middle = median(row.times);
            const double compared = row.whole > 0 ? row.whole : middle;
            if (reference.find(row.verb) == reference.end()) reference[row.verb] = compared;
            std::printf("| %s | %s | %.2f ms | ", row.verb.c_str(), program.label.c_str(), middle);
            if (row.whole > 0) {
                std::printf("%.2f | %.2f s", growth(row.times), row.whole / 1e3);
            } else {
                std::printf(" | ");
            }
            std::printf(" | %.2f |\n", reference[row.verb] / compared);
        }
    }
    return 0;
}
