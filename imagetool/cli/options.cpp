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

Option created_option() {
    return value_option("created", "TIME",
                        "creation time by RFC 3339 (default: SOURCE_DATE_EPOCH, else 1970)");
}

}  // namespace ocimg
