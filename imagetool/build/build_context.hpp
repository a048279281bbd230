#pragma once
// The files a build starts from: a directory, with its Dockerfile and ignore file.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/trees.hpp"

namespace ocimg::build {

/// A build's text and where it came from.
struct DockerfileText {
    std::string name;  // as the user knows it, for messages
    std::string text;
};

/// Opens a directory. `what` names it in messages: "the build context".
oci::Result<BuildContext> open_context(const std::string& path, const std::string& what);

/// Reads the Dockerfile: `file` (--file) as a path of the host, "-" for standard input, or, when it is empty,
/// "Dockerfile" or else "Containerfile" in the context.
oci::Result<DockerfileText> read_dockerfile(const BuildContext& context, const std::string& context_path,
                                            const std::string& file);

/// Reads the ignore file into the context: `<Dockerfile>.dockerignore` beside the Dockerfile, else
/// .dockerignore, else .containerignore of the context. Links are followed inside the context only.
oci::Result<void> read_ignore_file(BuildContext& context, const std::string& context_path,
                                   const std::string& file);

}  // namespace ocimg::build
