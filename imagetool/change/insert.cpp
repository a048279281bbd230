#include "imagetool/change/insert.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/layer/scan_tree.hpp"
#include "imagetool/layer/whiteout.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

/// A path of the image without its leading slash. A whiteout's name, or the root where it cannot be meant, is
/// an error.
Result<std::string> image_path(const std::string& path, bool may_be_root) {
    const EntryPath place = TRY(entry_path(path));
    if (place.is_root() && !may_be_root)
        return failure(ErrorCode::invalid, quote(path) + " is the image's root");
    if (TRY(whiteout_of(place)).kind != WhiteoutKind::none) {
        return failure(ErrorCode::invalid, quote(path) + ": names that start with .wh. mark deletions");
    }
    return place.full();
}

Result<void> write_content_of(BorrowedFd file, std::uint64_t size, NewLayer& layer) {
    FileSource source(file);
    std::array<std::byte, 65536> buffer{};
    while (size > 0) {
        const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
        const std::size_t count = TRY(source.read(std::span(buffer).first(most)));
        if (count == 0) return failure("the file shrank while it was read");
        TRY(layer.write_data(std::span(buffer).first(count)));
        size -= count;
    }
    return {};
}

Result<void> insert_file(BorrowedFd file, const struct stat& status, const std::string& target,
                         NewLayer& layer) {
    Entry entry;
    entry.name = target;
    entry.mode = status.st_mode & 07777U;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    entry.mtime = {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
    entry.size = static_cast<std::uint64_t>(status.st_size);
    entry.xattrs = TRY(XattrTarget(file).read());
    const std::uint64_t size = entry.size;
    TRY(layer.add(std::move(entry)));
    return write_content_of(file, size, layer);
}

Result<void> insert_directory(BorrowedFd directory, const std::string& target, NewLayer& layer) {
    TRY(layer.add(TRY(describe_directory(directory, target.empty() ? "./" : target + "/"))));
    const std::string start = target.empty() ? "" : target + "/";
    return scan_tree(directory, [&](Entry& entry, BorrowedFd content) -> Result<void> {
        TRY(image_path(entry.name, false));
        entry.name = start + entry.name;
        if (entry.kind == EntryKind::hard_link) entry.link_target = start + entry.link_target;
        const std::uint64_t size = entry.size;
        TRY(layer.add(entry));
        return write_content_of(content, size, layer).in(quote(entry.name));
    });
}

Result<void> insert_source(const Insertion& insertion, NewLayer& layer) {
    const Fd source = TRY(oci::open_file(insertion.source, O_RDONLY | O_NONBLOCK));
    const struct stat status = TRY(oci::status_of(source));
    const bool is_directory = S_ISDIR(status.st_mode);
    const std::string target = TRY(image_path(insertion.target, is_directory));
    if (insertion.opaque && !is_directory) {
        return failure(ErrorCode::invalid,
                       "--opaque works with a directory, and " + quote(insertion.source) + " is none");
    }
    if (insertion.opaque) TRY(layer.add_whiteout(target, true));
    if (is_directory) return insert_directory(source, target, layer);
    if (!S_ISREG(status.st_mode)) {
        return failure(ErrorCode::invalid, "neither a file nor a directory");
    }
    return insert_file(source, status, target, layer);
}

}  // namespace

Result<FinishedLayer> write_inserted_layer(const Layout& layout, const Insertion& insertion,
                                           const NewLayerOptions& options) {
    NewLayerOptions told = options;
    ProgressItem item;
    if (options.progress != nullptr) item = options.progress->start("new layer", 0);
    told.on_write = [&](std::uint64_t bytes) { item.add(bytes); };
    const std::unique_ptr<NewLayer> layer = TRY(NewLayer::open(layout, told));
    for (const std::string& path : insertion.whiteouts) {
        TRY(layer->add_whiteout(TRY(image_path(path, false).in("--whiteout")), false));
    }
    if (!insertion.source.empty()) TRY(insert_source(insertion, *layer).in(quote(insertion.source)));
    FinishedLayer finished = TRY(layer->finish());
    item.finish();
    return finished;
}

}  // namespace ocimg
