#include "runtime/plan/annotations.hpp"

namespace ocirun {

std::vector<std::string> known_annotations() {
    return {annotation_table.begin(), annotation_table.end()};
}

std::string unsafe_annotation(const std::map<std::string, std::string>& annotations, std::string_view name,
                              bool allowed, std::vector<std::string>& warnings) {
    const auto found = annotations.find(std::string(name));
    if (found == annotations.end() || found->second.empty()) return {};
    if (allowed) return found->second;
    warnings.push_back("annotations: " + std::string(name) +
                       " reaches beyond the container and has no effect without --unsafe-annotations");
    return {};
}

}  // namespace ocirun
