#include "imagetool/dockerfile/expand_word.hpp"

#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/shell_pattern.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// ${a:-${b:-...}} may be nested this deep.
constexpr int deepest_nesting = 100;

oci::Error invalid(std::string text) {
    return oci::failure(oci::ErrorCode::invalid, std::move(text));
}

bool is_letter(char c) {
    // Bytes of UTF-8 sequences count as letters, as they do in Go.
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (static_cast<unsigned char>(c) & 0x80U);
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// One word on its way; reads from left to right.
class WordReader {
public:
    WordReader(std::string_view word, const Lookup& lookup, const WordRules& rules, ExpansionBudget& budget)
        : word_(word), lookup_(lookup), rules_(rules), budget_(budget) {}

    Result<Expansion> read() {
        expansion_.text = TRY(read_until('\0', false, rules_.divide));
        end_word();
        return std::move(expansion_);
    }

private:
    [[nodiscard]] bool at_end() const { return at_ == word_.size(); }
    [[nodiscard]] char peek() const { return word_[at_]; }

    void end_word() {
        if (in_word_) expansion_.words.push_back(std::exchange(current_, {}));
        in_word_ = false;
    }
    void add_raw(std::string_view text) {
        current_ += text;
        in_word_ = true;
    }
    void add_divided(std::string_view text) {
        for (const char c : text) is_space(c) ? end_word() : add_raw(std::string_view(&c, 1));
    }

    Result<void> spend(std::size_t bytes) {
        if (bytes > budget_.bytes) return invalid("the expanded variables have more than the allowed 10 MiB");
        budget_.bytes -= bytes;
        return {};
    }

    /// Up to `stop` (which is taken), or to the end when `stop` is NUL. `raw_escapes` leaves escapes in the
    /// result, for a pattern that reads them itself. With `divide` the text is also divided into words.
    Result<std::string> read_until(char stop, bool raw_escapes, bool divide) {
        if (++depth_ > deepest_nesting) return invalid("variables are nested too deep");
        std::string result;
        while (!at_end()) {
            const char c = peek();
            if (stop != '\0' && c == stop) {
                ++at_;
                --depth_;
                return result;
            }
            if (c == '$') {
                const std::string value = TRY(read_dollar());
                TRY(spend(value.size()));
                if (divide) add_divided(value);
                result += value;
            } else if (!rules_.keep_quotes && (c == '\'' || c == '"')) {
                const std::string value = c == '"' ? TRY(read_double_quotes()) : TRY(read_single_quotes());
                if (divide) add_raw(value);
                result += value;
            } else {
                read_plain(result, raw_escapes, divide);
            }
        }
        --depth_;
        if (stop == '\0') return result;
        return invalid("the ${ has no " + std::string(1, stop));
    }

    void read_plain(std::string& result, bool raw_escapes, bool divide) {
        const char c = word_[at_++];
        if (c != rules_.escape) {
            if (divide) add_divided(std::string_view(&c, 1));
            result += c;
            return;
        }
        if (raw_escapes) result += c;
        if (at_end()) return;
        const char escaped = word_[at_++];
        if (divide) add_raw(std::string_view(&escaped, 1));
        result += escaped;
    }

    Result<std::string> read_single_quotes() {
        const std::size_t end = word_.find('\'', at_ + 1);
        if (end == std::string_view::npos) return invalid("a ' is not closed");
        std::string text(word_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return text;
    }

    Result<std::string> read_double_quotes() {
        std::string result;
        ++at_;
        while (!at_end()) {
            const char c = peek();
            if (c == '"') {
                ++at_;
                return result;
            }
            if (c == '$') {
                const std::string value = TRY(read_dollar());
                TRY(spend(value.size()));
                result += value;
                continue;
            }
            ++at_;
            if (c == rules_.escape) {
                if (at_end()) break;
                const char next = peek();
                if (next == '"' || next == '$' || next == rules_.escape) {
                    result += next;
                    ++at_;
                    continue;
                }
            }
            result += c;
        }
        return invalid("a \" is not closed");
    }

    /// A name; "" when none stands here. Numbers and the shell's special parameters are names too.
    std::string read_name() {
        const std::size_t start = at_;
        if (!at_end() && is_digit(peek())) {
            while (!at_end() && is_digit(peek())) ++at_;
        } else if (!at_end() && std::string_view("@*#?-$!").find(peek()) != std::string_view::npos) {
            ++at_;
        } else {
            while (!at_end() && (is_letter(peek()) || is_digit(peek()))) ++at_;
        }
        return std::string(word_.substr(start, at_ - start));
    }

    std::string plain_value(const std::string& name) {
        auto value = lookup_(name);
        (value ? expansion_.used : expansion_.unset).insert(name);
        return std::move(value).value_or("");
    }

    Result<std::string> read_dollar() {
        ++at_;
        if (at_end() || peek() != '{') {
            const std::string name = read_name();
            return name.empty() ? std::string("$") : plain_value(name);
        }
        ++at_;
        if (at_end()) return invalid("a ${ has no }");
        if (peek() == '{' || peek() == '}' || peek() == ':') return invalid("a ${ has no name");
        const std::string name = read_name();
        if (at_end()) return invalid("a ${ has no }");
        const char modifier = word_[at_++];
        if (modifier == '}') return plain_value(name);
        if (modifier == '/') return replace_in(name);
        if (modifier == '#' || modifier == '%') return trim_value(name, modifier);
        const bool with_colon = modifier == ':';
        if (with_colon && at_end()) return invalid("a ${ has no }");
        const char kind = with_colon ? word_[at_++] : modifier;
        if (kind != '-' && kind != '+' && kind != '?') {
            return invalid("${" + name + (with_colon ? ":" : "") + std::string(1, kind) +
                           " has no known modifier: :- - :+ + :? ? # ## % %% / and // are");
        }
        return choose(name, kind, with_colon);
    }

    /// - + and ?, with a colon or without.
    Result<std::string> choose(const std::string& name, char kind, bool with_colon) {
        const std::string word = TRY(read_until('}', false, false));
        auto value = lookup_(name);
        if (value) expansion_.used.insert(name);
        const bool present = value && (!with_colon || !value->empty());
        if (kind == '-') return present ? *value : word;
        if (kind == '+') return present ? word : std::string();
        if (present) return std::move(*value);
        if (!word.empty()) return invalid(name + ": " + word);
        return invalid(name +
                       (value ? " is empty, which ${...:?} forbids" : " is not set, which ${...?} forbids"));
    }

    /// # ## % and %%.
    Result<std::string> trim_value(const std::string& name, char kind) {
        std::string pattern = TRY(read_until('}', true, false));
        const bool longest = pattern.starts_with(kind);
        if (longest) pattern.erase(0, 1);
        std::string value = plain_value(name);
        const ShellPattern compiled = TRY(ShellPattern::parse(pattern));
        if (kind == '#') {
            const auto length = TRY(compiled.match_prefix(value, longest, budget_.pattern_steps));
            value.erase(0, length.value_or(0));
        } else {
            const auto length = TRY(compiled.match_suffix(value, longest, budget_.pattern_steps));
            value.resize(value.size() - length.value_or(0));
        }
        return value;
    }

    /// / and //.
    Result<std::string> replace_in(const std::string& name) {
        const bool all = !at_end() && peek() == '/';
        if (all) ++at_;
        const std::string pattern = TRY(read_until('/', true, false));
        const std::string replacement = TRY(read_until('}', true, false));
        const std::string value = plain_value(name);
        const ShellPattern compiled = TRY(ShellPattern::parse(pattern));
        // The most that can come of it: a replacement for every byte.
        if (!replacement.empty() && value.size() > budget_.bytes / replacement.size())
            return invalid("the expanded variables have more than the allowed 10 MiB");
        return compiled.replace(value, replacement, all, budget_.pattern_steps);
    }

    std::string_view word_;
    const Lookup& lookup_;
    const WordRules& rules_;
    ExpansionBudget& budget_;
    std::size_t at_ = 0;
    int depth_ = 0;
    Expansion expansion_;
    std::string current_;
    bool in_word_ = false;
};

}  // namespace

Result<Expansion> expand_word(std::string_view word, const Lookup& lookup, const WordRules& rules,
                              ExpansionBudget& budget) {
    // Most words hold nothing to expand.
    if (word.find_first_of("$'\" \t\v\f\r\n") == std::string_view::npos &&
        word.find(rules.escape) == std::string_view::npos) {
        Expansion expansion;
        expansion.text = word;
        if (rules.divide && !word.empty()) expansion.words.emplace_back(word);
        return expansion;
    }
    return WordReader(word, lookup, rules, budget).read();
}

}  // namespace ocimg::dockerfile
