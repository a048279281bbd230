#pragma once
// The command line as a table: one Command per verb, from which parsing, help, the man page and
// shell completion are made. Parsing follows runc's conventions: `--flag v`, `--flag=v`, `-flag`,
// flags after positional arguments unless the command stops at the first one.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oci::cli {

/// Whether an option is a switch, takes one value (the last one counts), or may be repeated.
enum class OptionKind { boolean, value, list };

/// What completion offers for a value.
enum class Completes { nothing, files, directories, words };

struct Option {
    std::string name;        // long name without dashes: "pid-file"
    std::string short_name;  // one letter without dash, or empty
    OptionKind kind = OptionKind::boolean;
    std::string value_name;     // shown in help: "FILE"
    std::string help;           // one sentence, lower case, no full stop
    std::string default_value;  // shown in help and returned when the option is absent
    Completes completes = Completes::nothing;
    std::vector<std::string> words;  // for Completes::words
    bool hidden = false;             // accepted, but not shown
};

/// Whether options may follow positional arguments, or the first positional ends the options
/// (exec, kill, ps: what follows belongs to the container's command).
enum class Ordering { free, stop_at_first_argument };

struct Command {
    std::string name;
    std::string summary;      // one line for the list of commands
    std::string arguments;    // "CONTAINER-ID [SIGNAL]"
    std::string description;  // paragraphs for help and the man page
    std::vector<Option> options;
    std::size_t least_arguments = 0;
    std::size_t most_arguments = 0;  // many_arguments: no upper bound
    Ordering ordering = Ordering::free;
    bool hidden = false;
    std::vector<std::string> examples;  // whole command lines, for help and the man page
    std::vector<std::string> aliases;   // other names of the same command
};

/// Whether the command is called `name`, or has it as an alias.
bool is_named(const Command& command, std::string_view name);

inline constexpr std::size_t many_arguments = static_cast<std::size_t>(-1);

/// A program: its own (global) options, then one command.
struct Program {
    std::string name;
    std::string summary;
    std::string description;
    std::vector<Option> options;
    std::vector<Command> commands;
    std::string manual_section = "8";
};

/// The options and arguments that were given. Lookups of names that the table does not list are a
/// programming error and answer as if absent.
class Values {
public:
    void set(const Option& option, std::string value);
    void add_argument(std::string argument) { arguments_.push_back(std::move(argument)); }

    /// Whether the option was given (for a boolean: given and not "=false").
    [[nodiscard]] bool has(std::string_view name) const;
    /// The value that counts: the last one given, else the default.
    [[nodiscard]] std::string get(std::string_view name) const;
    /// Every value of a list option, in order.
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
    [[nodiscard]] const std::vector<std::string>& arguments() const { return arguments_; }

    void set_defaults(const std::vector<Option>& options);

private:
    struct Given {
        std::string name;
        std::string value;
    };
    std::vector<Given> given_;
    std::vector<Given> defaults_;
    std::vector<std::string> arguments_;
};

/// What the user asked for.
struct Invocation {
    Values global;
    const Command* command = nullptr;  // null: help or version was asked for, or nothing at all
    Values values;
    bool help = false;     // --help of the program or of `command`
    bool version = false;  // --version of the program
};

/// Parses argv[1..]. Errors carry runc's words: "flag provided but not defined: -x",
/// "flag needs an argument: --x", `"ocirun create" requires exactly 1 argument(s)`.
Result<Invocation> parse_command_line(const Program& program, const std::vector<std::string>& words);

/// The text of --help for the program, or for one of its commands.
std::string program_help(const Program& program);
std::string command_help(const Program& program, const Command& command);

/// The man page in roff: NAME(8) of the whole program, or NAME-COMMAND(8).
std::string program_man_page(const Program& program, std::string_view version);
std::string command_man_page(const Program& program, const Command& command, std::string_view version);

/// Completion scripts.
std::string bash_completion(const Program& program);
std::string zsh_completion(const Program& program);
std::string fish_completion(const Program& program);

}  // namespace oci::cli
