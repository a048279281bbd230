// The types of GVariant texts: what is not said is inferred from the elements around it.

#include <bit>
#include <charconv>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "runtime/plan/variant_text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;
using Kind = VariantNode::Kind;

// A pattern is a signature that may also hold N (some number), S (some kind of string) and * (anything).
constexpr std::string_view numeric_types = "ynqiuxthd";
constexpr std::string_view textual_types = "sog";

bool holds(std::string_view set, char letter) {
    return set.find(letter) != std::string_view::npos;
}

oci::Error mismatch(const std::string& what) {
    return oci::failure(ErrorCode::invalid, what);
}

std::size_t pattern_length(std::string_view pattern) {
    const char first = pattern.front();
    if (first == 'a') return 1 + pattern_length(pattern.substr(1));
    if (first != '(' && first != '{') return 1;
    std::size_t at = 1;
    while (pattern[at] != ')' && pattern[at] != '}') at += pattern_length(pattern.substr(at));
    return at + 1;
}

/// The narrowest pattern that both fit; nothing if there is none.
std::optional<std::string> unify(std::string_view left, std::string_view right) {
    if (left == right || right == "*") return std::string(left);
    if (left == "*") return std::string(right);
    if (left == "N" && right.size() == 1 && holds(numeric_types, right[0])) return std::string(right);
    if (right == "N" && left.size() == 1 && holds(numeric_types, left[0])) return std::string(left);
    if (left == "S" && right.size() == 1 && holds(textual_types, right[0])) return std::string(right);
    if (right == "S" && left.size() == 1 && holds(textual_types, left[0])) return std::string(left);
    if (left[0] != right[0]) return std::nullopt;
    if (left[0] == 'a') {
        const auto element = unify(left.substr(1), right.substr(1));
        return element ? std::optional("a" + *element) : std::nullopt;
    }
    if (left[0] != '(' && left[0] != '{') return std::nullopt;
    std::string result(1, left[0]);
    std::size_t at = 1;
    std::size_t other = 1;
    while (at + 1 < left.size() && other + 1 < right.size()) {
        const std::size_t length = pattern_length(left.substr(at));
        const std::size_t other_length = pattern_length(right.substr(other));
        const auto member = unify(left.substr(at, length), right.substr(other, other_length));
        if (!member) return std::nullopt;
        result += *member;
        at += length;
        other += other_length;
    }
    if (at + 1 != left.size() || other + 1 != right.size()) return std::nullopt;
    return result + left.back();
}

bool is_decimal_fraction(const std::string& number) {
    if (number.find('x') != std::string::npos || number.find('X') != std::string::npos) return false;
    return number.find_first_of(".eE") != std::string::npos || number.find("inf") != std::string::npos ||
           number == "nan";
}

Result<std::string> pattern_of(const VariantNode& node);

Result<std::string> common_pattern(const std::vector<VariantNode>& items) {
    std::string common = "*";
    for (const VariantNode& item : items) {
        const auto both = unify(common, TRY(pattern_of(item)));
        if (!both) return mismatch("the elements of an array have different types");
        common = *both;
    }
    return common;
}

Result<std::string> pattern_of(const VariantNode& node) {
    if (!node.type.empty()) return node.type;
    std::string inside;
    switch (node.kind) {
        case Kind::boolean:
            return std::string("b");
        case Kind::number:
            return std::string(is_decimal_fraction(node.text) ? "d" : "N");
        case Kind::text:
            return std::string("S");
        case Kind::bytes:
            return std::string("ay");
        case Kind::variant:
            return std::string("v");
        case Kind::array:
            return "a" + TRY(common_pattern(node.items));
        case Kind::dictionary:
            return node.items.empty() ? std::string("a{**}") : "a" + TRY(common_pattern(node.items));
        case Kind::tuple:
        case Kind::entry:
            for (const VariantNode& item : node.items) inside += TRY(pattern_of(item));
            return node.kind == Kind::tuple ? "(" + inside + ")" : "{" + inside + "}";
    }
    return mismatch("unknown kind of value");
}

template <class T>
std::optional<std::uint64_t> integer(std::string_view text, int base, bool negative) {
    const auto magnitude = oci::parse_integer<std::uint64_t>(text, base);
    if (!magnitude) return std::nullopt;
    const auto largest = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (!negative) return *magnitude <= largest ? magnitude : std::nullopt;
    if (!std::is_signed_v<T> && *magnitude != 0) return std::nullopt;
    return *magnitude <= largest + 1 ? std::optional(~*magnitude + 1) : std::nullopt;
}

