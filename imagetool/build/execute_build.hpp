#pragma once
// Performs a build graph: stages that do not need each other are built at the same time.

#include "base/result.hpp"
#include "imagetool/build/build_stage.hpp"

namespace ocimg::build {

/// Builds the target and every stage it needs. After the first error no new step begins.
oci::Result<StageFiles> execute_build(const BuildServices& services, std::size_t jobs);

}  // namespace ocimg::build
