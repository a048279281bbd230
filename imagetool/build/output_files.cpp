#include "imagetool/build/output_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <map>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/copy_files.hpp"
#include "imagetool/dockerfile/mount_option.hpp"
#include "imagetool/layer/write_layer.hpp"

namespace ocimg::build {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

Result<OutputRequest> parse_output(const std::string& text) {
    const std::string context = "--output " + quote(text);
    OutputRequest request;
    if (text == "-") return OutputRequest{OutputRequest::Kind::tar, text};
    if (text.find('=') == std::string::npos) return OutputRequest{OutputRequest::Kind::directory, text};
    std::map<std::string, std::string> fields;
    for (const std::string& field : TRY(dockerfile::comma_separated(text).in(context))) {
        const std::size_t equals = field.find('=');
        if (equals == std::string::npos)
            return failure(ErrorCode::invalid, context + ": expected NAME=VALUE, found " + quote(field));
        fields[oci::to_lower(field.substr(0, equals))] = field.substr(equals + 1);
    }
    const std::string type = fields["type"];
    if (type != "local" && type != "tar")
        return failure(ErrorCode::invalid, context + ": type: found " + quote(type) +
                                               ", allowed are local and tar; images are named with --tag");
    request.kind = type == "tar" ? OutputRequest::Kind::tar : OutputRequest::Kind::directory;
    request.destination = fields["dest"];
    if (request.destination.empty() && type == "tar") request.destination = "-";
    if (request.destination.empty()) return failure(ErrorCode::invalid, context + ": dest is missing");
    fields.erase("type");
    fields.erase("dest");
    if (!fields.empty())
        return failure(ErrorCode::invalid, context + ": unknown key " + quote(fields.begin()->first));
    return request;
}

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

}  // namespace ocimg::build
