#include <algorithm>

#include "base/command_line.hpp"
#include "base/text.hpp"

// --help texts, from the same tables as the parser.

namespace oci::cli {

namespace {

std::string spelled(const Option& option) {
    std::string text = option.short_name.empty() ? "    " : "-" + option.short_name + ", ";
    text += "--" + option.name;
    if (option.kind != OptionKind::boolean)
        text += " " + (option.value_name.empty() ? "VALUE" : option.value_name);
    return text;
}

/// "list, ls": every name of a command.
std::string names_of(const Command& command) {
    std::string names = command.name;
    for (const std::string& alias : command.aliases) names += ", " + alias;
    return names;
}

/// Two columns, the first as wide as its widest entry.
std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows) {
    std::size_t width = 0;
    for (const auto& [left, right] : rows) width = std::max(width, left.size());
    std::string text;
    for (const auto& [left, right] : rows) {
        text += "   ";
        text += left;
        text.append(width - left.size() + 3, ' ');
        text += right;
        text += '\n';
    }
    return text;
}

std::string option_rows(const std::vector<Option>& options, bool with_version) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Option& option : options) {
        if (option.hidden) continue;
        std::string help = option.help;
        if (option.kind == OptionKind::list) help += " (may be repeated)";
        if (!option.default_value.empty()) help += " (default: " + quote(option.default_value) + ")";
        rows.emplace_back(spelled(option), help);
    }
    rows.emplace_back("-h, --help", "show this help");
    if (with_version) rows.emplace_back("-v, --version", "print the version");
    return two_columns(rows);
}

}  // namespace

std::string program_help(const Program& program) {
    std::string text = "NAME:\n   " + program.name + " - " + program.summary + "\n\nUSAGE:\n   " +
                       program.name + " [global options] command [command options] [arguments...]\n\n";
    if (!program.description.empty()) text += "DESCRIPTION:\n   " + program.description + "\n\n";
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command& command : program.commands) {
        if (!command.hidden) rows.emplace_back(names_of(command), command.summary);
    }
    return text + "COMMANDS:\n" + two_columns(rows) + "\nGLOBAL OPTIONS:\n" +
           option_rows(program.options, true);
}

std::string command_help(const Program& program, const Command& command) {
    std::string text = "NAME:\n   " + program.name + " " + command.name + " - " + command.summary +
                       "\n\nUSAGE:\n   " + program.name + " " + command.name + " [command options]" +
                       (command.arguments.empty() ? "" : " " + command.arguments) + "\n\n";
    if (!command.aliases.empty()) text += "ALIASES:\n   " + join(command.aliases, ", ") + "\n\n";
    if (!command.description.empty()) text += "DESCRIPTION:\n   " + command.description + "\n\n";
    if (!command.examples.empty()) {
        text += "EXAMPLES:\n";
        for (const std::string& example : command.examples) text += "   " + example + "\n";
        text += "\n";
    }
    return text + "OPTIONS:\n" + option_rows(command.options, false);
}

}  // namespace oci::cli
