#include "imagetool/store/layout.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/interruption.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/stream/hashing.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/layout.hpp"
#include "spec/image/media_type.hpp"
#include "spec/image/validate.hpp"

namespace ocimg {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

/// Inside a layout no path needs a link, so none is followed: a layout may come from anywhere.
constexpr oci::Lookup no_links{.follow_last = false, .no_symlinks = true};

/// Opens a regular file of the layout. O_PATH first: a fifo or a device is never opened itself.
Result<Fd> open_regular(BorrowedFd root, const std::string& path) {
    auto place = oci::open_in_root(root, path, O_PATH, 0, no_links);
    if (!place) {
        if (place.error().system_errno == ELOOP) {
            return failure(ErrorCode::invalid,
                           path + " is reached by a symbolic link, which is not followed");
        }
        return place;
    }
    const struct stat status = TRY(oci::status_of(*place));
    if (!S_ISREG(status.st_mode)) return failure(ErrorCode::invalid, path + " is not a regular file");
    return oci::open_file("/proc/self/fd/" + std::to_string(place->get()), O_RDONLY);
}

Result<std::string> read_document(BorrowedFd root, const std::string& path) {
    const Fd file = TRY(open_regular(root, path));
    return oci::read_all(file, document_limit).in(path);
}

Result<Fd> open_or_make_directory(BorrowedFd root, const std::string& path) {
    auto made = oci::make_directory(root, path, 0755);
    if (!made && made.error().code != ErrorCode::exists) return made.error();
    return oci::open_in_root(root, path, O_RDONLY | O_DIRECTORY, 0, no_links);
}

/// What a process that was killed while it replaced a file of the layout's top left there.
bool is_left_by_replacing(const std::string& name) {
    return name.starts_with(".index.json.") || name.starts_with(".oci-layout.");
}

Result<void> fill_new_layout(BorrowedFd root) {
    TRY(open_or_make_directory(root, "blobs"));
    TRY(open_or_make_directory(root, "blobs/sha256"));
    oci::spec::ImageIndex index;
    index.media_type = oci::spec::media_type::index;
    TRY(oci::replace_file(root, "index.json", oci::spec::to_json(index), 0644, oci::Durability::synced));
    const oci::spec::ImageLayout marker{.image_layout_version = oci::spec::layout_version};
    return oci::replace_file(root, "oci-layout", oci::spec::to_json(marker), 0644, oci::Durability::synced);
}

Result<void> remove_left_by_replacing(BorrowedFd root, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (is_left_by_replacing(name)) TRY(oci::remove_file(root, name));
    }
    return {};
}

/// Takes back what fill_new_layout made; what is not there is no error, what does not go away stays.
void empty_directory(BorrowedFd root) {
    for (const char* name : {"oci-layout", "index.json", "blobs"}) {
        if (auto removed = oci::remove_tree(root, name); !removed) return;
    }
}

/// Whether all that is in the directory is what a killed fill_new_layout can have left: no marker, no blobs.
Result<bool> is_begun_layout(BorrowedFd root, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (name != "blobs" && name != "index.json" && !is_left_by_replacing(name)) return false;
    }
    const auto blobs = oci::open_in_root(root, "blobs/sha256", O_RDONLY | O_DIRECTORY, 0, no_links);
    if (!blobs.has_value()) return blobs.error().code == ErrorCode::not_found;
    return TRY(oci::list_directory(*blobs)).empty();
}

Result<LayoutLock> lock_directory(BorrowedFd root) {
    // A descriptor of its own: the lock belongs to the open file, and must end with the LayoutLock.
    Fd directory = TRY(oci::open_at(root, ".", O_RDONLY | O_DIRECTORY));
    while (::flock(directory.get(), LOCK_EX) != 0) {
        if (errno != EINTR) return oci::last_system_failure("lock");
        TRY(oci::check_interruption());
    }
    return LayoutLock(std::move(directory));
}

std::string blob_path(const oci::spec::Digest& digest) {
    return "blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.encoded());
}

}  // namespace

Result<Layout> Layout::open(const std::string& path) {
    const std::string context = "layout " + quote(path);
    auto root = oci::open_file(path, O_RDONLY | O_DIRECTORY);
    if (!root) return failure(root.error().code, context + ": " + oci::errno_text(root.error().system_errno));
    auto marker = read_document(*root, "oci-layout");
    if (!marker) {
        if (marker.error().code != ErrorCode::not_found) return marker.error().in(context);
        return failure(ErrorCode::not_found,
                       quote(path) + " is not an OCI image layout: it has no file \"oci-layout\"");
    }
    const auto layout = TRY(oci::spec::parse_layout(*marker, path + "/oci-layout"));
    if (!layout.image_layout_version.starts_with("1.")) {
        return failure(ErrorCode::unsupported, context + ": oci-layout: imageLayoutVersion: found " +
                                                   quote(layout.image_layout_version) + ", supported is 1.x");
    }
    return Layout(path, std::move(*root));
}

