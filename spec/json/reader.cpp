#include "spec/json/reader.hpp"

#include <charconv>
#include <system_error>

#include "base/text.hpp"

namespace oci::spec {

namespace {

/// More findings than this help nobody, and a hostile text could ask for millions.
constexpr std::size_t most_findings = 100;

std::string describe(const Value& value) {
    switch (value.kind) {
        case ValueKind::null:
            return "is null";
        case ValueKind::boolean:
            return value.boolean ? "is true" : "is false";
        case ValueKind::number:
            return "is the number " + std::string(value.text.substr(0, 40));
        case ValueKind::string:
            return "is the string " + quote(value.text);
        case ValueKind::array:
            return "is an array";
        case ValueKind::object:
            return "is an object";
    }
    return "is unknown";
}

template <class T>
std::string range_text(T least, T most) {
    return "an integer from " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

void Reader::read(const Value& value, bool& out) {
    if (expect(value, ValueKind::boolean, "true or false")) out = value.boolean;
}

void Reader::read(const Value& value, std::string& out) {
    if (!expect(value, ValueKind::string, "a string")) return;
    if (value.text.find('\0') != std::string_view::npos) {
        report(value, "holds a NUL character", "a string without it");
        return;
    }
    out = value.text;
}

std::int64_t Reader::read_signed(const Value& value, std::int64_t least, std::int64_t most) {
    std::int64_t number = 0;
    const char* end = value.text.data() + value.text.size();
    const auto [rest, error] = std::from_chars(value.text.data(), end, number);
    if (value.kind == ValueKind::number && error == std::errc{} && rest == end && number >= least &&
        number <= most) {
        return number;
    }
    report(value, describe(value), range_text(least, most));
    return 0;
}

std::uint64_t Reader::read_unsigned(const Value& value, std::uint64_t most) {
    std::uint64_t number = 0;
    const char* end = value.text.data() + value.text.size();
    const auto [rest, error] = std::from_chars(value.text.data(), end, number);
    if (value.kind == ValueKind::number && error == std::errc{} && rest == end && number <= most)
        return number;
    report(value, describe(value), range_text(std::uint64_t{0}, most));
    return 0;
}

bool Reader::expect(const Value& value, ValueKind kind, std::string_view allowed) {
    if (value.kind == kind) return true;
    report(value, describe(value), std::string(allowed));
    return false;
}

const Value* Reader::enter_property(const Value& object, std::string_view name, bool required) {
    const Value* value = document_.find(object, name);
    // Go's encoders write null for an absent slice or map, and engines are written in Go.
    if (value != nullptr && value->kind == ValueKind::null) value = nullptr;
    if (value == nullptr && !required) return nullptr;
    path_.push_back({name, 0, true});
    if (value != nullptr) return value;
    report(object, "is required", "");
    leave();
    return nullptr;
}

void Reader::report(const Value& value, std::string found, std::string allowed) {
    if (findings_.size() >= most_findings) return;
    const Position position = document_.position_of(value);
    findings_.push_back(
        {file_, position.line, position.column, path_text(), std::move(found), std::move(allowed), section_});
}

std::string Reader::path_text() const {
    std::string path;
    for (const Step& step : path_) {
        path = step.is_key ? property_path(path, step.key) : item_path(path, step.index);
    }
    return path;
}

}  // namespace oci::spec
