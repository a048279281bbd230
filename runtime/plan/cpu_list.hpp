#pragma once
// Lists of numbers as the kernel writes them: "0-3,7". Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocirun {

/// The numbers of a list, sorted, each once; an empty list gives none. Numbers from `limit` on, ranges
/// that run backwards and anything else are errors that begin with `origin`.
oci::Result<std::vector<unsigned>> parse_number_list(std::string_view text, unsigned limit,
                                                     const std::string& origin);

}  // namespace ocirun
