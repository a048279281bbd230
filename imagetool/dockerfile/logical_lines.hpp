#pragma once
// The physical lines of a Dockerfile joined to logical ones: directives, comments, continuations, heredoc
// bodies. Pure.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/dockerfile/finding.hpp"
#include "imagetool/dockerfile/parse_dockerfile.hpp"

namespace ocimg::dockerfile {

/// An instruction's line with its continuations, without comments.
struct LogicalLine {
    std::string text;
    std::uint32_t first_line = 0;
    std::uint32_t last_line = 0;
    std::vector<std::string> comments;  // of the lines directly above, without '#', trimmed
    std::uint32_t empty_line = 0;       // the first empty line inside a continuation; 0: none

    /// Where the byte `offset` of the text stands in the file.
    [[nodiscard]] Place place_of(std::size_t offset) const;

    struct Segment {
        std::size_t offset = 0;  // in the text
        Place place;
    };
    std::vector<Segment> segments;
};

/// Reads a text line by line. The text must outlive it.
class LineReader {
public:
    LineReader(std::string_view text, std::string file, const ParseLimits& limits);

    /// The next logical line; nothing at the end.
    oci::Result<std::optional<LogicalLine>> next();
    /// The lines up to the one that is `name` (with leading tabs when `chomp`), as they stand. `line`
    /// announced them.
    oci::Result<std::string> read_body(const std::string& name, bool chomp, LogicalLine& line);
    /// Complete once the first logical line was read.
    [[nodiscard]] const Directives& directives() const { return directives_; }

    /// An error at a place of this text.
    [[nodiscard]] oci::Error error_at(const Place& place, std::string_view message) const;

private:
    oci::Result<std::optional<std::string_view>> next_physical();
    oci::Result<bool> take_directive(std::string_view line);
    oci::Result<bool> take_continuation(LogicalLine& line);
    void append(LogicalLine& line, std::string_view part, std::uint32_t column) const;
    [[nodiscard]] bool drop_continuation(std::string_view& part) const;

    std::string_view text_;
    std::string file_;
    ParseLimits limits_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 0;  // of what was read last
    bool directives_done_ = false;
    std::set<std::string> seen_;
    Directives directives_;
};

}  // namespace ocimg::dockerfile
