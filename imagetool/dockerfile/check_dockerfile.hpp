#pragma once
// The 22 checks of a Dockerfile, under the names that BuildKit gives them. Pure.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "imagetool/dockerfile/check_options.hpp"
#include "imagetool/dockerfile/ignore_file.hpp"
#include "imagetool/dockerfile/parse_dockerfile.hpp"
#include "imagetool/dockerfile/scope.hpp"

namespace ocimg::dockerfile {

/// A rule's name and what it is about.
struct CheckRule {
    std::string_view name;
    std::string_view description;
    bool experimental = false;  // counts only when it is asked for
};

/// Every rule, by name.
const std::vector<CheckRule>& check_rules();

/// What is known of a base image.
struct BaseFacts {
    std::vector<std::string> env;
    std::optional<oci::spec::Platform> platform;
};

/// What the checks are told besides the file.
struct CheckRequest {
    BuildArguments arguments;
    CheckOptions options;                   // of the directive, or instead of it
    const IgnoreMatcher* ignore = nullptr;  // of the context; null: CopyIgnoredFile finds nothing
    /// Facts of an image by name and wanted platform; nothing when it is not at hand. Then
    /// InvalidBaseImagePlatform finds nothing in its stage, and UndefinedVar only names that are nearly those
    /// of a variable that is defined.
    std::function<std::optional<BaseFacts>(const std::string& image, const oci::spec::Platform& platform)>
        base_facts;
};

struct CheckReport {
    std::vector<Finding> findings;  // by line
    std::string error;              // what a build of the file would stop at, with its place; "" is nothing
    bool failed = false;            // there is an error, or there are findings and they count as errors
};

/// Checks every stage.
CheckReport check_dockerfile(const Dockerfile& file, const CheckRequest& request);

/// The findings with their lines, for people.
std::string to_text(const CheckReport& report, const Dockerfile& file);
/// {"warnings": [{"ruleName", "description", "detail", "location"}], "error"}: the shape of `docker build
/// --check`.
std::string to_json(const CheckReport& report, const Dockerfile& file);

}  // namespace ocimg::dockerfile
