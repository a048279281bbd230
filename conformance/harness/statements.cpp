// Finding the demands in a specification's text.

#include <cstdint>
#include <cstdio>

#include "base/text.hpp"
#include "conformance/harness/requirements.hpp"

namespace conformance {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool has_word(std::string_view line, std::string_view word) {
    for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
        const bool begins = at == 0 || !is_letter(line[at - 1]);
        const std::size_t end = at + word.size();
        if (begins && (end == line.size() || !is_letter(line[end]))) return true;
    }
    return false;
}

std::string heading_of(std::string_view line) {
    std::size_t begin = line.find_first_not_of('#');
    const std::size_t anchor_end = line.find("/>");
    if (line.find("<a name=") != std::string_view::npos && anchor_end != std::string_view::npos)
        begin = anchor_end + 2;
    return std::string(oci::trim(line.substr(begin == std::string_view::npos ? line.size() : begin)));
}

}  // namespace

std::string anchor_of(std::string_view sentence) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto add = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3; };
    for (const std::string& word : oci::words(sentence)) {
        for (const char c : word) add(c);
        add(' ');
    }
    char text[20];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

std::vector<Statement> find_statements(const std::string& spec, const std::string& file,
                                       std::string_view text) {
    std::vector<Statement> statements;
    std::string heading;
    bool in_example = false;
    std::size_t number = 0;
    for (const std::string& line : oci::split(text, '\n')) {
        ++number;
        const std::string_view content = oci::trim(line);
        if (content.starts_with("```")) in_example = !in_example;
        if (in_example) continue;
        if (line.starts_with('#')) heading = heading_of(line);
        bool demands = false;
        for (const char* word : {"MUST", "REQUIRED", "SHOULD", "SHALL"})
            demands = demands || has_word(content, word);
        if (demands)
            statements.push_back({spec, file, number, heading, std::string(content), anchor_of(content)});
    }
    return statements;
}

}  // namespace conformance
