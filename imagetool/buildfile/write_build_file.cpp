// A Dockerfile's instructions as a build file.

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "imagetool/buildfile/build_file.hpp"
#include "imagetool/dockerfile/mount_option.hpp"

namespace ocimg::buildfile {

using namespace dockerfile;

namespace {

/// Words that YAML could take for something else than text, or that hold its own signs, are quoted.
bool is_plain(std::string_view text) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+$@=-";
    if (text.empty() || text.find_first_not_of(letters) != std::string_view::npos) return false;
    const std::string lower = oci::to_lower(text);
    for (const std::string_view word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
        if (lower == word) return false;
    const char first = text.front();
    return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '/' || first == '$';
}

std::string scalar(std::string_view text) {
    if (is_plain(text)) return std::string(text);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (c == '\n') {
            quoted += "\\n";
        } else if (c == '\t') {
            quoted += "\\t";
        } else if (byte < 0x20 || byte == 0x7F) {
            quoted += "\\x";
            quoted += digits[byte >> 4];
            quoted += digits[byte & 15U];
        } else {
            quoted += c;
        }
    }
    return quoted + "\"";
}

std::string list(const std::vector<std::string>& values) {
    std::string text = "[";
    for (const std::string& value : values) text += (text.size() > 1 ? ", " : "") + scalar(value);
    return text + "]";
}

/// `{type: cache, target: /x}`; the text itself when a map could not say the same.
std::string mount_value(const std::string& text) {
    const auto fields = comma_separated(text);
    if (!fields || text.find('"') != std::string::npos) return scalar(text);
    std::set<std::string> seen;
    std::string map;
    for (const std::string& field : *fields) {
        const std::size_t equals = field.find('=');
        const std::string key = field.substr(0, equals);
        if (!is_plain(key) || !seen.insert(key).second) return scalar(text);
        map += (map.empty() ? "{" : ", ") + key + ": " +
               (equals == std::string::npos ? "null" : scalar(field.substr(equals + 1)));
    }
    return map + "}";
}

std::string duration(std::int64_t nanoseconds) {
    if (nanoseconds % 1'000'000'000 == 0) return std::to_string(nanoseconds / 1'000'000'000) + "s";
    if (nanoseconds % 1'000'000 == 0) return std::to_string(nanoseconds / 1'000'000) + "ms";
    return std::to_string(nanoseconds) + "ns";
}

/// Writes the value of a step's key.
class StepWriter {
public:
    explicit StepWriter(std::string& out) : out_(out) {}

