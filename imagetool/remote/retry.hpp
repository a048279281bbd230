#pragma once
// When a request is made again, and how long after. Pure but for wait().

#include <chrono>
#include <optional>
#include <string_view>

#include "imagetool/remote/http.hpp"

namespace ocimg {

/// The tries for one request, the first one included.
inline constexpr int most_tries = 5;

/// Whether an answer's status asks for another try: 408, 429, 500, 502, 503, 504.
bool is_retryable_status(int status);

/// What Retry-After asks for: seconds, or a date seen from `now`. Nothing when it is neither; at most 60 s.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text,
                                                           std::chrono::system_clock::time_point now);

/// The pause before try number `next` (2 is the first repetition): what the server asks for, else half a
/// second that doubles with each try. `jitter` in [0, 1) adds up to a fifth.
std::chrono::milliseconds pause_before(int next, std::optional<std::chrono::milliseconds> asked,
                                       double jitter);

/// The pauses of one request. All of them together are at most five minutes.
class RetryBudget {
public:
    /// Waits before another try; false when there is none left, and nothing was waited for, or when the user
    /// has interrupted the wait.
    bool wait_for_next(std::optional<std::chrono::milliseconds> asked = std::nullopt);
    /// Something was achieved: the count starts again.
    void progress() { tries_ = 1; }

private:
    int tries_ = 1;
    std::chrono::milliseconds waited_{0};
};

/// How long the server of this answer wants to be left alone.
std::optional<std::chrono::milliseconds> asked_pause(const HttpResponse& response);

}  // namespace ocimg
