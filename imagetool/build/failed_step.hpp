#pragma once
// What is done with a RUN step that failed: nothing, a shell in its place, or a bundle to look into.

#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/run_step.hpp"
#include "spec/runtime/config.hpp"

namespace ocimg::build {

struct FailedStep {
    const RunSettings& settings;
    const oci::spec::RuntimeConfig& config;
    std::string bundle;
    std::string state_root;
    oci::BorrowedFd rootfs;
};

/// Does what --on-failure asks, and gives a sentence about it for the error's text.
oci::Result<std::string> offer_failed_step(const FailedStep& step);

}  // namespace ocimg::build
