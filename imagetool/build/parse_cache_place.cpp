#include <map>

#include "base/text.hpp"
#include "imagetool/build/cache_exchange.hpp"
#include "imagetool/dockerfile/mount_option.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

using Fields = std::map<std::string, std::string>;

Result<Fields> parse_fields(const std::string& text) {
    Fields fields;
    for (const std::string& field : TRY(dockerfile::comma_separated(text))) {
        const std::size_t equals = field.find('=');
        const std::string name = oci::to_lower(field.substr(0, equals));
        static const std::vector<std::string> known = {"type", "ref", "src", "dest", "tag", "mode"};
        if (equals == std::string::npos || std::find(known.begin(), known.end(), name) == known.end())
            return failure(ErrorCode::invalid,
                           "found " + quote(field) + ", allowed are type, ref, src, dest, tag and mode");
        fields[name] = field.substr(equals + 1);
    }
    return fields;
}

Result<ImagePlace> registry_name(const std::string& name) {
    return parse_image_place("docker://" + name, BareName::store, is_layout_directory);
}

Result<ImagePlace> place_of(Fields fields) {
    // What BuildKit calls max: steps of every stage. There is no other.
    if (!fields["mode"].empty() && fields["mode"] != "max")
        return failure(ErrorCode::invalid, "mode: found " + quote(fields["mode"]) + ", allowed is max");
    if (fields["type"] == "registry") {
        if (fields["ref"].empty())
            return failure(ErrorCode::invalid, "ref, a name in a registry, is missing");
        return registry_name(fields["ref"]);
    }
    if (fields["type"] != "local")
        return failure(ErrorCode::invalid,
                       "type: found " + quote(fields["type"]) + ", allowed are registry and local");
    const std::string path = fields["src"].empty() ? fields["dest"] : fields["src"];
    if (path.empty()) return failure(ErrorCode::invalid, "src or dest, the path of a layout, is missing");
    return ImagePlace{.kind = PlaceKind::layout,
                      .path = path,
                      .tag = fields["tag"].empty() ? "cache" : fields["tag"],
                      .digest = std::nullopt,
                      .reference = std::nullopt,
                      .text = path};
}

}  // namespace

Result<ImagePlace> parse_cache_place(const std::string& text) {
    if (text.find('=') != std::string::npos) return place_of(TRY(parse_fields(text)));
    ImagePlace place = TRY(parse_image_place(text, BareName::store, is_layout_directory));
    if (place.kind == PlaceKind::store) return registry_name(text);
    if (place.kind == PlaceKind::layout && place.tag.empty() && !place.digest.has_value())
        place.tag = "cache";
    return place;
}

}  // namespace ocimg::build
