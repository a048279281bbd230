// The syntax of GVariant texts.

#include "runtime/plan/variant_text.hpp"

#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;
using Kind = VariantNode::Kind;

constexpr int deepest_value = 32;

constexpr std::array<std::pair<std::string_view, char>, 12> type_words{{{"boolean", 'b'},
                                                                        {"byte", 'y'},
                                                                        {"int16", 'n'},
                                                                        {"uint16", 'q'},
                                                                        {"int32", 'i'},
                                                                        {"uint32", 'u'},
                                                                        {"handle", 'h'},
                                                                        {"int64", 'x'},
                                                                        {"uint64", 't'},
                                                                        {"double", 'd'},
                                                                        {"objectpath", 'o'},
                                                                        {"signature", 'g'}}};

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.' || c == '_';
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU)); };
    if (code < 0x80U) {
        out += static_cast<char>(code);
    } else if (code < 0x800U) {
        out += static_cast<char>(0xc0U | (code >> 6U));
        tail(0);
    } else if (code < 0x10000U) {
        out += static_cast<char>(0xe0U | (code >> 12U));
        tail(6), tail(0);
    } else {
        out += static_cast<char>(0xf0U | (code >> 18U));
        tail(12), tail(6), tail(0);
    }
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<VariantNode> whole() {
        VariantNode node = TRY(value(0));
        if (peek() != '\0' || at_ < text_.size()) return wrong("something follows the value");
        return node;
    }

