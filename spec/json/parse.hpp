#pragma once
// JSON text to a tree of values that know their position. Strict: duplicate keys, deep nesting,
// invalid UTF-8, NUL bytes, a byte order mark and text after the value are errors.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace oci::spec {

enum class ValueKind : std::uint8_t { null, boolean, number, string, array, object };

/// One value of a document. Numbers keep their text, so that no digit is lost before the reader
/// knows the type that is asked for.
struct Value {
    ValueKind kind = ValueKind::null;
    bool boolean = false;
    std::uint32_t offset = 0;        // of its first byte in the text
    std::uint32_t first_child = 0;   // index of the first element or property; 0: none
    std::uint32_t next_sibling = 0;  // index of the next element or property; 0: none
    std::string_view key;            // when it is a property of an object
    std::string_view text;           // content of a string, digits of a number
};

struct Position {
    std::uint32_t line = 1;    // from 1
    std::uint32_t column = 1;  // from 1, in bytes
};

/// A parsed text. Moving it keeps every view valid; copying is not possible.
class Document {
public:
    Document() = default;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    Document(Document&&) = default;
    Document& operator=(Document&&) = default;
    ~Document() = default;

    [[nodiscard]] const Value& root() const { return values_.front(); }
    /// The first element of an array or property of an object; null when there is none.
    [[nodiscard]] const Value* first_child(const Value& parent) const { return at(parent.first_child); }
    [[nodiscard]] const Value* next_sibling(const Value& value) const { return at(value.next_sibling); }
    /// The property `key` of an object; null when there is none, or `object` is something else.
    [[nodiscard]] const Value* find(const Value& object, std::string_view key) const;
    /// The value that a finding's path names ("process.args[1]"), or the deepest one on the way to it.
    [[nodiscard]] const Value& locate(std::string_view path) const;
    [[nodiscard]] Position position_of(const Value& value) const;

private:
    friend class DocumentBuilder;
    [[nodiscard]] const Value* at(std::uint32_t index) const {
        return index == 0 ? nullptr : &values_[index];
    }

    std::vector<char> text_;             // a vector keeps its place when moved
    std::deque<std::string> unescaped_;  // strings whose text holds escapes
    std::vector<Value> values_;          // the root first
};

/// Values may be nested this deep.
inline constexpr std::size_t deepest_nesting = 64;

/// Parses one JSON value. `file` names the text in errors: `config.json:3:7: expected ...`.
Result<Document> parse_json(std::string_view text, const std::string& file);

}  // namespace oci::spec