std::optional<std::uint64_t> read_integer(std::string_view text, char type) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text.starts_with('0')) {
        base = 8;
    }
    switch (type) {
        case 'y':
            return integer<std::uint8_t>(text, base, negative);
        case 'n':
            return integer<std::int16_t>(text, base, negative);
        case 'q':
            return integer<std::uint16_t>(text, base, negative);
        case 'i':
        case 'h':
            return integer<std::int32_t>(text, base, negative);
        case 'u':
            return integer<std::uint32_t>(text, base, negative);
        case 'x':
            return integer<std::int64_t>(text, base, negative);
        default:
            return integer<std::uint64_t>(text, base, negative);
    }
}

std::optional<std::uint64_t> read_number(std::string_view text, char type) {
    if (type != 'd') return read_integer(text, type);
    double value = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return std::bit_cast<std::uint64_t>(value);
}

bool is_object_path(std::string_view text) {
    if (text == "/") return true;
    if (!text.starts_with('/')) return false;
    for (const std::string& part : oci::split(text.substr(1), '/')) {
        const bool good = !part.empty() && part.find_first_not_of(
                                               "abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                               "0123456789_") == std::string::npos;
        if (!good) return false;
    }
    return true;
}

Result<BusValue> build(const VariantNode& node, const std::string& signature);

Result<BusValue> build_items(const VariantNode& node, const std::string& signature,
                             const std::vector<std::string>& types) {
    BusValue value{.signature = signature};
    for (std::size_t i = 0; i < node.items.size(); ++i)
        value.items.push_back(TRY(build(node.items[i], types.size() == 1 ? types[0] : types[i])));
    return value;
}

std::string settled(std::string pattern) {
    for (char& letter : pattern) {
        if (letter == 'N') letter = 'i';
        if (letter == 'S') letter = 's';
    }
    return pattern;
}

Result<std::string> settled_type(const VariantNode& node) {
    std::string type = settled(TRY(pattern_of(node)));
    if (type.find('*') != std::string::npos)
        return mismatch("the type of an empty array is not known; write it as in \"@as []\"");
    return type;
}

Result<BusValue> build_container(const VariantNode& node, const std::string& signature) {
    if (node.kind == Kind::variant) {
        const std::string type = TRY(settled_type(node.items.front()));
        return bus_variant(TRY(build(node.items.front(), type)));
    }
    if (node.kind == Kind::bytes) return bus_bytes(node.text + '\0');
    if (node.kind == Kind::tuple || node.kind == Kind::entry) {
        return build_items(node, signature,
                           split_signature(std::string_view(signature).substr(1, signature.size() - 2)));
    }
    return build_items(node, signature, {signature.substr(1)});
}

Result<BusValue> build(const VariantNode& node, const std::string& signature) {
    // A type that the text names holds for what is inside as well: "@au [1, 2]".
    VariantNode untyped = node;
    untyped.type.clear();
    if (!unify(TRY(pattern_of(untyped)), signature) || (!node.type.empty() && node.type != signature))
        return mismatch("a value does not have the type " + oci::quote(signature));
    switch (node.kind) {
        case Kind::boolean:
            return bus_flag(node.text == "true");
        case Kind::number: {
            const auto number = read_number(node.text, signature.front());
            if (!number)
                return mismatch(oci::quote(node.text) + " is not a number of type " + oci::quote(signature));
            return BusValue{.signature = signature, .number = *number};
        }
        case Kind::text:
            if ((signature == "o" && !is_object_path(node.text)) ||
                (signature == "g" && !node.text.empty() && split_signature(node.text).empty()))
                return mismatch(oci::quote(node.text) + " is not a value of type " + oci::quote(signature));
            return BusValue{.signature = signature, .text = node.text};
        case Kind::bytes:
        case Kind::array:
        case Kind::tuple:
        case Kind::dictionary:
        case Kind::entry:
        case Kind::variant:
            return build_container(node, signature);
    }
    return mismatch("unknown kind of value");
}

}  // namespace

Result<BusValue> parse_variant_text(std::string_view text) {
    const VariantNode node = TRY(parse_variant_tree(text));
    const std::string type = TRY(settled_type(node));
    // D-Bus has neither empty structures nor dictionary entries outside of an array.
    if (complete_type_length(type) != type.size())
        return mismatch("the type " + oci::quote(type) + " does not exist in D-Bus");
    return build(node, type);
}

}  // namespace ocirun
