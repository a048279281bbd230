#include "imagetool/remote/toml.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr int deepest_nesting = 16;

bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class TomlParser {
public:
    TomlParser(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

    Result<TomlValue> parse() {
        TomlValue root;
        TomlValue* current = &root;
        while (true) {
            skip_empty_lines();
            if (rest_.empty()) return root;
            if (rest_.front() == '[') {
                current = TRY(header(root));
            } else {
                TRY(assignment(*current, 0));
            }
            TRY(end_of_line());
        }
    }

private:
    oci::Error bad(const std::string& why) const {
        return failure(ErrorCode::invalid, file_ + ":" + std::to_string(line_) + ": " + why);
    }
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }
    void skip_comment() {
        if (!rest_.starts_with('#')) return;
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    }
    /// Spaces, comments and line ends.
    void skip_empty_lines() {
        while (true) {
            skip_blanks();
            skip_comment();
            if (rest_.starts_with('\r')) rest_.remove_prefix(1);
            if (!rest_.starts_with('\n')) return;
            rest_.remove_prefix(1);
            ++line_;
        }
    }
    Result<void> end_of_line() {
        skip_blanks();
        skip_comment();
        if (rest_.empty() || rest_.starts_with('\n') || rest_.starts_with("\r\n")) return {};
        return bad("expected the end of the line before " + quote(rest_.substr(0, 10)));
    }
    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    Result<std::string> simple_key() {
        if (rest_.starts_with('"') || rest_.starts_with('\'')) return quoted();
        std::size_t end = 0;
        while (end < rest_.size() && is_bare(rest_[end])) ++end;
        if (end == 0) return bad("expected a key before " + quote(rest_.substr(0, 10)));
        std::string key(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return key;
    }

    Result<std::vector<std::string>> key() {
        std::vector<std::string> parts;
        while (true) {
            skip_blanks();
            parts.push_back(TRY(simple_key()));
            skip_blanks();
            if (!take(".")) return parts;
        }
    }

    /// The table `name` of `parent`, made when it is not there; of an array of tables its last one.
    Result<TomlValue*> enter(TomlValue& parent, const std::string& name) {
        TomlValue& value = parent.table[name];
        value.line = value.line == 0 ? line_ : value.line;
        if (value.kind == TomlKind::array && !value.closed && !value.array.empty())
            return &value.array.back();
        if (value.kind != TomlKind::table || value.closed) return bad(quote(name) + " is not a table");
        return &value;
    }

    Result<TomlValue*> header(TomlValue& root) {
        const bool is_array = take("[[");
        if (!is_array) take("[");
        const std::vector<std::string> path = TRY(key());
        if (!take(is_array ? "]]" : "]")) return bad(is_array ? "expected ]]" : "expected ]");
        TomlValue* table = &root;
        for (std::size_t i = 0; i + 1 < path.size(); ++i) table = TRY(enter(*table, path[i]));
        if (!is_array) return enter(*table, path.back());
        const bool is_new = !table->table.contains(path.back());
        TomlValue& array = table->table[path.back()];
        if (is_new) array.kind = TomlKind::array;
        if (array.kind != TomlKind::array || array.closed)
            return bad(quote(path.back()) + " is not an array of tables");
        array.array.emplace_back().line = line_;
        return &array.array.back();
    }

    Result<void> assignment(TomlValue& table, int depth) {
        const std::vector<std::string> path = TRY(key());
        if (!take("=")) return bad("expected = after the key " + quote(path.back()));
        TomlValue* place = &table;
        for (std::size_t i = 0; i + 1 < path.size(); ++i) place = TRY(enter(*place, path[i]));
        if (place->table.contains(path.back()))
            return bad("the key " + quote(path.back()) + " is there twice");
        skip_blanks();
        TomlValue read = TRY(value(depth));
        place->table.emplace(path.back(), std::move(read));
        return {};
    }

    Result<TomlValue> value(int depth) {
        if (depth > deepest_nesting) return bad("values are nested more than 16 deep");
        TomlValue read;
        read.line = line_;
        read.closed = true;
        if (rest_.starts_with('"') || rest_.starts_with('\'')) {
            read.kind = TomlKind::string;
            read.string = TRY(quoted());
            return read;
        }
        if (take("[")) return array(std::move(read), depth);
        if (take("{")) return inline_table(std::move(read), depth);
        return word(std::move(read));
    }

    Result<TomlValue> word(TomlValue read) {
        const std::string_view text = rest_.substr(0, rest_.find_first_of(" \t\r\n,]}#"));
        rest_.remove_prefix(text.size());
        if (text == "true" || text == "false") {
            read.kind = TomlKind::boolean;
            read.boolean = text == "true";
            return read;
        }
        const auto number = oci::parse_integer<std::int64_t>(text);
        if (!number.has_value()) {
            return bad("the value " + quote(text) +
                       " is not supported: expected a string, true, false, an integer, "
                       "an array or a table");
        }
        read.kind = TomlKind::integer;
        read.integer = *number;
        return read;
    }

    Result<TomlValue> array(TomlValue read, int depth) {
        read.kind = TomlKind::array;
        while (true) {
            skip_empty_lines();
            if (take("]")) return read;
            read.array.push_back(TRY(value(depth + 1)));
            skip_empty_lines();
            if (take(",")) continue;
            if (take("]")) return read;
            return bad("expected , or ] in the array");
        }
    }

    Result<TomlValue> inline_table(TomlValue read, int depth) {
        read.kind = TomlKind::table;
        skip_blanks();
        if (take("}")) return read;
        while (true) {
            TRY(assignment(read, depth + 1));
            skip_blanks();
            if (take("}")) return read;
            if (!take(",")) return bad("expected , or } in the table");
        }
    }

    Result<std::string> quoted() {
        const char mark = rest_.front();
        if (rest_.starts_with("\"\"\"") || rest_.starts_with("'''"))
            return bad("strings of several lines are not supported");
        std::string text;
        for (std::size_t i = 1; i < rest_.size() && rest_[i] != '\n'; ++i) {
            if (rest_[i] == mark) {
                rest_.remove_prefix(i + 1);
                return text;
            }
            if (mark == '"' && rest_[i] == '\\' && i + 1 < rest_.size()) {
                text += TRY(escaped(rest_[++i]));
            } else {
                text += rest_[i];
            }
        }
        return bad("the string does not end");
    }

    Result<char> escaped(char c) const {
        switch (c) {
            case '"':
            case '\\':
                return c;
            case 'n':
                return '\n';
            case 't':
                return '\t';
            default:
                return bad(std::string("the escape \\") + c + " is not supported");
        }
    }

    std::string_view rest_;
    const std::string& file_;
    std::size_t line_ = 1;
};

}  // namespace

Result<TomlValue> parse_toml(std::string_view text, const std::string& file) {
    if (!oci::is_utf8(text)) return failure(ErrorCode::invalid, file + ": the text is not UTF-8");
    return TomlParser(text, file).parse();
}

}  // namespace ocimg
