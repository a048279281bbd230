#pragma once
// The text format of GVariant ("uint64 5", "['a', 'b']", "@as []", "<(1, true)>") as D-Bus values: what the
// org.systemd.property.* annotations hold. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "runtime/plan/bus_value.hpp"

namespace ocirun {

/// The text as a tree, before types are settled.
struct VariantNode {
    enum class Kind { boolean, number, text, bytes, array, tuple, dictionary, entry, variant };
    Kind kind = Kind::boolean;
    std::string text{};  // "true", "0x1f", the content of a string
    std::vector<VariantNode> items{};
    std::string type{};  // said by the text itself ("uint32", "@as"); empty: to be inferred
};

/// Syntax alone. Errors say what is wrong at which character.
oci::Result<VariantNode> parse_variant_tree(std::string_view text);
/// The value with its types: those that the text names, else those that its elements share, else int32,
/// double and string. Maybe types ("just 1", "nothing") do not exist in D-Bus and are errors.
oci::Result<BusValue> parse_variant_text(std::string_view text);

}  // namespace ocirun
