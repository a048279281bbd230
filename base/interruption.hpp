#pragma once
// Ctrl-C and its like as a wish that is looked at between steps, so that a command can end in order.

#include <chrono>

#include "base/result.hpp"

namespace oci {

/// From now on SIGINT, SIGTERM and SIGHUP are remembered. The process then has `to_end` to end by itself;
/// after that, or at a second signal, it ends at once with exit code 128 + signal and a line on standard
/// error. To be called once, before the first thread.
void catch_interruptions(std::chrono::seconds to_end = std::chrono::seconds(2));

/// For a child that its parent ends: signals do again what they do by default.
void forget_interruptions();

/// The first signal that came; 0: none.
int interruption();

/// An error once a signal has come.
Result<void> check_interruption();

/// Waits so long, or until a signal comes. From any thread.
Result<void> wait_uninterrupted(std::chrono::milliseconds time);

}  // namespace oci
