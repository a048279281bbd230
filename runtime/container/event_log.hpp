#pragma once
// What happens to a container, one JSON line each, in a file of its state directory: `events` follows it.

#include <sys/types.h>

#include <string>

#include "runtime/container/state_directory.hpp"

namespace ocirun {

inline constexpr const char* event_file = "events.log";

/// Appends {"type":TYPE,"id":ID,"data":{"time":...,"pid":...}}. An event that cannot be written is lost:
/// nothing that happens to a container depends on its being told.
void note_event(const StateDirectory& directory, const std::string& type, pid_t pid);

/// Appends how many processes the kernel ended for their memory, in all, before the cgroup that counts them
/// is removed.
void note_oom_kills(const StateDirectory& directory, unsigned long count);
/// Takes such notes out of the lines; the count of the last one, 0 if there is none.
unsigned long take_oom_kills(std::string& lines);

/// The same line, for events that nobody writes down: "exit" with its code (-1: unknown), "oom".
std::string event_line(const std::string& id, const std::string& type, pid_t pid, int exit_code);

}  // namespace ocirun
