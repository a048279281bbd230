#include "base/interruption.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace oci {

namespace {

// What a signal handler changes can be nothing but global.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<int> first_signal{0};
std::atomic<unsigned> seconds_to_end{0};
std::atomic<int> woken_by{-1};  // readable once a signal has come
std::atomic<int> waking{-1};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

void on_signal(int number) {
    const int errno_before = errno;
    int none = 0;
    if (!first_signal.compare_exchange_strong(none, number)) {
        ::_exit(128 + (number == SIGALRM ? none : number));
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
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGALRM}) {
        // What the caller has switched off (nohup) stays off.
        struct sigaction before {};
        if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
        ::sigaction(number, &action, nullptr);
    }
}

int interruption() {
    return first_signal.load();
}

Result<void> check_interruption() {
    const int number = interruption();
    if (number == 0) return {};
    const char* const name = number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
    return failure(std::string("interrupted by ") + name);
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
