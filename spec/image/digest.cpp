#include "spec/image/digest.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace oci::spec {

namespace {

bool is_lower_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_component(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

bool is_separator(char c) {
    return c == '+' || c == '.' || c == '_' || c == '-';
}

bool is_encoded(char c) {
    return is_component(c) || (c >= 'A' && c <= 'Z') || c == '=' || c == '_' || c == '-';
}

/// algorithm-component (algorithm-separator algorithm-component)*
bool is_algorithm(std::string_view text) {
    bool component_before = false;
    for (const char c : text) {
        if (is_separator(c)) {
            if (!component_before) return false;
            component_before = false;
        } else if (is_component(c)) {
            component_before = true;
        } else {
            return false;
        }
    }
    return component_before;
}

/// The length of the hex digits of a registered algorithm; 0 for any other.
std::size_t registered_length(std::string_view algorithm) {
    if (algorithm == "sha256" || algorithm == "blake3") return 64;
    if (algorithm == "sha512") return 128;
    return 0;
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
    const auto bad = [&](const std::string& why) {
        return failure(ErrorCode::invalid, quote(text) + " is not a digest: " + why);
    };
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return bad("expected ALGORITHM:ENCODED, as in \"sha256:...\"");
    const std::string_view algorithm = text.substr(0, colon);
    const std::string_view encoded = text.substr(colon + 1);
    if (!is_algorithm(algorithm)) return bad("the algorithm may hold a-z, 0-9 and single + . _ - between");
    if (encoded.empty() || !std::all_of(encoded.begin(), encoded.end(), is_encoded)) {
        return bad("the encoded part may hold a-z, A-Z, 0-9, =, _ and - and must not be empty");
    }
    const std::size_t length = registered_length(algorithm);
    if (length != 0 &&
        (encoded.size() != length || !std::all_of(encoded.begin(), encoded.end(), is_lower_hex))) {
        return bad(std::string(algorithm) + " needs " + std::to_string(length) + " lower-case hex digits");
    }
    return Digest(std::string(text), colon);
}

}  // namespace oci::spec
