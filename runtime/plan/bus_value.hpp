#pragma once
// A value of the D-Bus type system, as systemd takes the properties of a unit. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocirun {

/// `signature` is one complete D-Bus type and says which of the other members counts.
struct BusValue {
    std::string signature;
    std::uint64_t number = 0;       // y b n q i u x t h: two's complement; d: the bit pattern
    std::string text{};             // s o g
    std::vector<BusValue> items{};  // a ( {; exactly one in a variant (v)

    friend bool operator==(const BusValue&, const BusValue&) = default;
};

BusValue bus_text(std::string text);
BusValue bus_flag(bool value);
BusValue bus_uint32(std::uint32_t value);
BusValue bus_uint64(std::uint64_t value);
BusValue bus_bytes(std::string_view bytes);
BusValue bus_array(const std::string& element, std::vector<BusValue> items);
BusValue bus_struct(std::vector<BusValue> items);
BusValue bus_variant(BusValue value);

/// How long the complete type at the beginning of a signature is; 0 if there is none.
std::size_t complete_type_length(std::string_view signature);
/// The complete types that a signature, or the inside of a structure, consists of; nothing fits: empty.
std::vector<std::string> split_signature(std::string_view signature);

/// "uint64 5", "['a', 'b']": the value as people write it, for `plan` and for errors.
std::string to_text(const BusValue& value);

}  // namespace ocirun
