#pragma once
// What --debug tells: a sentence for each step on the way. Host process; by default nobody listens.

#include <functional>
#include <string>

namespace ocirun {

/// From now on every note goes to `listener`.
void listen_to_debug_notes(std::function<void(const std::string&)> listener);

/// Callers that must compute a note ask first.
bool debug_notes_wanted();

/// Suites that know runc look for the words of its own log, so a note begins with them where runc has the
/// same step.
void debug_note(const std::string& note);

}  // namespace ocirun
