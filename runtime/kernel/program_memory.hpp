#pragma once
// The memory that this process's own program takes.

namespace ocirun::kernel {

/// Gives back the pages of the program's code and constants; what is needed again comes back from the page
/// cache. For a process that has done much and will wait for long, and for one whose peak counts.
void forget_program_pages();

}  // namespace ocirun::kernel
