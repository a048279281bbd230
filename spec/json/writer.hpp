#pragma once
// JSON text out of values: JsonWriter for single tokens, write_json for structs that list their fields.

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "spec/json/fields.hpp"

namespace oci::spec {

/// Writes JSON token by token; commas, line ends and indentation are its own business.
class JsonWriter {
public:
    /// `indent` is put once per level; an empty one writes everything on one line.
    explicit JsonWriter(std::string_view indent = "") : indent_(indent) {}

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    /// The name of the property whose value comes next.
    void key(std::string_view name);

    void string(std::string_view text);
    void boolean(bool value) { token(value ? "true" : "false"); }
    void null() { token("null"); }
    void number(std::int64_t value);
    void number(std::uint64_t value);
    void number(std::uint32_t value) { number(std::uint64_t{value}); }
    void number(std::int32_t value) { number(std::int64_t{value}); }
    /// A number with a fraction, as short as it can be.
    void number(double value);
    /// Text that is JSON already.
    void raw(std::string_view json) { token(json); }

    /// What was written, which is then empty again.
    std::string take();

private:
    void open(char bracket);
    void close(char bracket);
    void token(std::string_view text);
    void before_value();
    void new_line();

    std::string text_;
    std::string indent_;
    std::size_t depth_ = 0;
    bool first_ = true;       // nothing written at this level yet
    bool after_key_ = false;  // the next value belongs to a key
};

inline void write_value(JsonWriter& out, bool value) {
    out.boolean(value);
}
inline void write_value(JsonWriter& out, const std::string& value) {
    out.string(value);
}
template <std::integral T>
void write_value(JsonWriter& out, T value) {
    if constexpr (std::is_signed_v<T>) {
        out.number(std::int64_t{value});
    } else {
        out.number(std::uint64_t{value});
    }
}
template <class T>
void write_value(JsonWriter& out, const std::optional<T>& value);
template <class T>
void write_value(JsonWriter& out, const std::vector<T>& values);
template <class T>
void write_value(JsonWriter& out, const std::map<std::string, T>& values);
template <class T>
requires requires {
    &FieldsOf<T>::section;
}
void write_value(JsonWriter& out, const T& value);

/// The visitor of field lists that writes.
class FieldWriter {
public:
    explicit FieldWriter(JsonWriter& out) : out_(out) {}

    template <class T>
    void required(std::string_view name, const T& member) {
        always(name, member);
    }
    template <class T>
    void always(std::string_view name, const T& member) {
        out_.key(name);
        write_value(out_, member);
    }
    template <class T>
    void optional(std::string_view name, const T& member) {
        if (has_content(member)) always(name, member);
    }

private:
    template <class T>
    static bool has_content(const T& member) {
        if constexpr (std::is_integral_v<T>) {
            return member != T{};
        } else if constexpr (requires { member.has_value(); }) {
            return member.has_value();
        } else if constexpr (requires { member.empty(); }) {
            return !member.empty();
        } else {
            return true;
        }
    }

    JsonWriter& out_;
};

template <class T>
void write_value(JsonWriter& out, const std::optional<T>& value) {
    if (value) {
        write_value(out, *value);
    } else {
        out.null();
    }
}
template <class T>
void write_value(JsonWriter& out, const std::vector<T>& values) {
    out.begin_array();
    for (const T& value : values) write_value(out, value);
    out.end_array();
}
template <class T>
void write_value(JsonWriter& out, const std::map<std::string, T>& values) {
    out.begin_object();
    for (const auto& [name, value] : values) {
        out.key(name);
        write_value(out, value);
    }
    out.end_object();
}
template <class T>
requires requires {
    &FieldsOf<T>::section;
}
void write_value(JsonWriter& out, const T& value) {
    out.begin_object();
    FieldWriter fields(out);
    FieldsOf<T>::list(fields, value);
    out.end_object();
}

/// The JSON text of a struct that lists its fields. `indent` "" gives one line; with an indent the
/// text still has no line end after the last bracket.
template <class T>
std::string write_json(const T& value, std::string_view indent = "") {
    JsonWriter out(indent);
    write_value(out, value);
    return out.take();
}

}  // namespace oci::spec
