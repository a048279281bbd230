#pragma once
// What a bundle would trip over on this host. Host process; looks and changes nothing.

#include <string>
#include <vector>

namespace ocirun {

/// One sentence for each thing that would make create fail or work otherwise than asked for; those that only
/// warn begin with "warning: ". Empty: nothing was found.
std::vector<std::string> report_bundle(const std::string& path, const std::string& config_file);

}  // namespace ocirun
