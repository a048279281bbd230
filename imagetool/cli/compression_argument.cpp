#include "imagetool/cli/compression_argument.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "imagetool/cli/options.hpp"

namespace ocimg {

oci::cli::Option compression_option() {
    oci::cli::Option option =
        value_option("compression", "NAME", "compression of the new layer: gzip, zstd or none");
    option.default_value = "gzip";
    option.completes = oci::cli::Completes::words;
    option.words = {"gzip", "zstd", "none"};
    return option;
}

oci::Result<Compression> compression_argument(const oci::cli::Values& values) {
    const std::string name = values.get("compression");
    for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd})
        if (name_of(compression) == name) return compression;
    return oci::failure(oci::ErrorCode::invalid,
                        "--compression " + oci::quote(name) + ": allowed are gzip, zstd and none");
}

oci::cli::Option progress_option() {
    oci::cli::Option option = value_option("progress", "STYLE",
                                           "auto (bars on a terminal, else lines), bars, "
                                           "lines, json or none");
    option.default_value = "auto";
    option.completes = oci::cli::Completes::words;
    option.words = {"auto", "bars", "lines", "json", "none"};
    return option;
}

oci::Result<std::unique_ptr<Progress>> open_progress(const oci::cli::Values& values) {
    const oci::BorrowedFd output(STDERR_FILENO);
    return Progress::open(TRY(parse_progress_style(values.get("progress"), output).in("--progress")), output);
}

}  // namespace ocimg
