#pragma once
// The config.json of a RUN step: what Docker gives a container of a build, and nothing of the host. Pure.

#include <string>
#include <vector>

#include "imagetool/build/build_graph.hpp"
#include "spec/runtime/config.hpp"

namespace ocimg::build {

/// What a step's container needs that the step does not say.
struct RunSurroundings {
    std::string rootfs;  // path of the mounted root
    oci::spec::User user;
    std::string home;  // HOME, where the step's environment has none
    std::string hostname;
    std::string architecture;              // "amd64"
    std::vector<oci::spec::Mount> mounts;  // hosts, resolv.conf and those of the step
    std::vector<std::string> environment;  // more variables: secrets, the ssh agent
    bool rootless = false;                 // inside a user namespace of ours
    std::string network;                   // path of the namespace to be in; empty: see run_config()
};

/// With the network "none" the container has a namespace of its own with nothing but loopback, otherwise
/// that of the build.
oci::spec::RuntimeConfig run_config(const RunStep& step, const RunSurroundings& surroundings);

/// The capabilities of Docker's containers.
const std::vector<std::string>& default_capabilities();

}  // namespace ocimg::build
