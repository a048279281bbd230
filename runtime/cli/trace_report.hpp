#pragma once
// What --trace-phases and --trace-svg show: recorded phases as text, JSON and a picture. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/command_line.hpp"
#include "runtime/protocol/phase_trace.hpp"

namespace ocirun {

/// A line for each phase: process, name, start and time in microseconds; sums at the end.
std::string phases_as_text(const std::vector<Phase>& phases);

/// One line: {"command", "unit": "us", "phases": [{"process", "name", "start", "duration"}], "total": {...}}.
std::string phases_as_json(const std::vector<Phase>& phases, std::string_view command);

/// A timeline: one row for each process, one box for each phase, wide as its time.
std::string phases_as_svg(const std::vector<Phase>& phases, std::string_view command);

/// --trace-phases, --trace-format and --trace-svg, for the tables of commands.
std::vector<oci::cli::Option> trace_options();

}  // namespace ocirun
