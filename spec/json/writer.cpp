#include "spec/json/writer.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace oci::spec {

namespace {

template <class T>
std::string number_text(T value) {
    std::array<char, 40> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} ? std::string(digits.data(), end) : std::string("0");
}

void append_escaped(std::string& out, char c) {
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
        out += c;
        return;
    }
    out += "\\u00";
    out += hexadecimal[byte >> 4U];
    out += hexadecimal[byte & 15U];
}

}  // namespace

void JsonWriter::key(std::string_view name) {
    string(name);
    text_ += indent_.empty() ? ":" : ": ";
    after_key_ = true;
}

void JsonWriter::string(std::string_view text) {
    before_value();
    text_ += '"';
    for (const char c : text) append_escaped(text_, c);
    text_ += '"';
}

void JsonWriter::number(std::int64_t value) {
    token(number_text(value));
}
void JsonWriter::number(std::uint64_t value) {
    token(number_text(value));
}
void JsonWriter::number(double value) {
    token(number_text(value));
}

std::string JsonWriter::take() {
    depth_ = 0;
    first_ = true;
    after_key_ = false;
    return std::exchange(text_, {});
}

void JsonWriter::open(char bracket) {
    before_value();
    text_ += bracket;
    ++depth_;
    first_ = true;
}

void JsonWriter::close(char bracket) {
    --depth_;
    if (!first_) new_line();
    text_ += bracket;
    first_ = false;
}

void JsonWriter::token(std::string_view text) {
    before_value();
    text_ += text;
}

void JsonWriter::before_value() {
    if (std::exchange(after_key_, false)) return;
    if (depth_ > 0) {
        if (!first_) text_ += ',';
        new_line();
    }
    first_ = false;
}

void JsonWriter::new_line() {
    if (indent_.empty()) return;
    text_ += '\n';
    for (std::size_t i = 0; i < depth_; ++i) text_ += indent_;
}

}  // namespace oci::spec
