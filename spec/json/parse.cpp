#include "spec/json/parse.hpp"

#define JSON_NO_IO 1

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "spec/json/finding.hpp"

namespace oci::spec {

namespace {

/// A document may hold this many values: bounds the memory that a hostile text can ask for.
constexpr std::size_t most_values = 500'000;

Position position_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {static_cast<std::uint32_t>(lines + 1),
            static_cast<std::uint32_t>(before.size() - line_start + 1)};
}

Error error_at(std::string_view text, std::size_t offset, const std::string& file, std::string what) {
    const Position position = position_at(text, std::min(offset, text.size()));
    return failure(ErrorCode::invalid,
                   to_text({file, position.line, position.column, "", std::move(what), "", ""}));
}

/// The library's sentence without its own prefix and without the bytes it read, which may be hostile.
std::string reason_of(std::string_view sentence) {
    constexpr std::string_view intro = "syntax error ";
    const std::size_t start = sentence.find(intro);
    if (start == std::string_view::npos) {
        return sentence.find("number overflow") == std::string_view::npos ? "syntax error"
                                                                          : "the number is out of range";
    }
    std::string_view reason = sentence.substr(start);
    return std::string(reason.substr(0, reason.find("; last read")));
}

}  // namespace

/// Receives the parser's events and appends values. The parser tells no positions, so that a cursor
/// follows it through the text, token by token.
class DocumentBuilder {
public:
    DocumentBuilder(Document& document, std::string_view text, const std::string& file)
        : document_(document), file_(file) {
        document_.text_.assign(text.begin(), text.end());
        text_ = {document_.text_.data(), document_.text_.size()};
        const std::size_t expected = text_.size() / 16 + 8;
        document_.values_.reserve(expected);
        key_offsets_.reserve(expected);
    }

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

    bool null() { return literal(ValueKind::null, 4); }
    bool boolean(bool value) {
        const bool appended = literal(ValueKind::boolean, value ? 4 : 5);
        document_.values_.back().boolean = value;
        return appended;
    }
    bool number_integer(std::int64_t /*value*/) { return number(); }
    bool number_unsigned(std::uint64_t /*value*/) { return number(); }
    bool number_float(double /*value*/, const std::string& /*digits*/) { return number(); }
    bool string(std::string& value) {
        seek_token();
        const std::size_t start = cursor_;
        return append(ValueKind::string, start, take_string(value));
    }
    bool binary(std::vector<std::uint8_t>& /*value*/) { return false; }
    bool key(std::string& name) {
        seek_token();
        key_offset_ = static_cast<std::uint32_t>(cursor_);
        key_ = take_string(name);
        return true;
    }
    bool start_object(std::size_t /*size*/) { return begin(ValueKind::object); }
    bool start_array(std::size_t /*size*/) { return begin(ValueKind::array); }
    bool end_object() { return check_keys() && end(); }
    bool end_array() { return end(); }

    template <class Exception>
    bool parse_error(std::size_t read, const std::string& /*token*/, const Exception& exception) {
        const std::string reason = reason_of(exception.what());
        std::size_t offset = read == 0 ? 0 : read - 1;
        const bool whole_token = reason.find("unexpected ") != std::string::npos;
        if (whole_token && offset < text_.size() && !std::strchr(",:{}[]", text_[offset])) {
            seek_token();
            offset = std::min(offset, cursor_);
        }
        error_ = error_at(text_, offset, file_, reason);
        return false;
    }

private:
    struct Level {
        std::uint32_t container;
        std::uint32_t last_child;
    };

    void seek_token() {
        const auto between_tokens = [](char c) {
            return c == ' ' || c == '\n' || c == ',' || c == ':' || c == '\t' || c == '\r';
        };
        while (cursor_ < text_.size() && between_tokens(text_[cursor_])) ++cursor_;
    }
    /// Moves behind the string that begins at the cursor and answers its content where it stays valid:
    /// in the text itself, or apart when the text holds escapes.
    std::string_view take_string(std::string& content) {
        const std::string_view here = text_.substr(cursor_ + 1, content.size());
        const std::size_t end = cursor_ + 1 + content.size();
        if (end < text_.size() && text_[end] == '"' && here == content) {
            cursor_ = end + 1;
            return here;
        }
        ++cursor_;
        while (text_[cursor_] != '"') cursor_ += text_[cursor_] == '\\' ? 2U : 1U;
        ++cursor_;
        return document_.unescaped_.emplace_back(std::move(content));
    }
    bool number() {
        seek_token();
        const std::size_t start = cursor_;
        cursor_ = std::min(text_.find_first_not_of("+-.0123456789eE", start), text_.size());
        return append(ValueKind::number, start, text_.substr(start, cursor_ - start));
    }
    bool literal(ValueKind kind, std::size_t length) {
        seek_token();
        const std::size_t start = cursor_;
        cursor_ += length;
        return append(kind, start, text_.substr(start, length));
    }
    bool begin(ValueKind kind) {
        seek_token();
        if (levels_.size() >= deepest_nesting) {
            return fail(cursor_,
                        "values are nested deeper than " + std::to_string(deepest_nesting) + " levels");
        }
        if (!append(kind, cursor_++, {})) return false;
        levels_.push_back({static_cast<std::uint32_t>(document_.values_.size() - 1), 0});
        return true;
    }
    bool end() {
        seek_token();
        ++cursor_;
        levels_.pop_back();
        return true;
    }

