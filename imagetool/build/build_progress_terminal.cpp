#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <mutex>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/build_progress.hpp"

namespace ocimg::build {

namespace {

using Clock = std::chrono::steady_clock;

/// Finished steps scroll away above one line for each running step.
class TerminalProgress final : public BuildProgress {
public:
    TerminalProgress() = default;
    TerminalProgress(const TerminalProgress&) = delete;
    TerminalProgress& operator=(const TerminalProgress&) = delete;
    ~TerminalProgress() override {
        const std::lock_guard guard(mutex_);
        print(erase());
    }

    void begin(const StepLabel& step) override {
        const std::lock_guard guard(mutex_);
        running_[step.id] = {step, "", Clock::now()};
        redraw("");
    }

    void output(const StepLabel& step, std::string_view data) override {
        const std::lock_guard guard(mutex_);
        Running& running = running_[step.id];
        // Only the last line is shown; control characters of the output must not move the cursor.
        const std::string text(oci::trim(data));
        const std::size_t line = text.find_last_of("\r\n");
        running.last = line == std::string::npos ? text : text.substr(line + 1);
        for (char& c : running.last)
            if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
        if (Clock::now() - drawn_ < std::chrono::milliseconds(50)) return;
        redraw("");
    }

    void end(const StepLabel& step, StepOutcome outcome, double seconds) override {
        const std::lock_guard guard(mutex_);
        running_.erase(step.id);
        const std::string mark = outcome == StepOutcome::failed ? " FAILED" : "";
        const std::string time = outcome == StepOutcome::cached
                                     ? "CACHED"
                                     : std::to_string(static_cast<int>(seconds * 10) / 10) + "." +
                                           std::to_string(static_cast<int>(seconds * 10) % 10) + "s";
        redraw(fitted(" " + step.text_with_place(), time + mark) + "\n");
    }

    void note(std::string_view text) override {
        const std::lock_guard guard(mutex_);
        redraw(std::string(text) + "\n");
    }
    void warning(std::string_view text) override { note("warning: " + std::string(text)); }

private:
    struct Running {
        StepLabel step;
        std::string last;
        Clock::time_point begun;
    };

    static void print(const std::string& text) {
        static_cast<void>(oci::write_all(oci::BorrowedFd(STDERR_FILENO), text).has_value());
    }

    static std::size_t columns() {
        struct winsize size {};
        if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
        return 80;
    }

    /// `left` cut so that `right` fits behind it on one line.
    static std::string fitted(std::string left, const std::string& right) {
        const std::size_t width = columns() - 1;
        const std::size_t room = width > right.size() + 1 ? width - right.size() - 1 : 1;
        if (left.size() > room) left = left.substr(0, room > 3 ? room - 3 : 0) + "...";
        left.resize(room, ' ');
        return left + " " + right;
    }

    std::string erase() {
        std::string text;
        for (; lines_ > 0; --lines_) text += "\x1b[1A\x1b[2K";
        return text;
    }

    void redraw(const std::string& above) {
        std::string text = erase() + above;
        for (const auto& [id, running] : running_) {
            const auto seconds =
                std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - running.begun).count();
            std::string left = "> " + running.step.text_with_place();
            if (!running.last.empty()) left += " : " + running.last;
            text += fitted(std::move(left), std::to_string(seconds) + "s") + "\n";
            ++lines_;
        }
        print(text);
        drawn_ = Clock::now();
    }

    std::mutex mutex_;
    std::map<std::size_t, Running> running_;
    std::size_t lines_ = 0;
    Clock::time_point drawn_;
};

}  // namespace

std::unique_ptr<BuildProgress> open_terminal_progress() {
    return std::make_unique<TerminalProgress>();
}

}  // namespace ocimg::build
