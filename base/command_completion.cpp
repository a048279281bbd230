#include "base/command_line.hpp"
#include "base/text.hpp"

// Completion scripts for bash, zsh and fish, from the same tables as the parser.

namespace oci::cli {

namespace {

std::string flag_words(const std::vector<Option>& options) {
    std::vector<std::string> flags;
    for (const Option& option : options) {
        if (option.hidden) continue;
        flags.push_back("--" + option.name);
        if (!option.short_name.empty()) flags.push_back("-" + option.short_name);
    }
    flags.emplace_back("--help");
    return join(flags, " ");
}

std::vector<std::string> names_of(const Command& command) {
    std::vector<std::string> names{command.name};
    for (const std::string& alias : command.aliases) names.push_back(alias);
    return names;
}

std::string command_words(const Program& program) {
    std::vector<std::string> names;
    for (const Command& command : program.commands) {
        if (command.hidden) continue;
        for (std::string& name : names_of(command)) names.push_back(std::move(name));
    }
    return join(names, " ");
}

/// "list|ls": the pattern of a case branch for a command.
std::string case_pattern(const Command& command) {
    return join(names_of(command), "|");
}

/// The bash case branch that completes the value of an option, or nothing when there is none.
std::string bash_value_branch(const Option& option) {
    if (option.kind == OptionKind::boolean) return {};
    std::string pattern = "--" + option.name;
    if (!option.short_name.empty()) pattern += "|-" + option.short_name;
    std::string action;
    switch (option.completes) {
        case Completes::files:
            action = "COMPREPLY=($(compgen -f -- \"$cur\"))";
            break;
        case Completes::directories:
            action = "COMPREPLY=($(compgen -d -- \"$cur\"))";
            break;
        case Completes::words:
            action = "COMPREPLY=($(compgen -W '" + join(option.words, " ") + "' -- \"$cur\"))";
            break;
        case Completes::nothing:
            action = "COMPREPLY=()";
            break;
    }
    return "        " + pattern + ") " + action + "; return ;;\n";
}

std::string single_quoted(std::string_view text) {
    std::string quoted;
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return "'" + quoted + "'";
}

std::string zsh_option(const Option& option) {
    std::string help;
    for (const char c : option.help) {
        if (c == '[' || c == ']' || c == ':') help += '\\';
        help += c;
    }
    std::string entry = "--" + option.name + "[" + help + "]";
    if (option.kind == OptionKind::boolean) return single_quoted(entry);
    std::string action = " ";
    if (option.completes == Completes::files) action = "_files";
    if (option.completes == Completes::directories) action = "_files -/";
    if (option.completes == Completes::words) action = "(" + join(option.words, " ") + ")";
    return single_quoted(entry + ":" + to_lower(option.value_name.empty() ? "value" : option.value_name) +
                         ":" + action);
}

std::string fish_option(const Program& program, const std::string& condition, const Option& option) {
    std::string line =
        "complete -c " + program.name + " -n " + single_quoted(condition) + " -l " + option.name;
    if (!option.short_name.empty()) line += " -s " + option.short_name;
    if (option.kind != OptionKind::boolean) line += option.completes == Completes::files ? " -r -F" : " -x";
    if (option.completes == Completes::words) line += " -a " + single_quoted(join(option.words, " "));
    if (option.completes == Completes::directories) line += " -a '(__fish_complete_directories)'";
    return line + " -d " + single_quoted(option.help) + "\n";
}

}  // namespace

std::string bash_completion(const Program& program) {
    std::string text =
        "# bash completion for " + program.name + "\n_" + program.name + "() {\n" +
        "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\" command=\"\" "
        "word\n" +
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n        case \" " + command_words(program) +
        " \" in *\" $word \"*) command=\"$word\"; break ;; esac\n    done\n    case \"$prev\" in\n";
    for (const Option& option : program.options) text += bash_value_branch(option);
    text += "    esac\n    case \"$command\" in\n";
    for (const Command& command : program.commands) {
        if (command.hidden) continue;
        text += "    " + case_pattern(command) + ")\n        case \"$prev\" in\n";
        for (const Option& option : command.options) text += bash_value_branch(option);
        text += "        esac\n        COMPREPLY=($(compgen -W '" + flag_words(command.options) +
                "' -- \"$cur\"))\n        ;;\n";
    }
    text += "    *) COMPREPLY=($(compgen -W '" + flag_words(program.options) + " " + command_words(program) +
            "' -- \"$cur\")) ;;\n    esac\n}\ncomplete -o default -F _" + program.name + " " + program.name +
            "\n";
    return text;
}

std::string zsh_completion(const Program& program) {
    std::string text =
        "#compdef " + program.name + "\n_" + program.name + "() {\n    local -a commands\n    commands=(\n";
    for (const Command& command : program.commands) {
        if (command.hidden) continue;
        for (const std::string& name : names_of(command)) {
            text += "        " + single_quoted(name + ":" + command.summary) + "\n";
        }
    }
    text += "    )\n    local state\n    _arguments -C";
    for (const Option& option : program.options) {
        if (!option.hidden) text += " \\\n        " + zsh_option(option);
    }
    text +=
        " \\\n        '1: :->command' '*:: :->rest'\n    case $state in\n    command) _describe command "
        "commands ;;\n" +
        std::string("    rest)\n        case $words[1] in\n");
    for (const Command& command : program.commands) {
        if (command.hidden) continue;
        text += "        " + case_pattern(command) + ") _arguments";
        for (const Option& option : command.options) {
            if (!option.hidden) text += " \\\n            " + zsh_option(option);
        }
        text += " \\\n            '*:argument:_files' ;;\n";
    }
    return text + "        esac ;;\n    esac\n}\n_" + program.name + " \"$@\"\n";
}

std::string fish_completion(const Program& program) {
    std::string text = "# fish completion for " + program.name + "\n";
    for (const Option& option : program.options) {
        if (!option.hidden) text += fish_option(program, "__fish_use_subcommand", option);
    }
    for (const Command& command : program.commands) {
        if (command.hidden) continue;
        for (const std::string& name : names_of(command)) {
            text += "complete -c " + program.name + " -n '__fish_use_subcommand' -a " + name + " -d " +
                    single_quoted(command.summary) + "\n";
        }
        const std::string seen = "__fish_seen_subcommand_from " + join(names_of(command), " ");
        for (const Option& option : command.options) {
            if (!option.hidden) text += fish_option(program, seen, option);
        }
    }
    return text;
}

}  // namespace oci::cli
