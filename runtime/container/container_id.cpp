#include "runtime/container/container_id.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ocirun {

namespace {

constexpr std::size_t longest_id = 1024;

bool is_allowed(char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '.' || c == '-';
}

}  // namespace

oci::Result<void> check_container_id(const std::string& id) {
    const bool shape = !id.empty() && id.size() <= longest_id && id.front() != '.' &&
                       std::all_of(id.begin(), id.end(), is_allowed);
    if (shape) return {};
    return oci::failure(oci::ErrorCode::invalid,
                        "invalid container ID format: " + oci::quote(id) +
                            ": allowed are letters, digits and _ + . -, not beginning with a dot");
}

}  // namespace ocirun
