#include "imagetool/build/describe_step.hpp"

#include "base/text.hpp"
#include "imagetool/dockerfile/source_reference.hpp"

namespace ocimg::build {

namespace {

std::string list_of(const std::vector<std::string>& words) {
    std::vector<std::string> quoted;
    quoted.reserve(words.size());
    for (const std::string& word : words) quoted.push_back(oci::quote(word));
    return "[" + oci::join(quoted, " ") + "]";
}

std::string pairs_of(const std::vector<dockerfile::KeyValue>& pairs) {
    std::string text;
    for (const auto& [key, value] : pairs) text += " " + key + "=" + value;
    return text;
}

std::string transfer_of(const dockerfile::Transfer& transfer) {
    std::string text;
    if (!transfer.chown.empty()) text += " --chown=" + transfer.chown;
    if (!transfer.chmod.text.empty()) text += " --chmod=" + transfer.chmod.text;
    if (transfer.link) text += " --link";
    for (const std::string& exclude : transfer.excludes) text += " --exclude=" + exclude;
    // A token in a URL must not stay in the image for ever.
    for (const std::string& source : transfer.sources) text += " " + dockerfile::without_credentials(source);
    for (const auto& file : transfer.files) text += " <<" + file.name;
    return text + " " + transfer.destination;
}

struct Describe {
    const oci::spec::ExecutionConfig& config;

    std::string operator()(const dockerfile::Copy& copy) const {
        return (copy.from.empty() ? "" : " --from=" + copy.from) +
               std::string(copy.parents ? " --parents" : "") + transfer_of(copy.transfer);
    }
    std::string operator()(const dockerfile::Add& add) const {
        return (add.checksum.empty() ? "" : " --checksum=" + add.checksum) + transfer_of(add.transfer);
    }
    std::string operator()(const dockerfile::Arg& arg) const {
        std::string text;
        for (const auto& argument : arg.arguments)
            text += " " + argument.name + (argument.value.has_value() ? "=" + *argument.value : "");
        return text;
    }
    std::string operator()(const dockerfile::Env& env) const { return pairs_of(env.variables); }
    std::string operator()(const dockerfile::Label& label) const { return pairs_of(label.labels); }
    std::string operator()(const dockerfile::Cmd&) const {
        return " " + list_of(config.cmd.value_or(std::vector<std::string>{}));
    }
    std::string operator()(const dockerfile::Entrypoint&) const {
        return " " + list_of(config.entrypoint.value_or(std::vector<std::string>{}));
    }
    std::string operator()(const dockerfile::Expose& expose) const {
        return " " + oci::join(expose.ports, " ");
    }
    std::string operator()(const dockerfile::Healthcheck& check) const {
        return check.none ? " NONE" : " " + list_of(config.healthcheck->test);
    }
    std::string operator()(const dockerfile::OnBuild& onbuild) const { return " " + onbuild.text; }
    std::string operator()(const dockerfile::Shell& shell) const { return " " + list_of(shell.words); }
    std::string operator()(const dockerfile::StopSignal& stop) const { return " " + stop.signal; }
    std::string operator()(const dockerfile::User& user) const { return " " + user.user; }
    std::string operator()(const dockerfile::Volume& volume) const {
        return " [" + oci::join(volume.paths, " ") + "]";
    }
    std::string operator()(const dockerfile::Workdir&) const { return " " + config.working_dir; }
    std::string operator()(const dockerfile::Maintainer& maintainer) const { return " " + maintainer.name; }
    std::string operator()(const dockerfile::From& from) const { return " " + from.image; }
    std::string operator()(const dockerfile::Run&) const { return {}; }
};

}  // namespace

std::string describe_run(const RunStep& step, const std::vector<std::string>& args) {
    std::string text = "RUN ";
    if (!args.empty()) text += "|" + std::to_string(args.size()) + " " + oci::join(args, " ") + " ";
    return text + oci::join(step.argv, " ");
}

std::string without_url_credentials(const std::string& text) {
    std::string shown = text;
    for (std::size_t at = shown.find("://"); at != std::string::npos; at = shown.find("://", at + 3)) {
        const std::size_t end = shown.find_first_of("/?# \t\"'", at + 3);
        const std::size_t user_end = shown.rfind('@', end);
        if (user_end != std::string::npos && user_end > at) shown.erase(at + 3, user_end - at - 2);
    }
    return shown;
}

std::string describe_instruction(const dockerfile::Instruction& instruction,
                                 const oci::spec::ExecutionConfig& config) {
    return std::string(instruction_name(instruction)) + std::visit(Describe{config}, instruction.body);
}

}  // namespace ocimg::build
