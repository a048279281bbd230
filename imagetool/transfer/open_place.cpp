#include "imagetool/transfer/open_place.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/archive/temporary_file.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/remote/remote_access.hpp"
#include "imagetool/store/host_platform.hpp"
#include "imagetool/store/tags.hpp"
#include "imagetool/transfer/copy_image.hpp"
#include "imagetool/transfer/layout_target.hpp"
#include "imagetool/transfer/open_endpoints.hpp"
#include "imagetool/transfer/pull_reference.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

Result<Layout> open_layout(const ImagePlace& place, Access access) {
    return access == Access::create ? Layout::open_or_create(place.path) : Layout::open(place.path);
}

Result<Layout> open_store(const ImagePlace& place, Access access) {
    auto store = open_default_store(access);
    if (store || store.error().code != ErrorCode::not_found) return store;
    return failure(ErrorCode::not_found, "there is no image " + quote(place.text) + ": the store " +
                                             quote(TRY(default_store_path())) + " is empty");
}

/// A word of hex digits is a name of the store, but when there is none it may begin a digest.
Result<void> prefer_digest(OpenedPlace& opened, const std::string& digits) {
    const oci::spec::ImageIndex index = TRY(opened.layout.index());
    const std::vector<std::string> tags = tags_of(index);
    if (std::find(tags.begin(), tags.end(), opened.query.tag) != tags.end()) return {};
    auto digest = find_by_digits(index, digits);
    if (!digest) return digest.error().code == ErrorCode::not_found ? Result<void>() : digest.error();
    opened.query = {.tag = {}, .platform = std::nullopt, .digest = std::move(*digest)};
    return {};
}

/// A layout that is removed with the last value that knows of it.
class TemporaryLayout {
public:
    explicit TemporaryLayout(std::string path) : path_(std::move(path)) {}
    ~TemporaryLayout() {
        const std::size_t slash = path_.rfind('/');
        const auto parent = oci::open_file(path_.substr(0, slash), O_RDONLY | O_DIRECTORY);
        // What cannot be removed stays in the directory for temporary files.
        if (parent) static_cast<void>(oci::remove_tree(*parent, path_.substr(slash + 1)).has_value());
    }
    TemporaryLayout(const TemporaryLayout&) = delete;
    TemporaryLayout& operator=(const TemporaryLayout&) = delete;

private:
    std::string path_;
};

/// Copies the image into a layout that goes with the last value that knows of it.
Result<Layout> copy_to_look_at(const ImagePlace& place, RemoteAccess& access, const CopyOptions& options) {
    const auto progress = Progress::open(ProgressStyle::none, {});
    const auto source = TRY(open_source(place, access));
    std::string path = temporary_directory() + "/ocimg-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return oci::last_system_failure("make a temporary directory");
    auto guard = std::make_shared<TemporaryLayout>(path);
    Layout layout = TRY(Layout::create(path));
    // The name in a registry need not be one that a layout takes.
    LayoutTarget target(TRY(Layout::open(path)), place.kind == PlaceKind::registry ? "" : place.tag);
    TRY(copy_image(*source, target, options, *progress).in("read " + quote(place.text)));
    layout.keep_while_open(std::move(guard));
    return layout;
}

Result<Layout> unpack_archive(const ImagePlace& place) {
    RemoteAccess nowhere(RemoteOptions{});
    return copy_to_look_at(place, nowhere, {});
}

/// What is in a registry is read by way of the store, unless its documents are enough.
Result<Layout> fetch_from_registry(const ImagePlace& place, const RegistryReading& reading) {
    RemoteAccess access(reading.remote);
    CopyOptions options;
    options.platforms = {reading.platform.value_or(host_platform())};
    options.layers = !reading.documents_only;
    if (reading.documents_only) return copy_to_look_at(place, access, options);
    const auto progress = Progress::open(ProgressStyle::lines, oci::BorrowedFd(STDERR_FILENO));
    TRY(pull_reference(*place.reference, access, options, *progress).in("pull " + place.reference->text()));
    return open_default_store(Access::read);
}

Result<Layout> open_elsewhere(const ImagePlace& place, Access access, const RegistryReading& reading) {
    if (access == Access::read) {
        return place.kind == PlaceKind::registry ? fetch_from_registry(place, reading)
                                                 : unpack_archive(place);
    }
    const char* const kind = place.kind == PlaceKind::registry ? "a registry" : "an archive";
    return failure(ErrorCode::unsupported, quote(place.text) + " is in " + kind +
                                               ", where images are not changed: copy it into a layout first");
}

}  // namespace

Result<OpenedPlace> open_image_place(const ImagePlace& place, Access access, const RegistryReading& reading) {
    const auto open = [&]() -> Result<Layout> {
        switch (place.kind) {
            case PlaceKind::layout:
                return open_layout(place, access);
            case PlaceKind::store:
                return open_store(place, access);
            case PlaceKind::oci_archive:
            case PlaceKind::docker_archive:
            case PlaceKind::registry:
                break;
        }
        return open_elsewhere(place, access, reading);
    };
    ImageQuery query{.tag = place.tag, .platform = std::nullopt, .digest = place.digest};
    if (place.kind == PlaceKind::registry) query.tag = TRY(parse_store_name(place.reference->text())).tag;
    const bool only_one = place.kind == PlaceKind::docker_archive ||
                          (place.kind == PlaceKind::registry && reading.documents_only);
    if (only_one) query = {};
    OpenedPlace opened{TRY(open()), query};
    if (place.kind == PlaceKind::store && access != Access::create && may_be_digits(place.text)) {
        TRY(prefer_digest(opened, place.text));
    }
    return opened;
}

Result<Layout> open_default_store(Access access) {
    const std::string path = TRY(default_store_path());
    if (access != Access::create) return Layout::open(path);
    TRY(oci::make_directories(path, 0700));
    return Layout::open_or_create(path);
}

bool is_layout_directory(const std::string& path) {
    return oci::status_at(oci::current_directory, path + "/oci-layout").has_value();
}

}  // namespace ocimg
