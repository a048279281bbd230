#include "runtime/plan/bus_value.hpp"

#include <bit>
#include <cstdio>

#include "base/text.hpp"

namespace ocirun {
namespace {

constexpr std::size_t deepest_type = 32;

std::size_t type_length(std::string_view signature, std::size_t depth);

/// A structure or dictionary entry without its brackets: the length of the types up to `close`.
std::size_t members_length(std::string_view signature, char close, std::size_t depth) {
    std::size_t at = 0;
    while (at < signature.size() && signature[at] != close) {
        const std::size_t length = type_length(signature.substr(at), depth);
        if (length == 0) return 0;
        at += length;
    }
    return at < signature.size() ? at : 0;
}

std::size_t type_length(std::string_view signature, std::size_t depth) {
    if (signature.empty() || depth > deepest_type) return 0;
    const char first = signature.front();
    if (std::string_view("ybnqiuxtdsoghv").find(first) != std::string_view::npos) return 1;
    if (first == '(') {
        const std::size_t inside = members_length(signature.substr(1), ')', depth + 1);
        return inside == 0 ? 0 : inside + 2;
    }
    if (first != 'a' || signature.size() < 2) return 0;
    if (signature[1] != '{') {
        const std::size_t element = type_length(signature.substr(1), depth + 1);
        return element == 0 ? 0 : element + 1;
    }
    const std::string_view entry = signature.substr(2);
    if (entry.empty() || std::string_view("ybnqiuxtdsogh").find(entry.front()) == std::string_view::npos)
        return 0;
    const std::size_t inside = members_length(entry, '}', depth + 1);
    const bool one_value = inside > 1 && type_length(entry.substr(1), depth + 1) == inside - 1;
    return one_value ? inside + 3 : 0;
}

std::string number_text(const BusValue& value) {
    const auto word = value.number;
    switch (value.signature.front()) {
        case 'b':
            return word != 0 ? "true" : "false";
        case 'i':
            return std::to_string(static_cast<std::int32_t>(word));
        case 'n':
            return "int16 " + std::to_string(static_cast<std::int16_t>(word));
        case 'x':
            return "int64 " + std::to_string(static_cast<std::int64_t>(word));
        case 'd': {
            char text[32];
            std::snprintf(text, sizeof text, "%.17g", std::bit_cast<double>(word));
            return text;
        }
        case 'y':
            return "byte " + std::to_string(word);
        case 'q':
            return "uint16 " + std::to_string(word);
        case 'u':
            return "uint32 " + std::to_string(word);
        case 'h':
            return "handle " + std::to_string(word);
        default:
            return "uint64 " + std::to_string(word);
    }
}

std::string joined(const BusValue& value, char open, char close) {
    std::vector<std::string> parts;
    for (const BusValue& item : value.items) parts.push_back(to_text(item));
    return open + oci::join(parts, ", ") + close;
}

}  // namespace

BusValue bus_text(std::string text) {
    return {.signature = "s", .text = std::move(text)};
}

BusValue bus_flag(bool value) {
    return {.signature = "b", .number = value ? 1U : 0U};
}

BusValue bus_uint32(std::uint32_t value) {
    return {.signature = "u", .number = value};
}

BusValue bus_uint64(std::uint64_t value) {
    return {.signature = "t", .number = value};
}

BusValue bus_bytes(std::string_view bytes) {
    BusValue value{.signature = "ay"};
    for (const char byte : bytes)
        value.items.push_back({.signature = "y", .number = static_cast<unsigned char>(byte)});
    return value;
}

BusValue bus_array(const std::string& element, std::vector<BusValue> items) {
    return {.signature = "a" + element, .items = std::move(items)};
}

BusValue bus_struct(std::vector<BusValue> items) {
    BusValue value;
    for (const BusValue& item : items) value.signature += item.signature;
    value.signature = "(" + value.signature + ")";
    value.items = std::move(items);
    return value;
}

BusValue bus_variant(BusValue value) {
    BusValue variant{.signature = "v"};
    variant.items.push_back(std::move(value));
    return variant;
}

std::size_t complete_type_length(std::string_view signature) {
    return type_length(signature, 0);
}

std::vector<std::string> split_signature(std::string_view signature) {
    std::vector<std::string> types;
    while (!signature.empty()) {
        const std::size_t length = complete_type_length(signature);
        if (length == 0) return {};
        types.emplace_back(signature.substr(0, length));
        signature.remove_prefix(length);
    }
    return types;
}

std::string to_text(const BusValue& value) {
    switch (value.signature.empty() ? '?' : value.signature.front()) {
        case 's':
        case 'o':
        case 'g':
            return "'" + value.text + "'";
        case 'v':
            return "<" + (value.items.empty() ? std::string() : to_text(value.items.front())) + ">";
        case 'a':
            return joined(value, '[', ']');
        case '(':
            return joined(value, '(', ')');
        case '{':
            return joined(value, '{', '}');
        default:
            return number_text(value);
    }
}

}  // namespace ocirun