Result<Layout> Layout::create(const std::string& path) {
    const std::string context = "make layout " + quote(path);
    auto made = oci::make_directory(oci::current_directory, path, 0755);
    if (!made && made.error().code != ErrorCode::exists) {
        return failure(made.error().code, context + ": " + oci::errno_text(made.error().system_errno));
    }
    Fd root = TRY(oci::open_file(path, O_RDONLY | O_DIRECTORY).in(context));
    const LayoutLock lock = TRY(lock_directory(root).in(context));
    const std::vector<std::string> names = TRY(oci::list_directory(root).in(context));
    if (!TRY(is_begun_layout(root, names).in(context))) {
        return failure(ErrorCode::exists, context + ": the directory exists and is not empty");
    }
    TRY(remove_left_by_replacing(root, names).in(context));
    if (auto filled = fill_new_layout(root); !filled) {
        empty_directory(root);
        if (made) ::rmdir(path.c_str());
        return filled.error().in(context);
    }
    return Layout(path, std::move(root));
}

Result<Layout> Layout::open_or_create(const std::string& path) {
    // create() waits for whoever is making the same layout, and then finds it there.
    auto created = create(path);
    return created || created.error().code != ErrorCode::exists ? std::move(created) : open(path);
}

Result<LayoutLock> Layout::lock() const {
    return lock_directory(root_).in("layout " + quote(path_));
}

Result<oci::spec::ImageIndex> Layout::index() const {
    const std::string context = "layout " + quote(path_);
    const std::string text = TRY(read_document(root_, "index.json").in(context));
    return oci::spec::parse_index(text, path_ + "/index.json");
}

Result<void> Layout::remove_begun_files(const LayoutLock&) const {
    const std::string context = "layout " + quote(path_);
    return remove_left_by_replacing(root_, TRY(oci::list_directory(root_).in(context))).in(context);
}

Result<void> Layout::replace_index(const LayoutLock&, const oci::spec::ImageIndex& index) const {
    return oci::replace_file(root_, "index.json", oci::spec::to_json(index), 0644, oci::Durability::synced)
        .in("layout " + quote(path_));
}

Result<Fd> Layout::open_blob(const Descriptor& blob) const {
    const std::string context = "layout " + quote(path_);
    const auto digest = TRY(oci::spec::Digest::parse(blob.digest).in(context));
    if (!digest.can_be_verified()) {
        return failure(ErrorCode::unsupported, context + ": blob " + blob.digest +
                                                   " has a digest that cannot be checked: supported are "
                                                   "sha256 and sha512");
    }
    auto file = open_regular(root_, blob_path(digest));
    if (!file) {
        if (file.error().code != ErrorCode::not_found) return file.error().in(context);
        return failure(ErrorCode::not_found, context + ": blob " + blob.digest + " is missing");
    }
    const struct stat status = TRY(oci::status_of(*file));
    if (status.st_size != blob.size) {
        const char* const kind = status.st_size < blob.size ? "truncated" : "too long";
        return failure(ErrorCode::invalid, context + ": blob " + blob.digest + " is " + kind + ": it has " +
                                               std::to_string(status.st_size) +
                                               " bytes, its descriptor says " + std::to_string(blob.size));
    }
    return file;
}

Result<std::string> Layout::read_blob(const Descriptor& blob) const {
    const std::string context = "layout " + quote(path_);
    if (blob.size < 0 || static_cast<std::uint64_t>(blob.size) > document_limit) {
        return failure(ErrorCode::invalid,
                       context + ": blob " + blob.digest + " has " + std::to_string(blob.size) +
                           " bytes by its descriptor; a document may have " + std::to_string(document_limit));
    }
    const Fd file = TRY(open_blob(blob));
    FileSource source(file);
    const auto verified =
        TRY(VerifyingSource::open(source, blob.digest, static_cast<std::uint64_t>(blob.size)).in(context));
    std::string content(static_cast<std::size_t>(blob.size) + 1, '\0');
    const std::size_t length =
        TRY(read_fully(*verified, std::as_writable_bytes(std::span(content))).in(context));
    content.resize(length);
    return content;
}

bool Layout::has_blob(const Descriptor& blob) const {
    return open_blob(blob).has_value();
}

Result<PartialBlob> Layout::resume_blob(const Descriptor& blob) const {
    const std::string context = "layout " + quote(path_);
    const auto digest = TRY(oci::spec::Digest::parse(blob.digest).in(context));
    TRY(begin_writing().in(context));
    return PartialBlob::open(root_, digest, static_cast<std::uint64_t>(blob.size)).in(context);
}

Result<BlobWriter> Layout::write_blob() const {
    const std::string context = "layout " + quote(path_);
    TRY(open_or_make_directory(root_, "blobs").in(context));
    Fd directory = TRY(open_or_make_directory(root_, "blobs/sha256").in(context));
    TRY(begin_writing().in(context));
    return BlobWriter::open(std::move(directory)).in(context);
}

Result<Descriptor> Layout::write_blob(std::string_view content, std::string_view media_type) const {
    BlobWriter writer = TRY(write_blob());
    TRY(writer.write(bytes_of(content)));
    const BlobWriter::Written written = TRY(writer.commit().in("layout " + quote(path_)));
    Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = written.digest;
    descriptor.size = static_cast<std::int64_t>(written.size);
    return descriptor;
}

}  // namespace ocimg
