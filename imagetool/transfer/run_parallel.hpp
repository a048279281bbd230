#pragma once
// Several jobs at a time, on threads.

#include <cstddef>
#include <functional>

#include "base/result.hpp"

namespace ocimg {

/// Runs job(0) to job(count - 1), at most `at_once` together, in this order. After a failure no further one
/// begins; the first failure is given when those that run have ended.
oci::Result<void> run_parallel(std::size_t count, std::size_t at_once,
                               const std::function<oci::Result<void>(std::size_t)>& job);

}  // namespace ocimg
