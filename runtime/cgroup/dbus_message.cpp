#include "runtime/cgroup/dbus_message.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::Result;

constexpr std::size_t header_size = 16;  // up to and including the length of the field array
constexpr int deepest_value = 64;

enum Field : std::uint64_t {
    field_path = 1,
    field_interface,
    field_member,
    field_error_name,
    field_reply_serial,
    field_destination,
    field_sender,
    field_signature,
};

constexpr std::size_t width_of(char type) {
    switch (type) {
        case 'y':
            return 1;
        case 'n':
        case 'q':
            return 2;
        case 'b':
        case 'i':
        case 'u':
        case 'h':
            return 4;
        case 'x':
        case 't':
        case 'd':
            return 8;
        default:
            return 0;
    }
}

constexpr std::size_t alignment_of(char type) {
    if (const std::size_t width = width_of(type); width != 0) return width;
    if (type == '(' || type == '{') return 8;
    return type == 'v' || type == 'g' ? 1 : 4;
}

std::size_t padded(std::size_t size, std::size_t alignment) {
    return (size + alignment - 1) / alignment * alignment;
}

std::uint64_t sign_extended(std::uint64_t word, char type) {
    if (type == 'n') return static_cast<std::uint64_t>(static_cast<std::int16_t>(word));
    if (type == 'i') return static_cast<std::uint64_t>(static_cast<std::int32_t>(word));
    return word;
}

class Encoder {
public:
    std::string out;

    void pad(std::size_t alignment) { out.resize(padded(out.size(), alignment), '\0'); }

    void number(std::uint64_t word, std::size_t width) {
        pad(width);
        for (std::size_t i = 0; i < width; ++i) {
            const std::size_t place = std::endian::native == std::endian::little ? i : width - 1 - i;
            out += static_cast<char>(word >> (8U * place) & 0xffU);
        }
    }

    void value(const BusValue& value) {
        const char type = value.signature.front();
        if (const std::size_t width = width_of(type); width != 0) return number(value.number, width);
        switch (type) {
            case 's':
            case 'o':
                number(value.text.size(), 4);
                out.append(value.text.c_str(), value.text.size() + 1);
                return;
            case 'g':
                return signature(value.text);
            case 'v':
                signature(value.items.front().signature);
                return this->value(value.items.front());
            case 'a':
                return array(value);
            default:
                pad(8);
                for (const BusValue& item : value.items) this->value(item);
        }
    }

private:
    void signature(const std::string& text) {
        out += static_cast<char>(text.size());
        out.append(text.c_str(), text.size() + 1);
    }

    void array(const BusValue& value) {
        number(0, 4);
        const std::size_t length_at = out.size() - 4;
        pad(alignment_of(value.signature[1]));
        const std::size_t begin = out.size();
        for (const BusValue& item : value.items) this->value(item);
        const auto length = static_cast<std::uint32_t>(out.size() - begin);
        std::memcpy(out.data() + length_at, &length, sizeof length);
    }
};

BusValue field(std::uint64_t code, BusValue value) {
    return bus_struct({{.signature = "y", .number = code}, bus_variant(std::move(value))});
}

BusValue header_fields(const DbusMessage& message) {
    std::vector<BusValue> fields;
    const auto add = [&](Field code, const char* type, const std::string& text) {
        if (!text.empty()) fields.push_back(field(code, {.signature = type, .text = text}));
    };
    add(field_path, "o", message.path);
    add(field_interface, "s", message.interface);
    add(field_member, "s", message.member);
    add(field_error_name, "s", message.error_name);
    add(field_destination, "s", message.destination);
    if (message.answers != 0) fields.push_back(field(field_reply_serial, bus_uint32(message.answers)));
    std::string signature;
    for (const BusValue& value : message.body) signature += value.signature;
    add(field_signature, "g", signature);
    return bus_array("(yv)", std::move(fields));
}

oci::Error malformed(const char* what) {
    return oci::failure(std::string("malformed D-Bus message: ") + what);
}

class Decoder {
public:
    Decoder(std::string_view data, bool swapped) : data_(data), swapped_(swapped) {}

    [[nodiscard]] bool at_end() const { return at_ == data_.size(); }

    Result<void> pad(std::size_t alignment) {
        const std::size_t next = padded(at_, alignment);
        if (next > data_.size()) return malformed("it ends too early");
        at_ = next;
        return {};
    }

    Result<std::uint64_t> number(std::size_t width) {
        TRY(pad(width));
        if (data_.size() - at_ < width) return malformed("it ends too early");
        std::uint64_t word = 0;
        const bool low_first = (std::endian::native == std::endian::little) != swapped_;
        for (std::size_t i = 0; i < width; ++i) {
            const std::size_t place = low_first ? i : width - 1 - i;
            word |= std::uint64_t{static_cast<unsigned char>(data_[at_ + i])} << (8U * place);
        }
        at_ += width;
        return word;
    }

