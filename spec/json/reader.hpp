#pragma once
// Typed reading of a parsed document: every problem is collected, with its position and JSON path.

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/finding.hpp"
#include "spec/json/parse.hpp"

namespace oci::spec {

class Reader {
public:
    Reader(const Document& document, std::string file) : document_(document), file_(std::move(file)) {}

    void read(const Value& value, bool& out);
    void read(const Value& value, std::string& out);
    template <std::integral T>
    void read(const Value& value, T& out) {
        if constexpr (std::is_signed_v<T>) {
            out = static_cast<T>(
                read_signed(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
        } else {
            out = static_cast<T>(read_unsigned(value, std::numeric_limits<T>::max()));
        }
    }
    template <class T>
    void read(const Value& value, std::optional<T>& out) {
        read(value, out.emplace());
    }
    template <class T>
    void read(const Value& value, std::vector<T>& out);
    template <class T>
    void read(const Value& value, std::map<std::string, T>& out);
    template <class T>
    requires requires { &FieldsOf<T>::section; }
    void read(const Value& value, T& out);

    /// The property `name`, entered in the path, or null when it is absent or null. A required one
    /// that is absent becomes a finding.
    const Value* enter_property(const Value& object, std::string_view name, bool required);
    void leave() { path_.pop_back(); }

    void report(const Value& value, std::string found, std::string allowed);
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }

private:
    struct Step {
        std::string_view key;
        std::size_t index;
        bool is_key;
    };

    bool expect(const Value& value, ValueKind kind, std::string_view allowed);
    std::int64_t read_signed(const Value& value, std::int64_t least, std::int64_t most);
    std::uint64_t read_unsigned(const Value& value, std::uint64_t most);
    [[nodiscard]] std::string path_text() const;

    const Document& document_;
    std::string file_;
    const char* section_ = "";
    std::vector<Step> path_;
    std::vector<Finding> findings_;
};

/// The visitor of field lists that reads.
class FieldReader {
public:
    FieldReader(Reader& reader, const Value& object) : reader_(reader), object_(object) {}

    template <class T>
    void required(std::string_view name, T& member) {
        read(name, member, true);
    }
    template <class T>
    void optional(std::string_view name, T& member) {
        read(name, member, false);
    }
    template <class T>
    void always(std::string_view name, T& member) {
        read(name, member, false);
    }

private:
    template <class T>
    void read(std::string_view name, T& member, bool required) {
        if (const Value* value = reader_.enter_property(object_, name, required)) {
            reader_.read(*value, member);
            reader_.leave();
        }
    }

    Reader& reader_;
    const Value& object_;
};

template <class T>
void Reader::read(const Value& value, std::vector<T>& out) {
    if (!expect(value, ValueKind::array, "an array")) return;
    std::size_t index = 0;
    for (const Value* item = document_.first_child(value); item; item = document_.next_sibling(*item)) {
        path_.push_back({{}, index++, false});
        read(*item, out.emplace_back());
        path_.pop_back();
    }
}

template <class T>
void Reader::read(const Value& value, std::map<std::string, T>& out) {
    if (!expect(value, ValueKind::object, "an object")) return;
    for (const Value* item = document_.first_child(value); item; item = document_.next_sibling(*item)) {
        path_.push_back({item->key, 0, true});
        read(*item, out[std::string(item->key)]);
        path_.pop_back();
    }
}

template <class T>
requires requires {
    &FieldsOf<T>::section;
}
void Reader::read(const Value& value, T& out) {
    const char* outer_section = std::exchange(section_, FieldsOf<T>::section);
    if (expect(value, ValueKind::object, "an object")) {
        FieldReader fields(*this, value);
        FieldsOf<T>::list(fields, out);
    }
    section_ = outer_section;
}

/// Parses `text` and reads it as a T. The error lists every finding, one a line; `file` names the
/// text in them.
template <class T>
Result<T> read_json(std::string_view text, const std::string& file) {
    const Document document = TRY(parse_json(text, file));
    Reader reader(document, file);
    T out{};
    reader.read(document.root(), out);
    if (!reader.findings().empty()) return to_error(reader.findings());
    return out;
}

}  // namespace oci::spec
