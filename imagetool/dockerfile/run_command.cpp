#include "imagetool/dockerfile/run_command.hpp"

#include "base/text.hpp"
#include "imagetool/dockerfile/heredoc.hpp"

namespace ocimg::dockerfile {

namespace {

std::vector<std::string> behind(const std::vector<std::string>& shell, std::string text) {
    std::vector<std::string> argv = shell;
    argv.push_back(std::move(text));
    return argv;
}

std::string body_of(const Heredoc& heredoc) {
    return heredoc.chomp ? without_leading_tabs(heredoc.content) : heredoc.content;
}

}  // namespace

RunArguments run_arguments(const Command& command, const std::vector<std::string>& shell) {
    if (command.heredocs.empty()) return {config_arguments(command, shell), std::nullopt};
    const std::string text = oci::join(command.words, " ");
    const Heredoc& first = command.heredocs.front();
    if (!heredoc_of(text)) {
        std::string whole = text;
        for (const Heredoc& heredoc : command.heredocs) whole += "\n" + heredoc.content + heredoc.name;
        return {behind(shell, std::move(whole)), std::nullopt};
    }
    if (!first.content.starts_with("#!")) return {behind(shell, body_of(first)), std::nullopt};
    const std::string path = "/dev/pipes/" + first.name;
    return {{path}, ScriptFile{path, body_of(first)}};
}

std::vector<std::string> config_arguments(const Command& command, const std::vector<std::string>& shell) {
    if (!command.shell_form) return command.words;
    return behind(shell, oci::join(command.words, " "));
}

}  // namespace ocimg::dockerfile