    Result<BusValue> value(const std::string& type, int depth) {
        if (depth > deepest_value) return malformed("it is nested too deeply");
        BusValue value{.signature = type};
        if (const std::size_t width = width_of(type.front()); width != 0) {
            value.number = sign_extended(TRY(number(width)), type.front());
            return value;
        }
        switch (type.front()) {
            case 's':
            case 'o':
                value.text = TRY(text(TRY(number(4))));
                return value;
            case 'g':
                value.text = TRY(text(TRY(number(1))));
                return value;
            case 'v': {
                const std::string inner = TRY(text(TRY(number(1))));
                if (inner.empty() || complete_type_length(inner) != inner.size())
                    return malformed("a variant has no type");
                value.items.push_back(TRY(this->value(inner, depth + 1)));
                return value;
            }
            case 'a':
                TRY(array(value, depth));
                return value;
            default:
                TRY(pad(8));
                for (const std::string& member :
                     split_signature(std::string_view(type).substr(1, type.size() - 2)))
                    value.items.push_back(TRY(this->value(member, depth + 1)));
                return value;
        }
    }

private:
    Result<std::string> text(std::uint64_t length) {
        if (length >= data_.size() - at_) return malformed("a string is longer than the message");
        std::string text(data_.substr(at_, static_cast<std::size_t>(length)));
        at_ += static_cast<std::size_t>(length);
        if (data_[at_++] != '\0') return malformed("a string has no end");
        return text;
    }

    Result<void> array(BusValue& value, int depth) {
        const std::uint64_t length = TRY(number(4));
        const std::string element = value.signature.substr(1);
        TRY(pad(alignment_of(element.front())));
        if (length > data_.size() - at_) return malformed("an array is longer than the message");
        const std::size_t end = at_ + static_cast<std::size_t>(length);
        while (at_ < end) value.items.push_back(TRY(this->value(element, depth + 1)));
        return at_ == end ? Result<void>() : malformed("an array ends inside an element");
    }

    std::string_view data_;
    bool swapped_;
    std::size_t at_ = 0;
};

constexpr char native_mark = std::endian::native == std::endian::little ? 'l' : 'B';

void take_field(DbusMessage& message, std::string& signature, const BusValue& entry) {
    const BusValue& value = entry.items[1].items.front();
    switch (entry.items[0].number) {
        case field_path:
            message.path = value.text;
            return;
        case field_interface:
            message.interface = value.text;
            return;
        case field_member:
            message.member = value.text;
            return;
        case field_error_name:
            message.error_name = value.text;
            return;
        case field_reply_serial:
            message.answers = static_cast<std::uint32_t>(value.number);
            return;
        case field_destination:
            message.destination = value.text;
            return;
        case field_signature:
            signature = value.text;
            return;
        default:
            return;  // fields of later versions are to be ignored
    }
}

}  // namespace

std::string encode_dbus(const DbusMessage& message) {
    Encoder body;
    for (const BusValue& value : message.body) body.value(value);
    Encoder whole;
    whole.out += native_mark;
    whole.out += static_cast<char>(message.type);
    whole.out += '\0';  // flags: an answer is wanted
    whole.out += '\1';  // version
    whole.number(body.out.size(), 4);
    whole.number(message.serial, 4);
    whole.value(header_fields(message));
    whole.pad(8);
    return whole.out + body.out;
}

Result<std::optional<std::size_t>> dbus_size(std::string_view data) {
    if (data.size() < header_size) return std::optional<std::size_t>();
    if (data[0] != 'l' && data[0] != 'B') return malformed("it has no byte order");
    Decoder decoder(data.substr(4, header_size - 4), data[0] != native_mark);
    const std::uint64_t body = TRY(decoder.number(4));
    TRY(decoder.number(4));
    const std::uint64_t fields = TRY(decoder.number(4));
    if (body > dbus_size_limit || fields > dbus_size_limit) return malformed("it is too large");
    return std::optional(padded(header_size + static_cast<std::size_t>(fields), 8) +
                         static_cast<std::size_t>(body));
}

Result<DbusMessage> decode_dbus(std::string_view data) {
    const auto size = TRY(dbus_size(data));
    if (!size || *size != data.size()) return malformed("its length is wrong");
    if (data[3] != 1) return malformed("it is of another version of the protocol");
    Decoder decoder(data, data[0] != native_mark);
    TRY(decoder.number(4));
    TRY(decoder.number(4));
    DbusMessage message;
    message.type = static_cast<DbusType>(data[1]);
    message.serial = static_cast<std::uint32_t>(TRY(decoder.number(4)));
    std::string signature;
    for (const BusValue& entry : TRY(decoder.value("a(yv)", 0)).items) take_field(message, signature, entry);
    TRY(decoder.pad(8));
    const std::vector<std::string> types = split_signature(signature);
    if (types.empty() && !signature.empty()) return malformed("its signature is wrong");
    for (const std::string& type : types) message.body.push_back(TRY(decoder.value(type, 0)));
    if (!decoder.at_end()) return malformed("something follows its body");
    return message;
}

}  // namespace ocirun
