#pragma once
// A JSON value that can be built and changed: configurations of bundles, facts of the probe, documents of
// tools.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "spec/json/parse.hpp"

namespace conformance {

class Json {
public:
    using Kind = oci::spec::ValueKind;
    using Member = std::pair<std::string, Json>;

    Json() = default;
    static Json text(std::string value);
    static Json number(long long value);
    static Json boolean(bool value);
    static Json array(std::vector<Json> items = {});
    static Json array_of(const std::vector<std::string>& texts);
    static Json object();
    /// Strict parsing; `file` names the text in errors.
    static oci::Result<Json> parse(std::string_view text, const std::string& file);
    /// For text written by ourselves: what does not parse becomes null.
    static Json of(std::string_view text);

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool is_null() const { return kind_ == Kind::null; }
    [[nodiscard]] bool is_object() const { return kind_ == Kind::object; }
    [[nodiscard]] bool is_array() const { return kind_ == Kind::array; }
    [[nodiscard]] bool is_string() const { return kind_ == Kind::string; }
    [[nodiscard]] bool is_number() const { return kind_ == Kind::number; }
    [[nodiscard]] bool truth() const { return kind_ == Kind::boolean && scalar_ == "true"; }
    /// The content of a string or the digits of a number.
    [[nodiscard]] const std::string& str() const { return scalar_; }
    [[nodiscard]] long long integer() const;
    [[nodiscard]] const std::vector<Json>& items() const { return items_; }
    [[nodiscard]] const std::vector<Member>& members() const { return members_; }
    [[nodiscard]] std::size_t size() const { return is_array() ? items_.size() : members_.size(); }

    /// A property or element; null when there is none.
    const Json& operator[](std::string_view key) const;
    const Json& operator[](std::size_t index) const;
    /// The value at a JSON pointer ("/process/args/0"); null when there is none.
    [[nodiscard]] const Json& at(std::string_view pointer) const;
    /// Whether an array holds this string.
    [[nodiscard]] bool has(std::string_view text) const;

    /// Puts a value at a JSON pointer; missing objects on the way are made, "-" is the end of an array.
    void set(std::string_view pointer, Json value);
    void erase(std::string_view pointer);
    void push(Json value);
    void put(std::string key, Json value);

    /// One line without spaces.
    [[nodiscard]] std::string dump() const;
    /// Members of objects may stand in any order.
    bool operator==(const Json& other) const;

private:
    Json* descend(std::string_view token, bool make);

    Kind kind_ = Kind::null;
    std::string scalar_;
    std::vector<Json> items_;
    std::vector<Member> members_;
};

/// A text as a JSON string with its quotes.
std::string quoted(std::string_view text);

}  // namespace conformance
