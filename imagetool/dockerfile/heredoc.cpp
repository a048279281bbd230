#include "imagetool/dockerfile/heredoc.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/dockerfile/words.hpp"

namespace ocimg::dockerfile {

namespace {

/// A single word without its quotes and escapes; nothing when it is several words, or a quote is open.
std::optional<std::string> unquoted(std::string_view word) {
    const auto parts = shell_words(word);
    if (!parts || parts->size() != 1 || parts->front().size() != word.size()) return std::nullopt;
    std::string plain;
    char quote = '\0';
    for (std::size_t at = 0; at < word.size(); ++at) {
        const char c = word[at];
        if (c == '\\' && quote != '\'' && at + 1 < word.size()) {
            const char next = word[at + 1];
            if (quote == '"' && next != '"' && next != '\\' && next != '$') plain += c;
            plain += next;
            ++at;
        } else if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
        } else {
            plain += c;
        }
    }
    return plain;
}

auto count_quotes(std::string_view text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return c == '\'' || c == '"'; });
}

}  // namespace

std::optional<Heredoc> heredoc_of(std::string_view word) {
    std::size_t at = 0;
    while (at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
    const std::string_view digits = word.substr(0, at);
    if (!word.substr(at).starts_with("<<")) return std::nullopt;
    std::string_view name = word.substr(at + 2);
    Heredoc heredoc;
    if (name.starts_with('-')) {
        heredoc.chomp = true;
        name.remove_prefix(1);
    }
    if (name.empty() || name.find('<') != std::string_view::npos) return std::nullopt;
    const auto plain = unquoted(name);
    if (!plain) return std::nullopt;
    heredoc.name = *plain;
    heredoc.expand = count_quotes(*plain) == count_quotes(name);
    heredoc.file_descriptor = oci::parse_integer<std::uint32_t>(digits).value_or(0);
    return heredoc;
}

std::vector<Heredoc> heredocs_of(std::string_view line) {
    std::vector<Heredoc> found;
    if (line.find("<<") == std::string_view::npos) return found;
    for (const std::string& word : shell_words(line).value_or(std::vector<std::string>{}))
        if (auto heredoc = heredoc_of(word)) found.push_back(std::move(*heredoc));
    return found;
}

std::string without_leading_tabs(std::string_view content) {
    std::string text;
    text.reserve(content.size());
    bool at_start = true;
    for (const char c : content) {
        if (at_start && c == '\t') continue;
        text += c;
        at_start = c == '\n';
    }
    return text;
}

}  // namespace ocimg::dockerfile
