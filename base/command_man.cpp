#include "base/command_line.hpp"
#include "base/text.hpp"

// Man pages in roff, from the same tables as the parser.

namespace oci::cli {

namespace {

/// Text as roff takes it: backslashes and hyphens escaped, no line that starts with a request.
std::string roff(std::string_view text) {
    std::string escaped;
    bool line_start = true;
    for (const char c : text) {
        if (line_start && (c == '.' || c == '\'')) escaped += "\\&";
        line_start = c == '\n';
        if (c == '\\') {
            escaped += "\\e";
        } else if (c == '-') {
            escaped += "\\-";
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string header(const std::string& title, const Program& program, std::string_view version) {
    return ".TH " + to_upper(title) + " " + program.manual_section + " \"\" \"" + program.name + " " +
           std::string(version) + "\" \"" + program.name + "\"\n";
}

std::string option_entries(const std::vector<Option>& options) {
    std::string text;
    for (const Option& option : options) {
        if (option.hidden) continue;
        text += ".TP\n";
        if (!option.short_name.empty()) text += "\\fB\\-" + option.short_name + "\\fR, ";
        text += "\\fB\\-\\-" + roff(option.name) + "\\fR";
        if (option.kind != OptionKind::boolean) {
            text += " \\fI" + roff(option.value_name.empty() ? "VALUE" : option.value_name) + "\\fR";
        }
        text += "\n" + roff(option.help);
        if (option.kind == OptionKind::list) text += " (may be repeated)";
        if (!option.default_value.empty()) text += " (default: " + roff(option.default_value) + ")";
        text += ".\n";
    }
    return text;
}

}  // namespace

std::string program_man_page(const Program& program, std::string_view version) {
    std::string text = header(program.name, program, version);
    text += ".SH NAME\n" + roff(program.name) + " \\- " + roff(program.summary) + "\n";
    text += ".SH SYNOPSIS\n\\fB" + roff(program.name) +
            "\\fR [\\fIglobal options\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n";
    if (!program.description.empty()) text += ".SH DESCRIPTION\n" + roff(program.description) + "\n";
    text += ".SH COMMANDS\n";
    for (const Command& command : program.commands) {
        if (command.hidden) continue;
        text += ".TP\n\\fB" + roff(command.name) + "\\fR";
        for (const std::string& alias : command.aliases) text += ", \\fB" + roff(alias) + "\\fR";
        text += "\n" + roff(command.summary) + ". See \\fB" + roff(program.name + "-" + command.name) +
                "\\fR(" + program.manual_section + ").\n";
    }
    return text + ".SH GLOBAL OPTIONS\n" + option_entries(program.options);
}

std::string command_man_page(const Program& program, const Command& command, std::string_view version) {
    const std::string name = program.name + "-" + command.name;
    std::string text = header(name, program, version);
    text += ".SH NAME\n" + roff(name) + " \\- " + roff(command.summary) + "\n";
    text += ".SH SYNOPSIS\n\\fB" + roff(program.name + " " + command.name) + "\\fR [\\fIoptions\\fR]" +
            (command.arguments.empty() ? "" : " " + roff(command.arguments)) + "\n";
    if (!command.description.empty()) text += ".SH DESCRIPTION\n" + roff(command.description) + "\n";
    if (!command.aliases.empty()) text += ".SH ALIASES\n" + roff(join(command.aliases, ", ")) + "\n";
    if (!command.options.empty()) text += ".SH OPTIONS\n" + option_entries(command.options);
    if (!command.examples.empty()) {
        text += ".SH EXAMPLES\n";
        for (const std::string& example : command.examples) text += ".nf\n" + roff(example) + "\n.fi\n";
    }
    return text + ".SH SEE ALSO\n\\fB" + roff(program.name) + "\\fR(" + program.manual_section + ")\n";
}

}  // namespace oci::cli
