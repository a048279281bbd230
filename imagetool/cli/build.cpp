#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/build/build_image.hpp"
#include "imagetool/build/build_sandbox.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/build_options.hpp"
#include "imagetool/cli/commands.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

Result<void> write_file(const std::string& path, const std::string& text) {
    const oci::Fd file = TRY(oci::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    return oci::write_all(file, text);
}

Result<void> report(const oci::cli::Values& values, const build::BuiltImage& built) {
    if (built.digest.empty()) return {};  // --output has it all
    if (values.has("iidfile")) TRY(write_file(values.get("iidfile"), built.config_digest).in("--iidfile"));
    if (values.has("metadata-file")) {
        TRY(write_file(values.get("metadata-file"), build_metadata(built)).in("--metadata-file"));
    }
    if (values.has("quiet")) return print(built.config_digest + "\n");
    if (values.get("progress") == "json") return {};
    for (const std::string& tag : built.tags) TRY(print(familiar_name(tag) + " " + built.digest + "\n"));
    if (built.tags.empty()) TRY(print(built.digest + "\n"));
    return {};
}

Result<int> build(const oci::cli::Values& values, build::BuildRequest request) {
    const std::string kind = values.has("quiet") ? "quiet" : values.get("progress");
    const auto progress = build::open_build_progress(kind);
    if (progress == nullptr)
        return failure(ErrorCode::invalid,
                       "--progress " + quote(kind) + ": allowed are auto, plain, tty, json and quiet");
    const auto built = TRY(build::build_image(std::move(request), *progress));
    TRY(report(values, built));
    return 0;
}

Result<int> run_build(const oci::cli::Values& values) {
    const build::BuildRequest request = TRY(build_request(values));
    return build::run_in_build_sandbox([&] {
        const Result<int> code = build(values, request);
        if (code) return *code;
        // Nobody can be told when even this fails; the exit code still says it.
        static_cast<void>(
            oci::write_all(oci::BorrowedFd(STDERR_FILENO), "ocimg: " + code.error().text + "\n"));
        return 1;
    });
}

}  // namespace

CommandEntry build_entry() {
    return {build_command(), run_build};
}

}  // namespace ocimg
