#pragma once
// A build as a value: its stages, and in each the steps that change files, with everything expanded. No
// variable, no name of an image is left open; only contents of files are not known yet.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "imagetool/dockerfile/instruction.hpp"
#include "imagetool/dockerfile/run_command.hpp"
#include "spec/image/image_config.hpp"
#include "spec/image/manifest.hpp"
#include "spec/image/platform.hpp"

namespace ocimg::build {

/// An image that a build starts from or takes files from.
struct BaseImage {
    std::string name;    // as the Dockerfile names it
    std::string layout;  // path of the layout that holds it
    oci::spec::Manifest manifest;
    oci::spec::ImageConfig config;
};

/// Where files come from.
struct TreeSource {
    enum class Kind : std::uint8_t { nothing, context, stage, image };
    Kind kind = Kind::context;
    std::size_t index = 0;  // into BuildGraph's stages, images or contexts

    bool operator==(const TreeSource&) const = default;
};

struct RunMount {
    dockerfile::Mount mount;  // target absolute, id filled in
    TreeSource from;          // of bind and cache
};

struct RunStep {
    std::vector<std::string> argv;
    std::optional<dockerfile::ScriptFile> script;
    std::vector<std::string> env;         // the image's and the arguments in effect
    std::vector<std::string> hidden_env;  // proxy arguments: no part of the cache's key
    std::string working_dir;
    std::string user;
    std::vector<RunMount> mounts;
    dockerfile::RunNetwork network = dockerfile::RunNetwork::default_network;
    dockerfile::RunSecurity security = dockerfile::RunSecurity::sandbox;
};

/// COPY, and ADD (`add` is set).
struct CopyStep {
    struct Add {
        std::string checksum;
        std::optional<bool> keep_git_dir;
        std::optional<bool> unpack;
    };
    dockerfile::Transfer transfer;  // destination absolute
    TreeSource from;
    bool parents = false;
    std::optional<Add> add;
};

/// WORKDIR makes its directory.
struct WorkdirStep {
    std::string path;
    std::string user;
};

/// An instruction; one without an action changes the configuration alone.
struct PlannedStep {
    using Action = std::variant<std::monostate, RunStep, CopyStep, WorkdirStep>;
    Action action;
    std::string text;        // as the Dockerfile has it: for progress and errors
    std::string created_by;  // for the history
    dockerfile::LineRange lines;

    [[nodiscard]] bool makes_layer() const { return !std::holds_alternative<std::monostate>(action); }
};

struct PlannedStage {
    std::string name;  // of AS; empty: none
    TreeSource base;   // nothing (scratch), stage or image
    oci::spec::Platform platform;
    std::vector<PlannedStep> steps;
    oci::spec::ExecutionConfig config;  // after the last step
    std::string author;
    std::set<std::size_t> needs;  // stages that must be there first
    bool needed = false;          // by the target
};

struct BuildGraph {
    std::string file;  // the Dockerfile or build file, as messages name it
    std::string text;  // what it says, to show the line of a step that fails
    std::vector<PlannedStage> stages;
    std::size_t target = 0;
    std::vector<BaseImage> images;
    std::vector<std::string> contexts;  // index 0 is the main one, whose name is empty
    std::vector<std::string> warnings;
};

}  // namespace ocimg::build
