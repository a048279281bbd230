#include <fcntl.h>

#include "base/file.hpp"
#include "imagetool/buildfile/build_file.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"

namespace ocimg {

namespace {

using oci::Result;

constexpr std::size_t largest_dockerfile = (std::size_t{1} << 20) + 1;

Result<int> run_convert(const oci::cli::Values& values) {
    const std::string path = values.arguments().front();
    const std::string text =
        TRY(oci::read_file(oci::BorrowedFd(AT_FDCWD), path, largest_dockerfile).in("read " + path));
    const auto file = TRY(dockerfile::parse_dockerfile(text, path));
    TRY(print(buildfile::to_build_file(file, values.get("name"))));
    return 0;
}

oci::cli::Command convert_command() {
    oci::cli::Option name = value_option("name", "NAME", "the image's name in the build file");
    name.default_value = "image";
    return {
        .name = "convert",
        .summary = "write a Dockerfile as a build file (YAML)",
        .arguments = "DOCKERFILE",
        .description =
            "Prints the declarative build file that says what the Dockerfile says: reading it gives the same "
            "instructions. Comments above instructions are kept.",
        .options = {name},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg convert --name app Dockerfile"},
    };
}

}  // namespace

CommandEntry convert_entry() {
    return {convert_command(), run_convert};
}

}  // namespace ocimg
