#include "imagetool/dockerfile/file_mode.hpp"

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::failure;
using oci::quote;
using oci::Result;

namespace {

constexpr std::uint32_t user_bits = 04700;
constexpr std::uint32_t group_bits = 02070;
constexpr std::uint32_t other_bits = 01007;
constexpr std::uint32_t execute_bits = 0111;

/// rwx of one class as bits of all three.
std::uint32_t spread(std::uint32_t three_bits) {
    return three_bits | three_bits << 3 | three_bits << 6;
}

/// The bits that one letter means, before the "who" is applied.
std::uint32_t bits_of(char letter, std::uint32_t mode, bool is_directory) {
    switch (letter) {
        case 'r':
            return 0444;
        case 'w':
            return 0222;
        case 'x':
            return execute_bits;
        case 'X':
            return is_directory || (mode & execute_bits) != 0 ? execute_bits : 0;
        case 's':
            return 06000;
        case 't':
            return 01000;
        case 'u':
            return spread((mode >> 6) & 7U);
        case 'g':
            return spread((mode >> 3) & 7U);
        case 'o':
            return spread(mode & 7U);
        default:
            return 0;
    }
}

oci::Error no_mode(std::string_view text) {
    return failure(oci::ErrorCode::invalid,
                   quote(text) + " is no mode: an octal number up to 7777 is, or clauses as u=rwX,go=rX");
}

}  // namespace

Result<void> ModeChange::read_clause(std::string_view text, std::vector<Clause>& clauses) {
    std::size_t at = 0;
    std::uint32_t who = 0;
    for (; at < text.size() && std::string_view("ugoa").find(text[at]) != std::string_view::npos; ++at) {
        if (text[at] == 'u') who |= user_bits;
        if (text[at] == 'g') who |= group_bits;
        if (text[at] == 'o') who |= other_bits;
        if (text[at] == 'a') who |= 07777;
    }
    if (who == 0) who = 07777;
    if (at == text.size()) return no_mode(text);
    while (at < text.size()) {
        Clause clause{who, text[at], {}};
        if (clause.operation != '+' && clause.operation != '-' && clause.operation != '=')
            return no_mode(text);
        const std::size_t start = ++at;
        if (at < text.size() && std::string_view("ugo").find(text[at]) != std::string_view::npos) {
            ++at;
        } else {
            while (at < text.size() && std::string_view("rwxXst").find(text[at]) != std::string_view::npos)
                ++at;
        }
        clause.permissions = text.substr(start, at - start);
        clauses.push_back(std::move(clause));
    }
    return {};
}

Result<ModeChange> ModeChange::parse(std::string_view text) {
    ModeChange change;
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        const auto number = oci::parse_integer<std::uint32_t>(text, 8);
        if (!number || *number > 07777) return no_mode(text);
        change.is_absolute_ = true;
        change.absolute_ = *number;
        return change;
    }
    for (const std::string& clause : oci::split(text, ','))
        if (!read_clause(clause, change.clauses_)) return no_mode(text);
    return change;
}

std::uint32_t ModeChange::apply(std::uint32_t mode, bool is_directory) const {
    if (is_absolute_) return absolute_;
    for (const Clause& clause : clauses_) {
        std::uint32_t bits = 0;
        for (const char letter : clause.permissions) bits |= bits_of(letter, mode, is_directory);
        bits &= clause.who;
        if (clause.operation == '+') mode |= bits;
        if (clause.operation == '-') mode &= ~bits;
        if (clause.operation == '=') {
            // As GNU chmod: '=' leaves a directory's set-id bits alone unless they are named.
            const std::uint32_t kept = is_directory ? 06000U & ~bits : 0;
            mode = (mode & (~clause.who | kept)) | bits;
        }
    }
    return mode;
}

}  // namespace ocimg::dockerfile
