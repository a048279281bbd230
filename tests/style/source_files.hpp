#pragma once
// The files that the style tests read: found once, in a stable order, as lines. Runs in the style tests.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace style {

struct SourceFile {
    std::string path;  // relative to the root of the project, with '/'
    std::string text;

    /// The folder of the file ("runtime/plan"), empty for a file of the root.
    std::string folder() const;
    /// The name without its folder.
    std::string name() const;
};

/// Every file below these folders of the root whose name ends in one of the endings, sorted by path. A
/// folder that is missing is passed over.
std::vector<SourceFile> read_sources(const std::filesystem::path& root,
                                     const std::vector<std::string>& folders,
                                     const std::vector<std::string>& endings);

/// The text with comments, and if asked the contents of strings, replaced by spaces: same length, same
/// lines, so that positions stay true.
std::string without_comments(std::string_view text, bool strings_too);

/// The number of the line, from 1, of this position.
std::size_t line_of(std::string_view text, std::size_t position);

/// Collects what is wrong and becomes the exit code of the test.
class Findings {
public:
    /// One line on standard output: "path:line: what".
    void add(const SourceFile& file, std::size_t line, const std::string& what);
    /// Prints the count and returns the exit code. No file read at all is a failure too.
    int finish(std::size_t files_read) const;

private:
    std::size_t count_ = 0;
};

/// Whether the word stands at this position with no letter, digit or underscore around it.
bool is_word_at(std::string_view text, std::size_t position, std::string_view word);

}  // namespace style
