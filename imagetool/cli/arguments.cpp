#include "imagetool/cli/arguments.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
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

Result<ImageName> image_argument(const oci::cli::Values& values, bool needs_tag) {
    if (!values.has("image")) return failure(ErrorCode::invalid, "--image LAYOUT:TAG is required");
    ImageName name = TRY(parse_image_name(values.get("image")));
    if (needs_tag && name.tag.empty()) {
        return failure(ErrorCode::invalid,
                       "--image " + oci::quote(values.get("image")) + " has no tag: expected LAYOUT:TAG");
    }
    return name;
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
