// Checks of what instructions say, without a look at variables.

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "imagetool/dockerfile/check_rules.hpp"
#include "imagetool/dockerfile/source_reference.hpp"

namespace ocimg::dockerfile {

using oci::quote;

namespace {

/// Whether a part of the name between underscores says that it is a secret, and none that it is public.
bool names_a_secret(std::string_view name) {
    bool secret = false;
    for (const std::string& part : oci::split(oci::to_lower(name), '_')) {
        for (const std::string_view word : {"apikey", "auth", "credential", "credentials", "key", "password",
                                            "pword", "passwd", "secret", "token"})
            secret = secret || part == word;
        if (part == "public" || part == "file" || part == "version") return false;
    }
    return secret;
}

/// The checks of one stage, instruction by instruction.
class StageChecks {
public:
    StageChecks(Findings& findings, bool shell_set) : findings_(findings), shell_set_(shell_set) {}

    void check(const Instruction& line) {
        line_ = &line;
        std::visit([this](const auto& body) { (*this)(body); }, line.body);
    }
    [[nodiscard]] bool shell_set() const { return shell_set_; }

    void operator()(const Cmd& cmd) {
        json_recommended(cmd.command);
        only_once();
    }
    void operator()(const Entrypoint& entrypoint) {
        json_recommended(entrypoint.command);
        only_once();
    }
    void operator()(const Healthcheck&) { only_once(); }
    void operator()(const Shell&) { shell_set_ = true; }
    void operator()(const Maintainer&) {
        add("MaintainerDeprecated",
            "MAINTAINER is deprecated: LABEL org.opencontainers.image.authors=... says the same");
    }
    void operator()(const Env& env) {
        legacy(env.legacy);
        for (const KeyValue& one : env.variables) secret(one.key);
    }
    void operator()(const Label& label) { legacy(label.legacy); }
    void operator()(const Arg& arg) {
        for (const Argument& one : arg.arguments) secret(one.name);
    }
    void operator()(const From&) {}
    void operator()(const Run&) {}
    void operator()(const Copy&) {}
    void operator()(const Add&) {}
    void operator()(const Expose& expose) {
        for (const std::string& port : expose.ports) {
            const std::size_t slash = port.find('/');
            if (slash != std::string::npos && port.find('$') == std::string::npos &&
                port.substr(slash) != oci::to_lower(port.substr(slash))) {
                add("ExposeProtoCasing", "the protocol of " + quote(port) + " is not in lower case", port);
            }
            const std::string_view host = std::string_view(port).substr(0, port.rfind(':'));
            // A colon inside ${...} is a modifier's.
            if (host.size() < port.size() && host.find('$') == std::string_view::npos) {
                add("ExposeInvalidFormat",
                    quote(port) + " has an address or a port of the host, which EXPOSE cannot set", port);
            }
        }
    }
    void operator()(const OnBuild&) {}
    void operator()(const StopSignal&) {}
    void operator()(const User&) {}
    void operator()(const Volume&) {}
    void operator()(const Workdir& workdir) {
        const bool first = !workdir_set_;
        workdir_set_ = true;
        // What a variable holds is not known here.
        if (!first || workdir.path.starts_with('/') || workdir.path.find('$') != std::string::npos) return;
        add("WorkdirRelativePath",
            quote(workdir.path) + " depends on the working directory that the base image happens to have",
            workdir.path);
    }

private:
    void add(std::string_view rule, std::string message, std::string_view word = {}) {
        findings_.add(rule, *line_, std::move(message), word);
    }
    void json_recommended(const Command& command) {
        if (!command.shell_form || shell_set_) return;
        add("JSONArgsRecommended",
            std::string(instruction_name(*line_)) +
                " in shell form: the shell, not the program, gets the signals; a JSON array "
                "starts the program itself");
    }
    void only_once() {
        const Instruction*& earlier = last_[std::string(instruction_name(*line_))];
        if (earlier != nullptr) {
            findings_.add("MultipleInstructionsDisallowed", *earlier,
                          "of several " + std::string(instruction_name(*line_)) +
                              " in one stage only the last one counts, which is in line " +
                              std::to_string(line_->lines.first));
        }
        earlier = line_;
    }
    void legacy(bool is_legacy) {
        if (!is_legacy) return;
        const std::string name(instruction_name(*line_));
        add("LegacyKeyValueFormat", "\"" + name + " NAME=VALUE\" replaces \"" + name + " NAME VALUE\"");
    }
    void secret(const std::string& name) {
        if (!names_a_secret(name)) return;
        add("SecretsUsedInArgOrEnv",
            std::string(instruction_name(*line_)) + " " + quote(name) +
                " stays readable in the image: RUN --mount=type=secret is the place for it",
            name);
    }

    Findings& findings_;
    bool shell_set_;
    bool workdir_set_ = false;
    const Instruction* line_ = nullptr;
    std::map<std::string, const Instruction*> last_;
};

std::string cleaned(std::string_view path) {
    std::string text;
    for (const std::string& part : oci::split(path, '/')) {
        if (part.empty() || part == "." || part == "..") continue;
        text += (text.empty() ? "" : "/") + part;
    }
    return text;
}

}  // namespace

void check_instructions(const Dockerfile& file, Findings& findings) {
    std::map<std::string, bool> shell_of_stage;
    for (const Stage& stage : file.stages) {
        // A stage that is built on another one has its SHELL.
        const auto base = shell_of_stage.find(oci::to_lower(stage.from.image));
        StageChecks checks(findings, base != shell_of_stage.end() && base->second);
        for (const Instruction& line : stage.instructions) checks.check(line);
        if (!stage.from.name.empty()) shell_of_stage[stage.from.name] = checks.shell_set();
    }
}

void check_ignored(const Instruction& copy, const IgnoreMatcher& ignore, Findings& findings) {
    const auto* as_copy = std::get_if<Copy>(&copy.body);
    const auto* as_add = std::get_if<Add>(&copy.body);
    if (as_copy != nullptr && !as_copy->from.empty()) return;
    // With exceptions in it, a directory that is left out may still hold what is wanted.
    if ((as_copy == nullptr && as_add == nullptr) || ignore.has_exceptions()) return;
    const Transfer& transfer = as_copy != nullptr ? as_copy->transfer : as_add->transfer;
    for (const std::string& source : transfer.sources) {
        if (as_add != nullptr) {
            const auto git = parse_git_reference(source);
            if (is_url(source) || !git || git->has_value()) continue;
        }
        if (const std::string path = cleaned(source); !path.empty() && ignore.is_ignored(path))
            findings.add("CopyIgnoredFile", copy,
                         quote(source) + " is left out of the context by its ignore file", source);
    }
}

}  // namespace ocimg::dockerfile
