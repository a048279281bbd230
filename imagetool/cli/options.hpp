#pragma once
// The options that the tables of several commands share.

#include "base/command_line.hpp"

namespace ocimg {

/// An option with one value, one that may be repeated, and one without a value.
oci::cli::Option value_option(const char* name, const char* value_name, const char* help);
oci::cli::Option list_option(const char* name, const char* value_name, const char* help);
oci::cli::Option switch_option(const char* name, const char* help);

/// --image LAYOUT:TAG
oci::cli::Option image_option(const char* help);

/// --platform OS/ARCH[/VARIANT], of a command that reads one image.
oci::cli::Option platform_option();

/// --tag TAG and --json, of a command that writes an image.
oci::cli::Option new_tag_option();
oci::cli::Option written_json_option();
/// --layer-cache DIR
oci::cli::Option layer_cache_option();

/// --created TIME
oci::cli::Option created_option();

}  // namespace ocimg
