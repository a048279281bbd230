#include "runtime/plan/annotations.hpp"

namespace ocirun {

std::vector<std::string> known_annotations() {
    std::vector<std::string> names;
    for (const std::string_view name :
         {keep_groups_annotation, hooks_stdout_annotation, hooks_stderr_annotation, pidfd_receiver_annotation,
          criu_config_annotation})
        names.emplace_back(name);
    return names;
}

std::string unsafe_annotation(const std::map<std::string, std::string>& annotations, std::string_view name,
                              bool allowed, std::vector<std::string>& warnings) {
    const auto found = annotations.find(std::string(name));
    if (found == annotations.end() || found->second.empty()) return {};
    if (allowed) return found->second;
    warnings.push_back("annotations: " + std::string(name) +
                       " names a place of the host and has no effect without --unsafe-annotations");
    return {};
}

}  // namespace ocirun
