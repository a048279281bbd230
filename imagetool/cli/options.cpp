#include "imagetool/cli/options.hpp"

namespace ocimg {

using oci::cli::Option;
using oci::cli::OptionKind;

Option value_option(const char* name, const char* value_name, const char* help) {
    return {.name = name, .kind = OptionKind::value, .value_name = value_name, .help = help};
}

Option list_option(const char* name, const char* value_name, const char* help) {
    return {.name = name, .kind = OptionKind::list, .value_name = value_name, .help = help};
}

Option switch_option(const char* name, const char* help) {
    return {.name = name, .kind = OptionKind::boolean, .help = help};
}

Option image_option(const char* help) {
    Option option = value_option("image", "LAYOUT:TAG", help);
    option.completes = oci::cli::Completes::directories;
    return option;
}

Option platform_option() {
    return value_option("platform", "OS/ARCH[/VARIANT]",
                        "which image, when the tag has several platforms (default: this machine's)");
}

Option new_tag_option() {
    return value_option("tag", "TAG", "write the new image under this tag");
}

Option written_json_option() {
    return switch_option("json", "print the new image's descriptor as JSON");
}

Option layer_cache_option() {
    Option option = value_option("layer-cache", "DIR",
                                 "unpacked layers that bundles share (default: OCIMG_LAYER_CACHE, else "
                                 "/var/lib/ocimg-layers, or below $XDG_CACHE_HOME for users)");
    option.completes = oci::cli::Completes::directories;
    return option;
}

Option created_option() {
    return value_option("created", "TIME",
                        "creation time by RFC 3339 (default: SOURCE_DATE_EPOCH, else 1970)");
}

}  // namespace ocimg
