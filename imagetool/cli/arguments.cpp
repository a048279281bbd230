#include "imagetool/cli/arguments.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/image/edit.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

namespace {

std::string epoch_text() {
    const char* const text = ::getenv("SOURCE_DATE_EPOCH");  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

Result<ImagePlace> place_argument(const std::string& text) {
    return parse_image_place(text, BareName::store, is_layout_directory);
}

Result<ImageArguments> image_arguments(const oci::cli::Values& values, std::size_t others) {
    ImageArguments arguments{.place = {}, .others = values.arguments()};
    if (values.has("image")) {
        arguments.place = TRY(parse_image_place(values.get("image"), BareName::layout, is_layout_directory));
    } else if (arguments.others.size() > others) {
        arguments.place = TRY(place_argument(arguments.others.front()));
        arguments.others.erase(arguments.others.begin());
    } else {
        return failure(ErrorCode::invalid, "no image is named: give IMAGE, or --image LAYOUT:TAG");
    }
    if (arguments.others.size() == others) return arguments;
    return failure(ErrorCode::invalid, "expected " + oci::count_of(others, "argument") +
                                           " besides the image, found " +
                                           std::to_string(arguments.others.size()));
}

Result<OpenedPlace> open_to_read(const ImagePlace& place, const oci::cli::Values& values,
                                 bool documents_only) {
    const auto platform = TRY(platform_argument(values));
    RegistryReading reading{.remote = {}, .platform = platform, .documents_only = documents_only};
    if (place.kind == PlaceKind::registry) reading.remote = TRY(read_remote_options(values));
    OpenedPlace opened = TRY(open_image_place(place, Access::read, reading));
    opened.query.platform = platform;
    return opened;
}

Result<ImageToRead> open_image_to_read(const ImagePlace& place, const oci::cli::Values& values) {
    auto [layout, query] = TRY(open_to_read(place, values));
    FoundImage image = TRY(find_image(layout, query));
    return ImageToRead{std::move(layout), std::move(image)};
}

Result<std::string> new_tag_argument(const oci::cli::Values& values, const ImagePlace& place) {
    std::string tag = place.tag;
    if (values.has("tag")) {
        tag = values.get("tag");
        if (place.kind == PlaceKind::store) tag = TRY(parse_store_name(tag).in("--tag")).tag;
    }
    if (tag.empty()) {
        return failure(
            ErrorCode::invalid,
            oci::quote(place.text) + " has no tag for the new image: expected LAYOUT:TAG, or --tag");
    }
    TRY(check_new_tag(tag));
    return tag;
}

Result<std::optional<oci::spec::Platform>> platform_argument(const oci::cli::Values& values) {
    if (!values.has("platform")) return std::optional<oci::spec::Platform>();
    return std::optional(TRY(oci::spec::parse_platform(values.get("platform")).in("--platform")));
}

Result<oci::spec::Timestamp> creation_time(const oci::cli::Values& values) {
    if (values.has("created")) return oci::spec::parse_timestamp(values.get("created")).in("--created");
    return timestamp_of_epoch(epoch_text());
}

Result<std::optional<std::int64_t>> source_date_epoch() {
    const std::string text = epoch_text();
    if (text.empty()) return std::optional<std::int64_t>();
    return std::optional(TRY(timestamp_of_epoch(text)).seconds);
}

std::string printable(std::string_view text) {
    const bool plain = std::none_of(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
    return plain && oci::is_utf8(text) ? std::string(text) : oci::quote(text);
}

Result<void> print(std::string_view text) {
    return oci::write_all(oci::BorrowedFd(STDOUT_FILENO), text).in("write to standard output");
}

void warn(std::string_view text) {
    // Nobody can be told when even this fails.
    static_cast<void>(
        oci::write_all(oci::BorrowedFd(STDERR_FILENO), "ocimg: warning: " + std::string(text) + "\n"));
}

}  // namespace ocimg
