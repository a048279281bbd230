#pragma once
// The platform of the machine that ocimg runs on.

#include "spec/image/platform.hpp"

namespace ocimg {

/// linux and the processor that uname(2) names, normalised.
oci::spec::Platform host_platform();

}  // namespace ocimg
