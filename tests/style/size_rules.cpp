// No file over 400 lines, no function over 60: what does not fit in the head is divided.
// Usage: size_rules PROJECT_ROOT. A function's lines are those from its name to its closing brace.

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tests/style/source_files.hpp"

namespace {

constexpr std::size_t file_limit = 400;
constexpr std::size_t function_limit = 60;

enum class Block { scope, function, inner };  // scope: namespace, class, enum, initialiser

bool has_word(std::string_view text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
        if (style::is_word_at(text, at, word)) return true;
    return false;
}

/// What a brace opens, from the text between the last `;`, `{` or `}` and itself.
Block kind_of(std::string_view before) {
    const std::size_t parenthesis = before.find('(');
    if (parenthesis == std::string_view::npos) return Block::scope;
    const std::string_view head = before.substr(0, parenthesis);
    for (const std::string_view word : {"namespace", "class", "struct", "enum", "union"}) {
        // `enum class` and friends have no parenthesis before their brace; a function may return a struct.
        if (has_word(head, word) && !has_word(before, "return") && before.find(')') == std::string_view::npos)
            return Block::scope;
    }
    const std::size_t equals = head.find('=');
    if (equals != std::string_view::npos && head.find("operator") == std::string_view::npos)
        return Block::scope;
    return Block::function;
}

void check_functions(const style::SourceFile& file, style::Findings& findings) {
    const std::string text = style::without_comments(file.text, true);
    struct Open {
        Block block;
        std::size_t first_line;
    };
    std::vector<Open> stack;
    std::size_t start = 0;  // of the statement that a brace ends
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '{') {
            const bool inside = std::any_of(stack.begin(), stack.end(),
                                            [](const Open& open) { return open.block != Block::scope; });
            const std::size_t first = text.find_first_not_of(" \n\t", start);
            const Block block =
                inside ? Block::inner : kind_of(std::string_view(text).substr(start, at - start));
            stack.push_back({block, style::line_of(text, std::min(first, at))});
        } else if (c == '}' && !stack.empty()) {
            const Open open = stack.back();
            stack.pop_back();
            const std::size_t lines = style::line_of(text, at) - open.first_line + 1;
            if (open.block == Block::function && lines > function_limit)
                findings.add(file, open.first_line,
                             "a function of " + std::to_string(lines) + " lines, the limit is " +
                                 std::to_string(function_limit));
        }
        if (c == '{' || c == '}' || c == ';') start = at + 1;
    }
}

void check_size(const style::SourceFile& file, style::Findings& findings) {
    const auto lines = static_cast<std::size_t>(std::count(file.text.begin(), file.text.end(), '\n'));
    if (lines > file_limit)
        findings.add(
            file, lines,
            "a file of " + std::to_string(lines) + " lines, the limit is " + std::to_string(file_limit));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("usage: size_rules PROJECT_ROOT\n", stderr), 2;
    style::Findings findings;
    const auto sources = style::read_sources(argv[1], {"base", "spec", "runtime", "imagetool", "conformance"},
                                             {".cpp", ".hpp"});
    for (const style::SourceFile& file : sources) {
        check_size(file, findings);
        check_functions(file, findings);
    }
    const auto others = style::read_sources(argv[1],
                                            {"tests/unit", "tests/style", "tests/bench", "tests/support",
                                             "tests/integration", "tests/e2e", "scripts"},
                                            {".cpp", ".hpp", ".sh"});
    for (const style::SourceFile& file : others)
        if (!file.path.starts_with("tests/style/bad/")) check_size(file, findings);
    return findings.finish(sources.size() + others.size());
}
