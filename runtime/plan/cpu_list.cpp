#include "runtime/plan/cpu_list.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

Result<std::vector<unsigned>> parse_number_list(std::string_view text, unsigned limit,
                                                const std::string& origin) {
    std::vector<unsigned> numbers;
    if (oci::trim(text).empty()) return numbers;
    for (const std::string& part : oci::split(text, ',')) {
        const std::string_view range = oci::trim(part);
        const std::size_t dash = range.find('-');
        const auto first = oci::parse_integer<unsigned>(range.substr(0, dash));
        const auto last =
            dash == std::string_view::npos ? first : oci::parse_integer<unsigned>(range.substr(dash + 1));
        if (!first || !last || *first > *last || *last >= limit) {
            return oci::failure(ErrorCode::invalid,
                                origin + ": " + oci::quote(part) + " is neither a number below " +
                                    std::to_string(limit) + " nor a range of them, as in \"0-3,7\"");
        }
        for (unsigned number = *first; number <= *last; ++number) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
}

}  // namespace ocirun
