#include "imagetool/dockerfile/check_options.hpp"

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

void read_rules(std::string_view value, bool& all, std::set<std::string, std::less<>>& names) {
    for (const std::string& part : oci::split(value, ',')) {
        const std::string name = oci::to_lower(oci::trim(part));
        if (name == "all") {
            all = true;
        } else if (!name.empty()) {
            names.insert(name);
        }
    }
}

}  // namespace

Result<CheckOptions> parse_check_options(std::string_view text) {
    CheckOptions options;
    if (oci::trim(text).empty()) return options;
    for (const std::string& part : oci::split(text, ';')) {
        const std::size_t equals = part.find('=');
        const std::string_view key = oci::trim(std::string_view(part).substr(0, equals));
        const std::string_view value =
            equals == std::string::npos ? "" : oci::trim(std::string_view(part).substr(equals + 1));
        if (key == "skip") {
            read_rules(value, options.skip_all, options.skipped);
        } else if (key == "experimental") {
            read_rules(value, options.all_experimental, options.experimental);
        } else if (key == "error" && (value == "true" || value == "false")) {
            options.warnings_are_errors = value == "true";
        } else {
            return oci::failure(oci::ErrorCode::invalid,
                                quote(part) +
                                    " is no option of check: skip=RULES, error=true|false and "
                                    "experimental=RULES are");
        }
    }
    return options;
}

}  // namespace ocimg::dockerfile
