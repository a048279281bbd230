#include "imagetool/dockerfile/describe.hpp"

#include "base/text.hpp"
#include "imagetool/dockerfile/parse_instruction.hpp"

namespace ocimg::dockerfile {

using oci::quote;

namespace {

std::string lines_of(const LineRange& lines) {
    if (lines.first == lines.last) return std::to_string(lines.first);
    return std::to_string(lines.first) + "-" + std::to_string(lines.last);
}

std::string octal(std::uint32_t mode) {
    std::string digits;
    for (; mode != 0; mode /= 8) digits.insert(digits.begin(), static_cast<char>('0' + mode % 8));
    return "0" + digits;
}

/// Writes the parts of a body; each flag on a line of its own below.
class Describer {
public:
    std::string take() { return std::move(text_); }

    void operator()(const From& from) {
        word(from.image);
        flag("platform", from.platform);
        if (!from.name.empty()) line("as " + quote(from.name));
        if (from.name != from.name_as_written) line("written " + quote(from.name_as_written));
    }
    void operator()(const Run& run) {
        command(run.command);
        for (const auto& mount : run.mounts) {
            mount.value ? this->mount(*mount.value) : line("mount to expand: " + quote(mount.text));
        }
        flag("network", run.network.text);
        flag("security", run.security.text);
        for (const auto& device : run.devices)
            line("device " + quote(device.value ? device.value->name : device.text) +
                 (device.value && device.value->required ? " required" : ""));
    }
    void operator()(const Copy& copy) {
        flag("from", copy.from);
        if (copy.parents) line("parents");
        transfer(copy.transfer);
    }
    void operator()(const Add& add) {
        flag("checksum", add.checksum);
        if (add.keep_git_dir) line(std::string("keep-git-dir ") + (*add.keep_git_dir ? "true" : "false"));
        if (add.unpack) line(std::string("unpack ") + (*add.unpack ? "true" : "false"));
        transfer(add.transfer);
    }
    void operator()(const Arg& arg) {
        for (const Argument& argument : arg.arguments)
            line(quote(argument.name) +
                 (argument.value ? " = " + quote(*argument.value) : " without default"));
    }
    void operator()(const Env& env) { pairs(env.variables, env.legacy); }
    void operator()(const Label& label) { pairs(label.labels, label.legacy); }
    void operator()(const Cmd& cmd) { command(cmd.command); }
    void operator()(const Entrypoint& entrypoint) { command(entrypoint.command); }
    void operator()(const Expose& expose) { words(expose.ports); }
    void operator()(const Healthcheck& check) {
        if (check.none) {
            text_ += " none";
            return;
        }
        command(check.command);
        time("interval", check.interval);
        time("timeout", check.timeout);
        time("start-period", check.start_period);
        time("start-interval", check.start_interval);
        if (check.retries) line("retries " + std::to_string(*check.retries));
    }
    void operator()(const OnBuild& onbuild) {
        word(onbuild.text);
        line("trigger " + describe(*onbuild.trigger));
    }
    void operator()(const Shell& shell) { words(shell.words); }
    void operator()(const StopSignal& stop) { word(stop.signal); }
    void operator()(const User& user) { word(user.user); }
    void operator()(const Volume& volume) { words(volume.paths); }
    void operator()(const Workdir& workdir) { word(workdir.path); }
    void operator()(const Maintainer& maintainer) { word(maintainer.name); }

private:
    void word(const std::string& text) { text_ += " " + quote(text); }
    void words(const std::vector<std::string>& all) {
        for (const std::string& one : all) word(one);
    }
    void line(const std::string& text) { text_ += "\n    " + text; }
    void flag(std::string_view name, const std::string& value) {
        if (!value.empty()) line(std::string(name) + " " + quote(value));
    }
    void time(std::string_view name, const std::optional<std::int64_t>& value) {
        if (value) line(std::string(name) + " " + std::to_string(*value) + " ns");
    }
    void pairs(const std::vector<KeyValue>& all, bool legacy) {
        if (legacy) text_ += " legacy";
        for (const KeyValue& one : all) line(quote(one.key) + " = " + quote(one.value));
    }
    void command(const Command& command) {
        text_ += command.shell_form ? " shell" : " exec";
        words(command.words);
        for (const Heredoc& heredoc : command.heredocs) {
            line("heredoc " + quote(heredoc.name) + (heredoc.expand ? "" : " quoted") +
                 (heredoc.chomp ? " chomped" : "") +
                 (heredoc.file_descriptor != 0 ? " fd " + std::to_string(heredoc.file_descriptor) : "") +
                 ": " + quote(heredoc.content));
        }
    }
    void mount(const Mount& mount) {
        std::string text = "mount " + std::string(to_text(mount.type)) + (mount.readonly ? " ro" : " rw");
        const auto add = [&](std::string_view name, const std::string& value) {
            if (!value.empty()) text += " " + std::string(name) + " " + quote(value);
        };
        add("from", mount.from);
        add("source", mount.source);
        add("target", mount.target);
        add("id", mount.id);
        if (mount.type == MountType::cache) add("sharing", std::string(to_text(mount.sharing)));
        if (mount.required) text += " required";
        if (mount.size) text += " size " + std::to_string(*mount.size);
        if (mount.mode) text += " mode " + octal(*mount.mode);
        if (mount.uid) text += " uid " + std::to_string(*mount.uid);
        if (mount.gid) text += " gid " + std::to_string(*mount.gid);
        if (mount.env) add("env", *mount.env);
        line(text);
    }
    void transfer(const Transfer& transfer) {
        flag("chown", transfer.chown);
        flag("chmod", transfer.chmod.text);
        if (transfer.link) line("link");
        for (const std::string& pattern : transfer.excludes) flag("exclude", pattern);
        for (const std::string& source : transfer.sources) line("source " + quote(source));
        for (const InlineFile& file : transfer.files)
            line("file " + quote(file.name) + (file.expand ? " to expand" : "") + ": " + quote(file.content));
        line("to " + quote(transfer.destination));
    }

    std::string text_;
};

std::string block(const Instruction& instruction, std::string_view indent) {
    std::string text = lines_of(instruction.lines) + " " + describe(instruction);
    if (!instruction.skipped_checks.empty())
        text += "\n    checks skipped: " + oci::join(instruction.skipped_checks, ", ");
    std::string indented(indent);
    for (const char c : text) {
        indented += c;
        if (c == '\n') indented += indent;
    }
    return indented + "\n";
}

}  // namespace

std::string describe(const Instruction& instruction) {
    Describer describer;
    std::visit([&](const auto& body) { describer(body); }, instruction.body);
    return std::string(instruction_name(instruction)) + describer.take();
}

std::string describe(const Dockerfile& file) {
    std::string text;
    if (!file.directives.syntax.empty()) text += "syntax " + quote(file.directives.syntax) + "\n";
    if (file.directives.escape != '\\') text += std::string("escape ") + file.directives.escape + "\n";
    if (!file.directives.check.empty()) text += "check " + quote(file.directives.check) + "\n";
    for (const Instruction& arg : file.global_args) text += block(arg, "");
    for (std::size_t i = 0; i < file.stages.size(); ++i) {
        text += "stage " + std::to_string(i) + "\n" + block(file.stages[i].from_line, "  ");
        for (const Instruction& instruction : file.stages[i].instructions) text += block(instruction, "  ");
    }
    for (const Finding& warning : file.warnings)
        text += "warning " + std::to_string(warning.place.line) + " " + warning.rule + "\n";
    return text;
}

}  // namespace ocimg::dockerfile