    bool append(ValueKind kind, std::size_t offset, std::string_view text) {
        std::vector<Value>& values = document_.values_;
        const auto index = static_cast<std::uint32_t>(values.size());
        Value& value = values.emplace_back();
        value.kind = kind;
        value.offset = static_cast<std::uint32_t>(offset);
        value.text = text;
        value.key = std::exchange(key_, {});
        key_offsets_.push_back(key_offset_);
        if (levels_.empty()) return true;
        Level& level = levels_.back();
        if (level.last_child == 0) {
            values[level.container].first_child = index;
        } else {
            values[level.last_child].next_sibling = index;
        }
        level.last_child = index;
        if (values.size() > most_values) {
            return fail(offset, "the document holds more than " + std::to_string(most_values) + " values");
        }
        return true;
    }

    /// Whether all keys of the innermost object differ; the first one that repeats is the error.
    bool check_keys() {
        scratch_.clear();
        const std::vector<Value>& values = document_.values_;
        for (std::uint32_t i = values[levels_.back().container].first_child; i != 0;
             i = values[i].next_sibling) {
            scratch_.push_back(i);
        }
        std::sort(scratch_.begin(), scratch_.end(), [&](std::uint32_t a, std::uint32_t b) {
            const int order = values[a].key.compare(values[b].key);
            return order < 0 || (order == 0 && a < b);
        });
        std::uint32_t repeated = 0;
        for (std::size_t i = 1; i < scratch_.size(); ++i) {
            if (values[scratch_[i]].key != values[scratch_[i - 1]].key) continue;
            if (repeated == 0 || scratch_[i] < repeated) repeated = scratch_[i];
        }
        if (repeated == 0) return true;
        return fail(key_offsets_[repeated],
                    "the property " + quote(values[repeated].key) + " appears twice in one object");
    }

    bool fail(std::size_t offset, std::string what) {
        error_ = error_at(text_, offset, file_, std::move(what));
        return false;
    }

    Document& document_;
    std::string_view text_;
    const std::string& file_;
    std::size_t cursor_ = 0;  // behind the last token
    std::string_view key_;    // of the value that comes next
    std::uint32_t key_offset_ = 0;
    std::vector<std::uint32_t> key_offsets_;  // by value
    std::vector<Level> levels_;
    std::vector<std::uint32_t> scratch_;
    std::optional<Error> error_;
};

namespace {

/// What the library would let pass.
std::optional<Error> check_bytes(std::string_view text, const std::string& file) {
    if (text.size() >= std::numeric_limits<std::uint32_t>::max()) {
        return error_at(text, 0, file, "the document is longer than 4 GiB");
    }
    if (text.starts_with("\xEF\xBB\xBF"))
        return error_at(text, 0, file, "the document begins with a byte order mark");
    const std::size_t nul = text.find('\0');
    if (nul != std::string_view::npos) return error_at(text, nul, file, "the document holds a NUL byte");
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return error_at(text, text.size(), file, "the document is empty");
    }
    return std::nullopt;
}

}  // namespace

Result<Document> parse_json(std::string_view text, const std::string& file) {
    if (std::optional<Error> error = check_bytes(text, file)) return *std::move(error);
    Document document;
    DocumentBuilder builder(document, text, file);
    const char* begin = builder.text().data();
    const bool parsed = nlohmann::json::sax_parse(begin, begin + builder.text().size(), &builder,
                                                  nlohmann::json::input_format_t::json, true, false);
    if (builder.error()) return *builder.error();
    if (!parsed) return error_at(text, 0, file, "syntax error");
    return document;
}

const Value* Document::find(const Value& object, std::string_view key) const {
    if (object.kind != ValueKind::object) return nullptr;
    for (const Value* child = first_child(object); child != nullptr; child = next_sibling(*child)) {
        if (child->key == key) return child;
    }
    return nullptr;
}

namespace {

/// Takes the first step off `path` when it is the one that leads to `child`, element `index`.
bool take_step(std::string_view& path, const Value& child, bool in_array, std::size_t index) {
    const std::string step = in_array ? item_path("", index) : property_path("", child.key);
    std::string_view rest = path.starts_with('.') ? path.substr(1) : path;
    if (!rest.starts_with(step)) return false;
    rest.remove_prefix(step.size());
    if (!rest.empty() && rest.front() != '.' && rest.front() != '[') return false;
    path = rest;
    return true;
}

}  // namespace

const Value& Document::locate(std::string_view path) const {
    const Value* here = &root();
    while (!path.empty()) {
        const bool in_array = here->kind == ValueKind::array;
        std::size_t index = 0;
        const Value* child = first_child(*here);
        while (child != nullptr && !take_step(path, *child, in_array, index++)) child = next_sibling(*child);
        if (child == nullptr) break;
        here = child;
    }
    return *here;
}

Position Document::position_of(const Value& value) const {
    return position_at({text_.data(), text_.size()}, value.offset);
}

}  // namespace oci::spec
