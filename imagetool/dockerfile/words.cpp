#include "imagetool/dockerfile/words.hpp"

#include <utility>

namespace ocimg::dockerfile {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

std::vector<Word> blank_separated(std::string_view text, std::size_t offset) {
    std::vector<Word> found;
    std::size_t at = 0;
    while (at < text.size()) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        const std::size_t start = at;
        while (at < text.size() && !is_blank(text[at])) ++at;
        found.push_back({std::string(text.substr(start, at - start)), offset + start});
    }
    return found;
}

std::vector<Word> quoted_words(std::string_view text, std::size_t offset, char escape) {
    std::vector<Word> found;
    std::size_t at = 0;
    while (at < text.size()) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        Word word{{}, offset + at};
        char quote = '\0';
        for (; at < text.size() && (quote != '\0' || !is_blank(text[at])); ++at) {
            const char c = text[at];
            if (c == escape && quote != '\'') {
                if (at + 1 == text.size()) continue;  // an escape at the very end is dropped
                word.text += c;
                word.text += text[++at];
                continue;
            }
            if (quote == '\0' && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == quote) {
                quote = '\0';
            }
            word.text += c;
        }
        if (!word.text.empty()) found.push_back(std::move(word));
    }
    return found;
}

std::optional<std::vector<std::string>> shell_words(std::string_view text) {
    std::vector<std::string> found;
    std::size_t at = 0;
    while (at < text.size()) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        std::string word;
        char quote = '\0';
        for (; at < text.size() && (quote != '\0' || !is_blank(text[at])); ++at) {
            const char c = text[at];
            word += c;
            if (c == '\\' && quote != '\'' && at + 1 < text.size()) {
                word += text[++at];
            } else if (quote == '\0' && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == quote) {
                quote = '\0';
            }
        }
        if (quote != '\0') return std::nullopt;
        found.push_back(std::move(word));
    }
    return found;
}

std::vector<Word> take_flags(std::string_view& rest, std::size_t offset) {
    std::vector<Word> flags;
    std::size_t at = 0;
    const auto skip_blanks = [&] {
        while (at < rest.size() && is_blank(rest[at])) ++at;
    };
    skip_blanks();
    while (rest.substr(at).starts_with("--")) {
        Word flag{{}, offset + at};
        char quote = '\0';
        for (; at < rest.size() && (quote != '\0' || !is_blank(rest[at])); ++at) {
            const char c = rest[at];
            if (c == quote) {
                quote = '\0';
            } else if (quote == '\0' && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == '\\' && at + 1 < rest.size()) {
                flag.text += rest[++at];
            } else {
                flag.text += c;
            }
        }
        skip_blanks();
        if (flag.text == "--") break;
        flags.push_back(std::move(flag));
    }
    rest.remove_prefix(at);
    return flags;
}

}  // namespace ocimg::dockerfile
