#pragma once
// RUN: a bundle is written, and an OCI runtime is started on it by its command line.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "imagetool/build/run_mounts.hpp"
#include "imagetool/build/user_network.hpp"

namespace ocimg::build {

/// What to do in the place where a command failed.
enum class OnFailure { stop, shell, keep };

struct RunSettings {
    std::string runtime;  // path of the program: ocirun, runc, crun
    std::string hostname = "buildsandbox";
    RunGifts gifts;
    bool rootless = false;
    std::shared_ptr<UserNetwork> user_network;  // rootless: for steps with the default network
    OnFailure on_failure = OnFailure::stop;
    std::string keep_directory;  // OnFailure::keep: where the bundle goes
};

struct RunPlace {
    const BuildCache& cache;
    const Trees& trees;
    StepArea& area;
    std::string architecture;
};

/// Runs the command in the area. A command that fails is an error that ends with its last output.
oci::Result<void> run_step(const RunStep& step, const RunSettings& settings, const RunPlace& place,
                           const std::function<void(std::string_view)>& output);

/// The program that `name` means: a path, else ocirun beside this program, else a name in PATH.
oci::Result<std::string> find_runtime(const std::string& name);

}  // namespace ocimg::build
