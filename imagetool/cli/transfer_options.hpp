#pragma once
// The options of the commands that speak to registries or copy images, and what they mean.

#include <memory>
#include <string>
#include <vector>

#include "base/command_line.hpp"
#include "base/result.hpp"
#include "imagetool/progress/progress.hpp"
#include "imagetool/remote/remote_access.hpp"
#include "imagetool/transfer/copy_image.hpp"

namespace ocimg {

/// --creds, --authfile, --tls-verify, --cert-dir, --trust-host, --timeout and so on.
std::vector<oci::cli::Option> remote_options();
/// The same for one side of a copy: "--src-creds", "--dest-creds" and so on.
std::vector<oci::cli::Option> side_options(const std::string& side);
/// --platform, --format, --compression, --jobs, --referrers, --digest-file.
std::vector<oci::cli::Option> copy_options();
/// --chunk-size, --mount-from.
std::vector<oci::cli::Option> upload_options();
/// The command, which reads images, with remote_options() for those of registries.
oci::cli::Command with_remote_options(oci::cli::Command command);
/// --progress and --quiet.
std::vector<oci::cli::Option> progress_options();

/// What was given; an option of `side` ("src", "dest") wins over the one for both.
oci::Result<RemoteOptions> read_remote_options(const oci::cli::Values& values, const std::string& side = "");
oci::Result<CopyOptions> read_copy_options(const oci::cli::Values& values);
oci::Result<UploadOptions> read_upload_options(const oci::cli::Values& values);
/// Reports to standard error.
oci::Result<std::unique_ptr<Progress>> open_transfer_progress(const oci::cli::Values& values);

/// Prints the digest of what was copied, or with --json its name and descriptor, and writes the digest to
/// --digest-file.
oci::Result<void> tell_copied(const oci::cli::Values& values, const std::string& name,
                              const Document& document);

/// Adds `more` to the end of `options`.
void append_options(std::vector<oci::cli::Option>& options, std::vector<oci::cli::Option> more);

}  // namespace ocimg
