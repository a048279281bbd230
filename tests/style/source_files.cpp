#include "tests/style/source_files.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace style {

namespace fs = std::filesystem;

std::string SourceFile::folder() const {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string SourceFile::name() const {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::vector<SourceFile> read_sources(const fs::path& root, const std::vector<std::string>& folders,
                                     const std::vector<std::string>& endings) {
    std::vector<SourceFile> files;
    for (const std::string& folder : folders) {
        std::error_code ignored;
        for (fs::recursive_directory_iterator entry(root / folder, ignored), end; entry != end; ++entry) {
            const std::string path = fs::relative(entry->path(), root).generic_string();
            const bool wanted = std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) {
                return path.ends_with(ending);
            });
            if (!wanted || !entry->is_regular_file()) continue;
            std::ifstream stream(entry->path(), std::ios::binary);
            std::ostringstream text;
            text << stream.rdbuf();
            files.push_back({path, text.str()});
        }
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& left, const SourceFile& right) { return left.path < right.path; });
    return files;
}

namespace {

/// Walks through C++ text and blanks what is not code.
class Blanker {
public:
    Blanker(std::string_view text, bool strings_too) : text_(text), strings_too_(strings_too) {}

    std::string run() {
        while (position_ < text_.size()) step();
        return std::move(result_);
    }

private:
    bool at(std::string_view start) const { return text_.substr(position_).starts_with(start); }
    void keep(std::size_t count) {
        result_ += text_.substr(position_, count);
        position_ += count;
    }
    void blank_to(std::size_t end) {
        for (end = std::min(end, text_.size()); position_ < end; ++position_)
            result_ += text_[position_] == '\n' ? '\n' : ' ';
    }
    void string_to(std::size_t end) {
        if (strings_too_) {
            blank_to(end);
        } else {
            keep(std::min(end, text_.size()) - position_);
        }
    }

    void step() {
        if (at("//")) {
            blank_to(std::min(text_.find('\n', position_), text_.size()));
        } else if (at("/*")) {
            const std::size_t end = text_.find("*/", position_ + 2);
            blank_to(end == std::string_view::npos ? text_.size() : end + 2);
        } else if (at("R\"") && !follows_word()) {
            raw_string();
        } else if (text_[position_] == '"' || (text_[position_] == '\'' && !follows_word())) {
            quoted(text_[position_]);
        } else {
            keep(1);
        }
    }
    bool follows_word() const {  // 1'000 is a number, u8R is a prefix we do not use
        return position_ > 0 && std::isalnum(static_cast<unsigned char>(text_[position_ - 1])) != 0;
    }
    void quoted(char quote) {
        std::size_t end = position_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
            end += text_[end] == '\\' ? 2U : 1U;
        keep(1);
        string_to(end);
        if (position_ < text_.size()) keep(1);
    }
    void raw_string() {
        const std::size_t open = text_.find('(', position_);
        const std::string close = ")" + std::string(text_.substr(position_ + 2, open - position_ - 2)) + "\"";
        const std::size_t end = text_.find(close, open);
        string_to(end == std::string_view::npos ? text_.size() : end + close.size());
    }

    std::string_view text_;
    bool strings_too_;
    std::size_t position_ = 0;
    std::string result_;
};

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

std::string without_comments(std::string_view text, bool strings_too) {
    return Blanker(text, strings_too).run();
}

std::size_t line_of(std::string_view text, std::size_t position) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(position, text.size()));
    return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

void Findings::add(const SourceFile& file, std::size_t line, const std::string& what) {
    ++count_;
    std::printf("%s:%zu: %s\n", file.path.c_str(), line, what.c_str());
}

int Findings::finish(std::size_t files_read) const {
    std::printf("%zu files read, %zu findings\n", files_read, count_);
    return files_read > 0 && count_ == 0 ? 0 : 1;
}

bool is_word_at(std::string_view text, std::size_t position, std::string_view word) {
    if (text.substr(position, word.size()) != word) return false;
    if (position > 0 && is_word_character(word.front()) && is_word_character(text[position - 1]))
        return false;
    const std::size_t after = position + word.size();
    return !(is_word_character(word.back()) && after < text.size() && is_word_character(text[after]));
}

}  // namespace style
