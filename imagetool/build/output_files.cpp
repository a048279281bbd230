#include "imagetool/build/output_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/copy_files.hpp"
#include "imagetool/layer/write_layer.hpp"
#include "imagetool/transfer/layout_source.hpp"
#include "imagetool/transfer/open_endpoints.hpp"

namespace ocimg::build {

using oci::BorrowedFd;
using oci::Fd;
using oci::quote;
using oci::Result;

Result<void> write_output(BorrowedFd root, const OutputRequest& request, std::int64_t latest) {
    const std::string context = "--output " + quote(request.destination);
    if (request.kind == OutputRequest::Kind::directory) {
        TRY(oci::make_directories(TRY(oci::absolute_path(request.destination)), 0755).in(context));
        const Fd directory = TRY(oci::open_file(request.destination, O_RDONLY | O_DIRECTORY).in(context));
        const FileTree tree{.root = root, .name = "the result"};
        return copy_directory(tree, ".", directory).in(context);
    }
    const Fd file =
        request.destination == "-"
            ? TRY(oci::duplicate(BorrowedFd(STDOUT_FILENO)))
            : TRY(oci::open_file(request.destination, O_WRONLY | O_CREAT | O_TRUNC, 0644).in(context));
    FileSink sink(file);
    WriteOptions options;
    options.compression = Compression::none;
    options.clamp_mtime = latest;
    TRY(write_directory_layer(root, options, sink).in(context));
    return {};
}

Result<void> write_image_output(const Layout& layout, const std::string& digest, const OutputRequest& request,
                                RemoteAccess& access) {
    const ImagePlace& to = *request.place;
    const std::string context = "--output " + quote(to.text);
    const ImagePlace from{.kind = PlaceKind::layout,
                          .path = layout.path(),
                          .tag = {},
                          .digest = TRY(oci::spec::Digest::parse(digest)),
                          .reference = std::nullopt,
                          .text = layout.path()};
    LayoutSource source(TRY(Layout::open(layout.path())),
                        ImageQuery{.tag = {}, .platform = std::nullopt, .digest = from.digest});
    CopyOptions options;
    adapt_to_archives(from, to, options);
    const auto target = TRY(open_target(to, from, access, {}).in(context));
    const auto progress = Progress::open(ProgressStyle::none, {});
    TRY(copy_image(source, *target, options, *progress).in(context));
    return {};
}

}  // namespace ocimg::build
