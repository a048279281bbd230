#include "base/command_line.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace oci::cli {

void Values::set(const Option& option, std::string value) {
    given_.push_back({option.name, std::move(value)});
}

void Values::set_defaults(const std::vector<Option>& options) {
    for (const Option& option : options) {
        if (!option.default_value.empty()) defaults_.push_back({option.name, option.default_value});
    }
}

bool Values::has(std::string_view name) const {
    for (auto given = given_.rbegin(); given != given_.rend(); ++given) {
        if (given->name == name) return given->value != "false";
    }
    return false;
}

std::string Values::get(std::string_view name) const {
    for (auto given = given_.rbegin(); given != given_.rend(); ++given) {
        if (given->name == name) return given->value;
    }
    for (const Given& fallback : defaults_) {
        if (fallback.name == name) return fallback.value;
    }
    return {};
}

std::vector<std::string> Values::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const Given& given : given_) {
        if (given.name == name) values.push_back(given.value);
    }
    return values;
}

bool is_named(const Command& command, std::string_view name) {
    return command.name == name ||
           std::find(command.aliases.begin(), command.aliases.end(), name) != command.aliases.end();
}

namespace {

const Option* find_option(const std::vector<Option>& options, std::string_view name) {
    const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
        return option.name == name || (!option.short_name.empty() && option.short_name == name);
    });
    return found == options.end() ? nullptr : &*found;
}

bool is_boolean_word(std::string_view word) {
    return word == "true" || word == "false" || word == "1" || word == "0" || word == "t" || word == "f";
}

/// One pass over the words for one table of options.
class Parser {
public:
    Parser(const std::vector<std::string>& words, std::size_t begin) : words_(words), next_(begin) {}

    [[nodiscard]] std::size_t position() const { return next_; }
    [[nodiscard]] bool done() const { return next_ >= words_.size(); }
    [[nodiscard]] const std::string& peek() const { return words_[next_]; }
    const std::string& take() { return words_[next_++]; }

    /// Reads one option word (it starts with '-').
    Result<void> take_option(const std::vector<Option>& options, Values& values, bool& help, bool* version) {
        const std::string word = take();
        std::string_view name = word;
        name.remove_prefix(name.starts_with("--") ? 2 : 1);
        std::string_view attached;
        const std::size_t equals = name.find('=');
        const bool has_attached = equals != std::string_view::npos;
        if (has_attached) {
            attached = name.substr(equals + 1);
            name = name.substr(0, equals);
        }
        const Option* option = find_option(options, name);
        if (option == nullptr) {
            if (name == "help" || name == "h") {
                help = true;
                return {};
            }
            if (version != nullptr && (name == "version" || name == "v")) {
                *version = true;
                return {};
            }
            if (!has_attached && take_combined(options, word, values)) return {};
            return failure(ErrorCode::invalid, "flag provided but not defined: -" + std::string(name));
        }
        if (option->kind == OptionKind::boolean) return set_boolean(*option, has_attached, attached, values);
        if (!has_attached && done()) {
            return failure(ErrorCode::invalid, "flag needs an argument: " + word);
        }
        values.set(*option, has_attached ? std::string(attached) : take());
        return {};
    }

private:
    /// "-td" for "-t -d", as crun takes it: one dash, and nothing but the short names of booleans.
    static bool take_combined(const std::vector<Option>& options, std::string_view word, Values& values) {
        if (word.size() < 3 || word[0] != '-' || word[1] == '-') return false;
        std::vector<const Option*> found;
        for (const char letter : word.substr(1)) {
            const Option* option = find_option(options, std::string_view(&letter, 1));
            if (option == nullptr || option->kind != OptionKind::boolean) return false;
            found.push_back(option);
        }
        for (const Option* option : found) values.set(*option, "true");
        return true;
    }

    static Result<void> set_boolean(const Option& option, bool has_value, std::string_view value,
                                    Values& values) {
        if (!has_value) {
            values.set(option, "true");
            return {};
        }
        const std::string lower = to_lower(value);
        if (!is_boolean_word(lower)) {
            return failure(ErrorCode::invalid, "invalid boolean value " + quote(value) + " for -" +
                                                   option.name + ": allowed are true and false");
        }
        values.set(option, lower[0] == 't' || lower[0] == '1' ? "true" : "false");
        return {};
    }

    const std::vector<std::string>& words_;
    std::size_t next_;
};

bool looks_like_option(const std::string& word) {
    return word.size() > 1 && word[0] == '-';
}

Result<void> parse_command_words(Parser& parser, const Command& command, Invocation& invocation) {
    bool only_arguments = false;
    while (!parser.done()) {
        const std::string& word = parser.peek();
        if (!only_arguments && word == "--") {
            parser.take();
            only_arguments = true;
        } else if (!only_arguments && looks_like_option(word)) {
            TRY(parser.take_option(command.options, invocation.values, invocation.help, nullptr));
        } else {
            invocation.values.add_argument(parser.take());
            if (command.ordering == Ordering::stop_at_first_argument) only_arguments = true;
        }
        if (invocation.help) return {};
    }
    return {};
}

Result<void> check_argument_count(const Program& program, const Command& command, std::size_t given) {
    if (given >= command.least_arguments && given <= command.most_arguments) return {};
    const std::string name = "\"" + program.name + " " + command.name + "\"";
    if (command.least_arguments == command.most_arguments) {
        return failure(ErrorCode::invalid, name + " requires exactly " +
                                               std::to_string(command.least_arguments) + " argument(s)");
    }
    if (given < command.least_arguments) {
        return failure(ErrorCode::invalid, name + " requires a minimum of " +
                                               std::to_string(command.least_arguments) + " argument(s)");
    }
    return failure(ErrorCode::invalid, name + " requires a maximum of " +
                                           std::to_string(command.most_arguments) + " argument(s)");
}

}  // namespace

Result<Invocation> parse_command_line(const Program& program, const std::vector<std::string>& words) {
    Invocation invocation;
    invocation.global.set_defaults(program.options);
    Parser parser(words, 0);
    while (!parser.done() && looks_like_option(parser.peek()) && parser.peek() != "--") {
        TRY(parser.take_option(program.options, invocation.global, invocation.help, &invocation.version));
        if (invocation.help || invocation.version) return invocation;
    }
    if (parser.done()) {
        invocation.help = true;
        return invocation;
    }
    const std::string name = parser.take();
    if (name == "help" || name == "h") {
        invocation.help = true;
        if (parser.done()) return invocation;
    }
    const std::string& wanted = invocation.help ? parser.peek() : name;
    for (const Command& command : program.commands) {
        if (is_named(command, wanted)) invocation.command = &command;
    }
    if (invocation.command == nullptr) {
        return failure(ErrorCode::invalid, "No help topic for '" + wanted + "': see " + program.name +
                                               " --help for the commands");
    }
    if (invocation.help) return invocation;
    invocation.values.set_defaults(invocation.command->options);
    TRY(parse_command_words(parser, *invocation.command, invocation));
    if (!invocation.help) {
        TRY(check_argument_count(program, *invocation.command, invocation.values.arguments().size()));
    }
    return invocation;
}

}  // namespace oci::cli
