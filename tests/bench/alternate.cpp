// Runs several commands in turn, many times, and prints medians and ratios as a Markdown table: how the
// benchmarks measure. Alternating spreads the noise of a busy machine evenly over the commands.
//
//   alternate [--runs N] [--warmup N] [--remove PATH]... [--aside PATH]...
//       -- LABEL COMMAND [ARG...] [-- LABEL COMMAND...]...
//
// A command may be several, with "++" between them: their times are added up.
// --remove PATH is deleted before each run, outside the measured time. --aside PATH is only renamed then, and
// all of them are deleted at the end: some file systems (ext4 without a journal) are slow for minutes where
// something was deleted. A command's standard output is
// discarded. A command that fails ends the measurement with exit code 1: a wrong run has no time.

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

struct Command {
    std::string label;
    std::vector<std::vector<char*>> steps;  // each ends with a null pointer, as posix_spawn asks
    std::vector<double> milliseconds;
    std::vector<double> kibibytes;
};

struct Request {
    int runs = 20;
    int warmup = 2;
    std::vector<std::string> removed_paths;
    std::vector<std::string> aside_paths;
    std::vector<std::string> put_aside;  // to be removed at the end
    std::vector<Command> commands;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Median of the distances from the median: the noise, unmoved by a few wild runs.
double median_deviation(const std::vector<double>& values) {
    const double center = median(values);
    std::vector<double> distances;
    for (const double value : values) distances.push_back(std::fabs(value - center));
    return median(distances);
}

double now_in_milliseconds() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Without a number in it, nothing.
std::optional<int> number_in(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// The options before the first "--", then one command after each "--". Nothing when it is malformed.
std::optional<Request> parse(int argc, char** argv) {
    Request request;
    int at = 1;
    for (; at + 1 < argc && std::string_view(argv[at]) != "--"; at += 2) {
        const std::string_view option = argv[at];
        if (option == "--remove") {
            request.removed_paths.emplace_back(argv[at + 1]);
            continue;
        }
        if (option == "--aside") {
            request.aside_paths.emplace_back(argv[at + 1]);
            continue;
        }
        const std::optional<int> value = number_in(argv[at + 1]);
        if (!value || *value < (option == "--runs" ? 1 : 0)) return std::nullopt;
        if (option == "--runs") {
            request.runs = *value;
        } else if (option == "--warmup") {
            request.warmup = *value;
        } else {
            return std::nullopt;
        }
    }
    while (at < argc && std::string_view(argv[at]) == "--") {
        if (++at + 1 >= argc) return std::nullopt;
        Command command;
        command.label = argv[at++];
        command.steps.emplace_back();
        for (; at < argc && std::string_view(argv[at]) != "--"; ++at) {
            if (std::string_view(argv[at]) == "++") {
                command.steps.emplace_back();
            } else {
                command.steps.back().push_back(argv[at]);
            }
        }
        for (std::vector<char*>& step : command.steps) {
            if (step.empty()) return std::nullopt;
            step.push_back(nullptr);
        }
        request.commands.push_back(std::move(command));
    }
    if (at != argc || request.commands.empty()) return std::nullopt;
    return request;
}

void put_aside(Request& request) {
    for (const std::string& path : request.aside_paths) {
        const std::string aside = path + "." + std::to_string(request.put_aside.size());
        std::error_code error;
        std::filesystem::rename(path, aside, error);
        if (!error) request.put_aside.push_back(aside);
    }
    if (!request.aside_paths.empty()) sync();
}

void remove_paths(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        std::error_code error;
        std::filesystem::remove_all(path, error);
        if (error)
            std::fprintf(stderr, "alternate: cannot remove %s: %s\n", path.c_str(), error.message().c_str());
    }
    // What an earlier run left to be written must not slow the next one.
    if (!paths.empty()) sync();
}

struct Cost {
    double milliseconds = 0;
    double kibibytes = 0;
};

/// Nothing when it failed, which is then said.
std::optional<Cost> run_step(const std::string& label, const std::vector<char*>& arguments) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const double start = now_in_milliseconds();
    const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        std::fprintf(stderr, "alternate: cannot start %s: %s\n", arguments[0], strerrordesc_np(error));
        return std::nullopt;
    }
    int status = 0;
    rusage usage{};
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    const double end = now_in_milliseconds();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        std::fprintf(stderr, "alternate: %s failed with wait status %#x\n", label.c_str(),
                     static_cast<unsigned int>(status));
        return std::nullopt;
    }
    return Cost{.milliseconds = end - start, .kibibytes = static_cast<double>(usage.ru_maxrss)};
}

/// One run; its time and peak memory are appended when `record` is set. False when it failed.
bool run(Command& command, bool record) {
    Cost whole;
    for (const std::vector<char*>& step : command.steps) {
        const auto cost = run_step(command.label, step);
        if (!cost) return false;
        whole.milliseconds += cost->milliseconds;
        whole.kibibytes = std::max(whole.kibibytes, cost->kibibytes);
    }
    if (record) {
        command.milliseconds.push_back(whole.milliseconds);
        command.kibibytes.push_back(whole.kibibytes);
    }
    return true;
}

bool measure(Request& request) {
    for (int round = -request.warmup; round < request.runs; ++round) {
        const std::size_t count = request.commands.size();
        for (std::size_t step = 0; step < count; ++step) {
            // Each round begins with another command, so that none always runs after the same one.
            Command& command =
                request.commands[(step + static_cast<std::size_t>(round + request.warmup)) % count];
            remove_paths(request.removed_paths);
            put_aside(request);
            if (!run(command, round >= 0)) return false;
        }
    }
    remove_paths(request.removed_paths);
    put_aside(request);
    remove_paths(request.put_aside);
    return true;
}

/// The median of first/other round by round: noise that both runs of a round share falls out.
double ratio(const Command& first, const Command& other) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < first.milliseconds.size(); ++i) {
        ratios.push_back(first.milliseconds[i] / other.milliseconds[i]);
    }
    return median(ratios);
}

void print(const Request& request) {
    const Command& first = request.commands.front();
    std::printf("| | median | noise (MAD) | fastest | %s takes of its time | peak memory |\n",
                first.label.c_str());
    std::printf("|---|--:|--:|--:|--:|--:|\n");
    for (const Command& command : request.commands) {
        std::printf("| %s | %.2f ms | %.2f ms | %.2f ms | %.2f | %.1f MiB |\n", command.label.c_str(),
                    median(command.milliseconds), median_deviation(command.milliseconds),
                    *std::min_element(command.milliseconds.begin(), command.milliseconds.end()),
                    ratio(first, command), median(command.kibibytes) / 1024);
    }
    rusage own{};
    getrusage(RUSAGE_SELF, &own);
    std::printf(
        "\n%d runs each, in turn. Peak memory below %.1f MiB cannot be seen (the measuring program's own).\n",
        request.runs, static_cast<double>(own.ru_maxrss) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
    std::optional<Request> request = parse(argc, argv);
    if (!request) {
        std::fputs(
            "usage: alternate [--runs N] [--warmup N] [--remove PATH]... [--aside PATH]... -- LABEL COMMAND "
            "[ARG...] [++ COMMAND...] [-- ...]...\n",
            stderr);
        return 2;
    }
    if (!measure(*request)) return 1;
    print(*request);
}
