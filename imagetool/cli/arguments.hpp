#pragma once
// What several commands read from their options and environment, and how they print.

#include <optional>
#include <string>
#include <string_view>

#include "base/command_line.hpp"
#include "base/result.hpp"
#include "imagetool/store/image_name.hpp"
#include "spec/image/platform.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg {

/// --image, which must be given. With `needs_tag` it must be LAYOUT:TAG, not LAYOUT alone.
oci::Result<ImageName> image_argument(const oci::cli::Values& values, bool needs_tag);

/// --platform, when it is given.
oci::Result<std::optional<oci::spec::Platform>> platform_argument(const oci::cli::Values& values);

/// The time that goes into new images: --created when the command has it and it is given, else
/// SOURCE_DATE_EPOCH, else 1970.
oci::Result<oci::spec::Timestamp> creation_time(const oci::cli::Values& values);

/// SOURCE_DATE_EPOCH, when it is set and not empty.
oci::Result<std::optional<std::int64_t>> source_date_epoch();

/// Text of an image as it may be printed on a terminal: quoted when it holds control characters.
std::string printable(std::string_view text);

/// Writes to standard output; a full disk or a closed pipe is an error.
oci::Result<void> print(std::string_view text);

/// Writes "ocimg: warning: TEXT" to standard error.
void warn(std::string_view text);

}  // namespace ocimg