private:
    [[nodiscard]] oci::Error wrong(const std::string& what) const {
        return oci::failure(ErrorCode::invalid, what + " at character " + std::to_string(at_ + 1));
    }

    char peek() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    bool take(char expected) {
        if (peek() != expected) return false;
        ++at_;
        return true;
    }

    Result<VariantNode> value(int depth) {
        if (depth > deepest_value) return wrong("the value is nested too deeply");
        switch (peek()) {
            case '[':
                return sequence(Kind::array, ']', depth);
            case '(':
                return sequence(Kind::tuple, ')', depth);
            case '{':
                return braces(depth);
            case '<':
                return variant(depth);
            case '@':
                return annotated(depth);
            case '\'':
            case '"':
                return quoted(Kind::text);
            default:
                return word(depth);
        }
    }

    Result<VariantNode> sequence(Kind kind, char close, int depth) {
        ++at_;
        VariantNode node{.kind = kind};
        while (!take(close)) {
            node.items.push_back(TRY(value(depth + 1)));
            // A tuple of one is written "(1,)".
            if (kind == Kind::tuple && node.items.size() == 1 && peek() != ',')
                return wrong("a ',' is expected after the only element of a tuple");
            if (take(',') && (kind == Kind::tuple || peek() != close)) continue;
            if (peek() != close) return wrong(std::string("',' or '") + close + "' is expected");
        }
        return node;
    }

    Result<VariantNode> braces(int depth) {
        ++at_;
        VariantNode node{.kind = Kind::dictionary};
        if (take('}')) return node;
        for (;;) {
            VariantNode entry{.kind = Kind::entry};
            entry.items.push_back(TRY(value(depth + 1)));
            const bool alone = node.items.empty() && take(',');  // "{key, value}": one entry by itself
            if (!alone && !take(':')) return wrong("':' is expected after the key");
            entry.items.push_back(TRY(value(depth + 1)));
            if (alone) return take('}') ? Result<VariantNode>(entry) : wrong("'}' is expected");
            node.items.push_back(std::move(entry));
            if (take('}')) return node;
            if (!take(',')) return wrong("',' or '}' is expected");
        }
    }

    Result<VariantNode> variant(int depth) {
        ++at_;
        VariantNode node{.kind = Kind::variant};
        node.items.push_back(TRY(value(depth + 1)));
        if (!take('>')) return wrong("'>' is expected");
        return node;
    }

    /// The type that the text says may be said once.
    Result<VariantNode> typed(std::string type, int depth) {
        VariantNode node = TRY(value(depth + 1));
        if (!node.type.empty() && node.type != type) return wrong("the value has two types");
        node.type = std::move(type);
        return node;
    }

    Result<VariantNode> annotated(int depth) {
        ++at_;
        const std::size_t length = complete_type_length(text_.substr(at_));
        if (length == 0) return wrong("a D-Bus type is expected after '@'");
        std::string type(text_.substr(at_, length));
        at_ += length;
        return typed(std::move(type), depth);
    }

    Result<VariantNode> word(int depth) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_word(text_[at_])) ++at_;
        const std::string_view found = text_.substr(begin, at_ - begin);
        if (found.empty())
            return wrong(begin < text_.size() ? "unexpected character " + oci::quote(text_.substr(begin, 1))
                                              : "a value is expected");
        if (found == "true" || found == "false")
            return VariantNode{.kind = Kind::boolean, .text = std::string(found)};
        if (found == "b" && at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"'))
            return quoted(Kind::bytes);
        if (found == "string") return typed("s", depth);
        for (const auto& [name, type] : type_words)
            if (found == name) return typed(std::string(1, type), depth);
        if (found == "just" || found == "nothing") return wrong("D-Bus has no maybe types");
        const bool number = found.find_first_of("0123456789") != std::string_view::npos || found == "inf" ||
                            found == "-inf" || found == "nan";
        if (!number) return wrong("unknown word " + oci::quote(found));
        return VariantNode{.kind = Kind::number, .text = std::string(found)};
    }

    Result<VariantNode> quoted(Kind kind) {
        const char quote = text_[at_++];
        VariantNode node{.kind = kind};
        while (at_ < text_.size() && text_[at_] != quote) {
            if (text_[at_] == '\\') {
                TRY(escape(node));
            } else {
                node.text += text_[at_++];
            }
        }
        if (at_ == text_.size()) return wrong("the string has no end");
        ++at_;
        if (kind == Kind::text && (!oci::is_utf8(node.text) || node.text.find('\0') != std::string::npos))
            return wrong("the string is not UTF-8 without zero bytes");
        return node;
    }

    /// The digits of a numeric escape, `least` to `most` of them.
    Result<std::uint32_t> digits(std::size_t least, std::size_t most, int base) {
        std::size_t length = 0;
        std::optional<std::uint32_t> code;
        while (length < most && at_ + length < text_.size()) {
            const auto longer = oci::parse_integer<std::uint32_t>(text_.substr(at_, length + 1), base);
            if (!longer || text_[at_] == '-') break;
            code = longer;
            ++length;
        }
        if (!code || length < least) return wrong("digits are missing in an escape");
        at_ += length;
        return *code;
    }

    Result<void> escape(VariantNode& node) {
        if (++at_ == text_.size()) return wrong("the string ends inside an escape");
        const char letter = text_[at_];
        if (node.kind == Kind::bytes && letter >= '0' && letter <= '7') {
            const std::uint32_t code = TRY(digits(1, 3, 8));
            if (code > 0xffU) return wrong("an octal escape is larger than a byte");
            node.text += static_cast<char>(code);
            return {};
        }
        ++at_;
        if (node.kind == Kind::text && (letter == 'u' || letter == 'U')) {
            const std::size_t length = letter == 'u' ? 4 : 8;
            const std::uint32_t code = TRY(digits(length, length, 16));
            if (code == 0 || code > 0x10ffffU || (code >= 0xd800U && code < 0xe000U))
                return wrong("an escape names no character");
            append_utf8(node.text, code);
            return {};
        }
        constexpr std::string_view letters = "abfnrtv", controls = "\a\b\f\n\r\t\v";
        const std::size_t known = letters.find(letter);
        if (letter != '\n') node.text += known == std::string_view::npos ? letter : controls[known];
        return {};
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

Result<VariantNode> parse_variant_tree(std::string_view text) {
    return Parser(text).whole();
}

}  // namespace ocirun