    void operator()(const From&) {}
    void operator()(const Run& run) {
        const Command& command = run.command;
        if (command.heredocs.empty() && run.mounts.empty() && run.devices.empty() &&
            run.network.text.empty() && run.security.text.empty()) {
            key("run", words(command));
            return;
        }
        open("run");
        field("command", words(command));
        if (!command.heredocs.empty()) out_ += indent() + "heredocs:\n";
        for (const Heredoc& heredoc : command.heredocs) {
            out_ += indent() + "  - {name: " + scalar(heredoc.name) + ", content: " + scalar(heredoc.content);
            if (!heredoc.expand) out_ += ", expand: false";
            if (heredoc.chomp) out_ += ", chomp: true";
            if (heredoc.file_descriptor != 0) out_ += ", fd: " + std::to_string(heredoc.file_descriptor);
            out_ += "}\n";
        }
        if (!run.mounts.empty()) out_ += indent() + "mounts:\n";
        for (const auto& mount : run.mounts) out_ += indent() + "  - " + mount_value(mount.text) + "\n";
        text("network", run.network.text);
        text("security", run.security.text);
        std::vector<std::string> devices;
        for (const auto& device : run.devices) devices.push_back(device.text);
        if (!devices.empty()) field("devices", list(devices));
    }
    void operator()(const Copy& copy) {
        open("copy");
        text("from", copy.from);
        if (copy.parents) field("parents", "true");
        transfer(copy.transfer);
    }
    void operator()(const Add& add) {
        open("add");
        text("checksum", add.checksum);
        if (add.keep_git_dir) field("keep-git-dir", *add.keep_git_dir ? "true" : "false");
        if (add.unpack) field("unpack", *add.unpack ? "true" : "false");
        transfer(add.transfer);
    }
    void operator()(const Arg& arg) {
        open("arg");
        for (const Argument& argument : arg.arguments) {
            out_ += indent() + "- {name: " + scalar(argument.name);
            if (argument.value) out_ += ", default: " + scalar(*argument.value);
            out_ += "}\n";
        }
    }
    void operator()(const Env& env) { pairs(env.legacy ? "env-legacy" : "env", env.variables); }
    void operator()(const Label& label) { pairs(label.legacy ? "label-legacy" : "label", label.labels); }
    void operator()(const Cmd& cmd) { key("cmd", words(cmd.command)); }
    void operator()(const Entrypoint& entrypoint) { key("entrypoint", words(entrypoint.command)); }
    void operator()(const Expose& expose) { key("expose", list(expose.ports)); }
    void operator()(const Healthcheck& check) {
        if (check.none) return key("healthcheck", "none");
        open("healthcheck");
        field("command", words(check.command));
        const auto time = [this](std::string_view name, const std::optional<std::int64_t>& value) {
            if (value) field(name, duration(*value));
        };
        time("interval", check.interval);
        time("timeout", check.timeout);
        time("start-period", check.start_period);
        time("start-interval", check.start_interval);
        if (check.retries) field("retries", std::to_string(*check.retries));
    }
    void operator()(const OnBuild& onbuild) { key("onbuild", scalar(onbuild.text)); }
    void operator()(const Shell& shell) { key("shell", list(shell.words)); }
    void operator()(const StopSignal& stop) { key("stopsignal", scalar(stop.signal)); }
    void operator()(const User& user) { key("user", scalar(user.user)); }
    void operator()(const Volume& volume) { key("volume", list(volume.paths)); }
    void operator()(const Workdir& workdir) { key("workdir", scalar(workdir.path)); }
    void operator()(const Maintainer& maintainer) { key("maintainer", scalar(maintainer.name)); }

private:
    static std::string indent() { return std::string(14, ' '); }
    static std::string words(const Command& command) {
        if (!command.shell_form) return list(command.words);
        return scalar(command.words.empty() ? "" : command.words.front());
    }
    void open(std::string_view name) { out_ += std::string(name) + ":\n"; }
    void key(std::string_view name, const std::string& value) {
        out_ += std::string(name) + ": " + value + "\n";
    }
    void field(std::string_view name, const std::string& value) {
        out_ += indent() + std::string(name) + ": " + value + "\n";
    }
    void text(std::string_view name, const std::string& value) {
        if (!value.empty()) field(name, scalar(value));
    }
    void pairs(std::string_view name, const std::vector<KeyValue>& values) {
        open(name);
        std::set<std::string> seen;
        const bool once = std::all_of(values.begin(), values.end(),
                                      [&](const KeyValue& one) { return seen.insert(one.key).second; });
        for (const KeyValue& one : values) {
            out_ += indent() + (once ? scalar(one.key) + ": " + scalar(one.value)
                                     : "- {name: " + scalar(one.key) + ", value: " + scalar(one.value) + "}");
            out_ += "\n";
        }
    }
    void transfer(const Transfer& transfer) {
        if (!transfer.sources.empty()) field("sources", list(transfer.sources));
        if (!transfer.files.empty()) out_ += indent() + "files:\n";
        for (const InlineFile& file : transfer.files) {
            out_ += indent() + "  - {name: " + scalar(file.name) + ", content: " + scalar(file.content) +
                    (file.expand ? ", expand: true}\n" : "}\n");
        }
        field("to", scalar(transfer.destination));
        text("chown", transfer.chown);
        text("chmod", transfer.chmod.text);
        if (transfer.link) field("link", "true");
        if (!transfer.excludes.empty()) field("exclude", list(transfer.excludes));
    }

    std::string& out_;
};

void write_comments(const Instruction& line, const std::string& indent, std::string& out) {
    for (const std::string& comment : line.comments)
        if (oci::is_utf8(comment)) out += indent + "# " + comment + "\n";
}

void write_steps(const std::vector<Instruction>& lines, const std::string& indent, std::string& out) {
    for (const Instruction& line : lines) {
        write_comments(line, indent, out);
        out += indent + "- ";
        if (!line.skipped_checks.empty())
            out += "skip-checks: " + list(line.skipped_checks) + "\n" + indent + "  ";
        std::visit(StepWriter(out), line.body);
    }
}

}  // namespace

std::string to_build_file(const Dockerfile& file, const std::string& image_name) {
    std::string out = "version: 1\nimages:\n  " + scalar(image_name) + ":\n";
    const auto text = [&](std::string_view key, const std::string& value) {
        if (!value.empty()) out += "    " + std::string(key) + ": " + scalar(value) + "\n";
    };
    text("syntax", file.directives.syntax);
    if (file.directives.escape != '\\') text("escape", std::string(1, file.directives.escape));
    text("check", file.directives.check);
    if (!file.global_args.empty()) out += "    arguments:\n";
    write_steps(file.global_args, "      ", out);
    out += "    stages:\n";
    for (const Stage& stage : file.stages) {
        write_comments(stage.from_line, "      ", out);
        out += "      - from: " + scalar(stage.from.image) + "\n";
        const auto field = [&](std::string_view key, const std::string& value) {
            if (!value.empty()) out += "        " + std::string(key) + ": " + scalar(value) + "\n";
        };
        field("name", stage.from.name_as_written);
        field("platform", stage.from.platform);
        if (!stage.from_line.skipped_checks.empty())
            out += "        skip-checks: " + list(stage.from_line.skipped_checks) + "\n";
        if (!stage.instructions.empty()) out += "        steps:\n";
        write_steps(stage.instructions, "          ", out);
    }
    return out;
}

}  // namespace ocimg::buildfile
