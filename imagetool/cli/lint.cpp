#include "imagetool/cli/lint.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/buildfile/build_file.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/dockerfile/check_dockerfile.hpp"
#include "imagetool/store/host_platform.hpp"

namespace ocimg {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr std::size_t largest_file = (std::size_t{1} << 20) + 1;

/// The ignore file that counts for a Dockerfile: NAME.dockerignore beside it, else .dockerignore of the
/// context. Links are followed inside the context only.
Result<dockerfile::IgnoreMatcher> read_ignore(const LintInput& input) {
    const oci::Fd context = TRY(oci::open_file(input.context, O_RDONLY | O_DIRECTORY).in("context"));
    std::string text;
    std::string name = input.file + ".dockerignore";
    if (auto beside = oci::read_file(BorrowedFd(AT_FDCWD), name, largest_file)) {
        text = std::move(*beside);
    } else {
        name = ".dockerignore";
        const auto file = oci::open_in_root(context, name, O_RDONLY | O_NONBLOCK);
        if (!file) {
            if (file.error().code == ErrorCode::not_found) return dockerfile::IgnoreMatcher();
            return file.error();
        }
        text = TRY(oci::read_all(*file, largest_file).in(name));
    }
    const auto patterns = TRY(dockerfile::parse_ignore_file(text, name));
    return dockerfile::IgnoreMatcher::compile(patterns);
}

Result<LintInput> input_of(const oci::cli::Values& values) {
    LintInput input;
    input.context = values.arguments().empty() ? "." : values.arguments().front();
    input.file = values.has("file") ? values.get("file") : input.context + "/Dockerfile";
    for (const std::string& argument : values.all("build-arg")) {
        const std::size_t equals = argument.find('=');
        if (equals == 0 || equals == std::string::npos)
            return failure(ErrorCode::invalid, "--build-arg " + quote(argument) + ": NAME=VALUE is expected");
        input.arguments.values[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
    input.arguments.build_platform = host_platform();
    input.arguments.target_platform = TRY(platform_argument(values)).value_or(host_platform());
    input.json = values.has("json") || values.get("format") == "json";
    if (!input.json && values.get("format") != "text")
        return failure(ErrorCode::invalid,
                       "--format " + quote(values.get("format")) + ": allowed are text and json");
    return input;
}

Result<std::string> read_text(const std::string& path) {
    return oci::read_file(BorrowedFd(AT_FDCWD), path, largest_file).in("read " + path);
}

/// Prints what is found in one Dockerfile, or one image of a build file.
Result<int> check_one(const dockerfile::Dockerfile& file, const LintInput& input,
                      const dockerfile::IgnoreMatcher& ignore) {
    dockerfile::CheckRequest request;
    request.arguments = input.arguments;
    request.ignore = &ignore;
    request.base_facts = input.base_facts;
    const auto given = input.arguments.values.find("BUILDKIT_DOCKERFILE_CHECK");
    const std::string options = given == input.arguments.values.end() ? file.directives.check : given->second;
    request.options = TRY(dockerfile::parse_check_options(options).in(file.file + ": check"));
    const auto report = dockerfile::check_dockerfile(file, request);
    TRY(print(input.json ? to_json(report, file) : to_text(report, file)));
    return report.failed ? 1 : 0;
}

Result<int> run_lint(const oci::cli::Values& values) {
    return lint_dockerfile(TRY(input_of(values)));
}

oci::cli::Command lint_command() {
    oci::cli::Option format = value_option("format", "FORMAT", "text or json");
    format.default_value = "text";
    format.completes = oci::cli::Completes::words;
    format.words = {"text", "json"};
    oci::cli::Option file = value_option(
        "file", "FILE", "the Dockerfile, or a build file (.yaml, .yml); default CONTEXT/Dockerfile");
    file.short_name = "f";
    file.completes = oci::cli::Completes::files;
    return {
        .name = "lint",
        .summary = "check a Dockerfile or build file without building it",
        .arguments = "[CONTEXT]",
        .description =
            "Checks a Dockerfile against the 22 rules that BuildKit documents, under the same names. A line "
            "`# check=skip=RULE,RULE;error=true` at the top of the file, or `# check=skip=RULE` above an "
            "instruction, leaves rules out or makes findings errors. Base images are not fetched: what "
            "depends "
            "on them (their variables, their platform) is not checked.",
        .options = {file, list_option("build-arg", "NAME=VALUE", "a value for an ARG"),
                    value_option("platform", "PLATFORM", "what would be built for (default this machine)"),
                    format, switch_option("json", "the same as --format json")},
        .most_arguments = 1,
        .examples = {"ocimg lint", "ocimg lint --format json -f Dockerfile.prod ."},
    };
}

}  // namespace

Result<int> lint_dockerfile(const LintInput& input) {
    const std::string text = TRY(read_text(input.file));
    const dockerfile::IgnoreMatcher ignore = TRY(read_ignore(input));
    if (!buildfile::is_build_file(input.file))
        return check_one(TRY(dockerfile::parse_dockerfile(text, input.file)), input, ignore);
    int code = 0;
    for (const auto& image : TRY(buildfile::parse_build_file(text, input.file, read_text)).images)
        code = std::max(code, TRY(check_one(image.file, input, ignore)));
    return code;
}

CommandEntry lint_entry() {
    return {lint_command(), run_lint};
}

}  // namespace ocimg
