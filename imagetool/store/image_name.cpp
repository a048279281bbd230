#include "imagetool/store/image_name.hpp"

#include "base/text.hpp"
#include "spec/image/reference.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

Result<ImageName> parse_image_name(std::string_view text) {
    const std::size_t colon = text.find(':');
    ImageName name{.layout = std::string(text.substr(0, colon)), .tag = {}};
    const bool has_tag = colon != std::string_view::npos;
    if (has_tag) name.tag = text.substr(colon + 1);
    if (name.layout.empty() || (has_tag && name.tag.empty())) {
        return failure(ErrorCode::invalid, quote(text) + " does not name an image: expected LAYOUT:TAG");
    }
    return name;
}

Result<void> check_new_tag(std::string_view tag) {
    if (oci::spec::is_ref_name(tag)) return {};
    return failure(ErrorCode::invalid,
                   quote(tag) +
                       " cannot be a tag: letters and digits, with single - . _ : @ + / or -- "
                       "between them, are allowed");
}

}  // namespace ocimg
