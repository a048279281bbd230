#include "imagetool/build/build_progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <map>
#include <mutex>

#include "base/file.hpp"
#include "base/text.hpp"
#include "spec/json/writer.hpp"

namespace ocimg::build {

namespace {

void write_text(int descriptor, std::string_view text) {
    // Nobody can be told when the messages cannot be written.
    static_cast<void>(oci::write_all(oci::BorrowedFd(descriptor), text).has_value());
}

std::string seconds_text(double seconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1fs", seconds);
    return text;
}

/// "#3 [build 2/5] RUN make" and below it "#3 | output".
class PlainProgress final : public BuildProgress {
public:
    void begin(const StepLabel& step) override { line(step, step.text_with_place()); }

    void output(const StepLabel& step, std::string_view data) override {
        const std::lock_guard guard(mutex_);
        std::string& rest = rests_[step.id];
        rest += data;
        for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
            write_text(STDERR_FILENO, prefix(step) + "| " + rest.substr(0, end) + "\n");
            rest.erase(0, end + 1);
        }
    }

    void end(const StepLabel& step, StepOutcome outcome, double seconds) override {
        if (const std::string rest = take_rest(step); !rest.empty()) line(step, "| " + rest);
        switch (outcome) {
            case StepOutcome::done:
                return line(step, "DONE " + seconds_text(seconds));
            case StepOutcome::cached:
                return line(step, "CACHED");
            case StepOutcome::failed:
                return line(step, "FAILED " + seconds_text(seconds));
        }
    }

    void note(std::string_view text) override {
        const std::lock_guard guard(mutex_);
        write_text(STDERR_FILENO, std::string(text) + "\n");
    }
    void warning(std::string_view text) override { note("warning: " + std::string(text)); }

private:
    static std::string prefix(const StepLabel& step) { return "#" + std::to_string(step.id) + " "; }
    std::string take_rest(const StepLabel& step) {
        const std::lock_guard guard(mutex_);
        return std::move(rests_[step.id]);
    }
    void line(const StepLabel& step, const std::string& text) {
        const std::lock_guard guard(mutex_);
        write_text(STDERR_FILENO, prefix(step) + text + "\n");
    }

    std::mutex mutex_;
    std::map<std::size_t, std::string> rests_;  // output that has no line end yet
};

class JsonProgress final : public BuildProgress {
public:
    void begin(const StepLabel& step) override {
        oci::spec::JsonWriter json = start("begin", step);
        json.key("stage");
        json.string(step.stage);
        json.key("number");
        json.number(static_cast<std::int64_t>(step.number));
        json.key("total");
        json.number(static_cast<std::int64_t>(step.total));
        json.key("text");
        json.string(step.text);
        finish(json);
    }
    void output(const StepLabel& step, std::string_view data) override {
        oci::spec::JsonWriter json = start("output", step);
        json.key("data");
        json.string(oci::is_utf8(data) ? std::string(data) : oci::quote(data));
        finish(json);
    }
    void end(const StepLabel& step, StepOutcome outcome, double seconds) override {
        oci::spec::JsonWriter json = start("end", step);
        json.key("outcome");
        json.string(outcome == StepOutcome::done ? "done"
                                                 : (outcome == StepOutcome::cached ? "cached" : "failed"));
        json.key("seconds");
        json.number(seconds);
        finish(json);
    }
    void note(std::string_view text) override { message("note", text); }
    void warning(std::string_view text) override { message("warning", text); }

private:
    static oci::spec::JsonWriter start(const char* event, const StepLabel& step) {
        oci::spec::JsonWriter json;
        json.begin_object();
        json.key("event");
        json.string(event);
        json.key("step");
        json.number(static_cast<std::int64_t>(step.id));
        return json;
    }
    void message(const char* event, std::string_view text) {
        oci::spec::JsonWriter json;
        json.begin_object();
        json.key("event");
        json.string(event);
        json.key("text");
        json.string(text);
        finish(json);
    }
    void finish(oci::spec::JsonWriter& json) {
        json.end_object();
        const std::lock_guard guard(mutex_);
        write_text(STDOUT_FILENO, json.take() + "\n");
    }

    std::mutex mutex_;
};

class QuietProgress final : public BuildProgress {
public:
    void begin(const StepLabel& /*step*/) override {}
    void output(const StepLabel& /*step*/, std::string_view /*data*/) override {}
    void end(const StepLabel& /*step*/, StepOutcome /*outcome*/, double /*seconds*/) override {}
    void note(std::string_view /*text*/) override {}
    void warning(std::string_view /*text*/) override {}
};

}  // namespace

std::string StepLabel::text_with_place() const {
    return "[" + stage + " " + std::to_string(number) + "/" + std::to_string(total) + "] " + text;
}

std::unique_ptr<BuildProgress> open_plain_progress() {
    return std::make_unique<PlainProgress>();
}

std::unique_ptr<BuildProgress> open_json_progress() {
    return std::make_unique<JsonProgress>();
}

std::unique_ptr<BuildProgress> open_build_progress(std::string_view kind) {
    if (kind == "quiet") return std::make_unique<QuietProgress>();
    if (kind == "plain") return open_plain_progress();
    if (kind == "json") return open_json_progress();
    if (kind == "tty") return open_terminal_progress();
    if (kind == "auto")
        return ::isatty(STDERR_FILENO) == 1 ? open_terminal_progress() : open_plain_progress();
    return nullptr;
}

}  // namespace ocimg::build
