#pragma once
// What several commands read from their options and environment, and how they print.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/command_line.hpp"
#include "base/result.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/image_place.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/image/platform.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg {

/// The image that a command works on, and the other arguments it was given.
struct ImageArguments {
    ImagePlace place;
    std::vector<std::string> others;
};

/// Reads the image: the value of --image (bare names are LAYOUT:TAG), else the first argument (bare names are
/// of the default store). `others` says how many arguments follow it; a wrong number is an error.
oci::Result<ImageArguments> image_arguments(const oci::cli::Values& values, std::size_t others = 0);

/// A name in the place of an argument: of the default store unless it is a path, a layout or has a transport.
oci::Result<ImagePlace> place_argument(const std::string& text);

/// Opens a place to read one of its images: in a registry with the options of remote_options() and
/// --platform.
oci::Result<OpenedPlace> open_to_read(const ImagePlace& place, const oci::cli::Values& values,
                                      bool documents_only = false);

/// An image that is read, in its layout.
struct ImageToRead {
    Layout layout;
    FoundImage image;
};
/// Opens a place and finds the image in it, with --platform where there is a choice.
oci::Result<ImageToRead> open_image_to_read(const ImagePlace& place, const oci::cli::Values& values);

/// The tag that a changed image gets in its place: --tag, else the one it was found by. None is an error.
oci::Result<std::string> new_tag_argument(const oci::cli::Values& values, const ImagePlace& place);

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
