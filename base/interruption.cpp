#include "base/interruption.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace oci {

namespace {

constexpr std::array<int, 4> caught = {SIGINT, SIGTERM, SIGHUP, SIGALRM};

// What a signal handler changes can be nothing but global.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<int> first_signal{0};
std::atomic<unsigned> seconds_to_end{0};
std::atomic<int> woken_by{-1};  // readable once a signal has come
std::atomic<int> waking{-1};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

const char* name_of(int number) {
    return number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
}

/// From a signal handler: nothing but writev, and nobody to tell when it fails.
void say_interrupted(int number) {
    const std::array<const char*, 4> words = {::program_invocation_short_name, ": interrupted by ",
                                              name_of(number), "\n"};
    std::array<struct iovec, 4> parts{};
    for (std::size_t i = 0; i < words.size(); ++i)
        parts.at(i) = {.iov_base = const_cast<char*>(words.at(i)), .iov_len = std::strlen(words.at(i))};
    static_cast<void>(!::writev(STDERR_FILENO, parts.data(), static_cast<int>(parts.size())));
}

void on_signal(int number) {
    const int errno_before = errno;
    int none = 0;
    if (!first_signal.compare_exchange_strong(none, number)) {
        const int reason = number == SIGALRM ? none : number;
        say_interrupted(reason);
        ::_exit(128 + reason);
    }
    const char byte = 0;
    // The pipe takes one byte. Were it full, nobody would be left waiting either.
    const ssize_t put = ::write(waking.load(), &byte, 1);
    static_cast<void>(put);
    ::alarm(seconds_to_end.load());
    errno = errno_before;
}

}  // namespace

void catch_interruptions(std::chrono::seconds to_end) {
    seconds_to_end = static_cast<unsigned>(to_end.count());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return;  // then signals end the process as ever
    woken_by = ends[0];
    waking = ends[1];
    struct sigaction action {};
    action.sa_handler = on_signal;
    ::sigfillset(&action.sa_mask);
    for (const int number : caught) {
        // What the caller has switched off (nohup) stays off.
        struct sigaction before {};
        if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
        ::sigaction(number, &action, nullptr);
    }
}

void forget_interruptions() {
    first_signal = 0;
    for (const int number : caught) {
        struct sigaction before {};
        if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == on_signal)
            ::signal(number, SIG_DFL);
    }
}

int interruption() {
    return first_signal.load();
}

Result<void> check_interruption() {
    const int number = interruption();
    if (number == 0) return {};
    return failure(std::string("interrupted by ") + name_of(number));
}

Result<void> wait_uninterrupted(std::chrono::milliseconds time) {
    struct pollfd end {
        .fd = woken_by.load(), .events = POLLIN, .revents = 0
    };
    const auto until = std::chrono::steady_clock::now() + time;
    while (true) {
        TRY(check_interruption());
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return {};
        ::poll(&end, 1, static_cast<int>(left.count()));
    }
}

}  // namespace oci
