#pragma once
// The declarative build file: many images in YAML, each read into the instructions of a Dockerfile. Pure.
//
//     images:
//       app:
//         platforms: [linux/amd64, linux/arm64]
//         stages:
//           - from: debian:bookworm
//             name: build
//             steps:
//               - workdir: /src
//               - copy: {sources: [.], to: ./}
//               - run: make install
//           - from: scratch
//             steps:
//               - copy: {from: build, sources: [/usr/local/bin/app], to: /app}
//               - entrypoint: [/app]
//
// docs/schema/build-file.schema.json describes all of it. Words mean what they mean in a Dockerfile:
// variables, quotes and escapes of values are expanded.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/dockerfile/parse_dockerfile.hpp"

namespace ocimg::buildfile {

/// One image: what `ocimg build` makes of a Dockerfile, and for which platforms.
struct BuildImage {
    std::string name;
    dockerfile::Dockerfile file;  // instructions have the lines of the YAML file
    std::vector<std::string> platforms;
};

struct BuildFile {
    std::vector<BuildImage> images;  // in order; no name twice
};

/// The text of an included file, by its path from the including one's directory.
using ReadInclude = std::function<oci::Result<std::string>(const std::string& path)>;

/// Reads a build file and what it includes. Errors show file, line and column.
oci::Result<BuildFile> parse_build_file(std::string_view text, const std::string& file,
                                        const ReadInclude& read);

/// Whether a file's name says that it is a build file: it ends with ".yaml" or ".yml".
bool is_build_file(std::string_view name);
/// The image of that name; the only one when the name is empty.
oci::Result<BuildImage> select_image(const BuildFile& file, std::string_view name);

/// The build file that says what the Dockerfile says: reading it gives the same instructions.
std::string to_build_file(const dockerfile::Dockerfile& file, const std::string& image_name);

}  // namespace ocimg::buildfile
