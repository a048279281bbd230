#include "imagetool/dockerfile/nearest_name.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace ocimg::dockerfile {

namespace {

/// Names are short; a longer text is not one of them.
constexpr std::size_t longest_name = 64;

/// How many letters have to be added, left out, replaced or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
            rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + other});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows[a.size()][b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view text, std::span<const std::string_view> candidates) {
    if (text.empty() || text.size() > longest_name) return "";
    const std::string wanted = oci::to_lower(text);
    std::string_view nearest;
    std::size_t least = std::max<std::size_t>(1, text.size() / 3) + 1;
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > longest_name) continue;
        const std::size_t found = distance(wanted, oci::to_lower(candidate));
        if (found >= least) continue;
        least = found;
        nearest = candidate;
    }
    return nearest;
}

std::string did_you_mean(std::string_view text, std::span<const std::string_view> candidates) {
    const std::string_view name = nearest_name(text, candidates);
    return name.empty() ? "" : " (did you mean " + std::string(name) + "?)";
}

}  // namespace ocimg::dockerfile
