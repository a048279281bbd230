// exec --cgroup: a cgroup below the container's own. Host process.

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

oci::Error bad_word(const std::string& word, const std::string& reason) {
    return oci::failure(ErrorCode::invalid, "--cgroup: " + oci::quote(word) + ": " + reason);
}

/// The directory `path` below `base`; it must be there.
Result<std::string> directory_below(const std::string& base, const std::string& path) {
    const std::vector<std::string> parts = oci::split(path, '/');
    if (std::find(parts.begin(), parts.end(), "..") != parts.end())
        return oci::failure(ErrorCode::invalid, "--cgroup: bad sub cgroup path: " + path +
                                                    " is not a sub cgroup path: it must stay below the "
                                                    "container's cgroup, without \"..\"");
    const std::string directory = base + oci::clean_path("/" + path);
    const std::string clean = oci::clean_path(directory);
    // The file that the process is written to: the words of runc, which callers look for.
    const std::string processes = clean + "/cgroup.procs";
    if (const auto opened = oci::open_file(processes, O_WRONLY); !opened)
        return opened.error().in("--cgroup: adding pid of the process");
    return clean;
}

bool lists(const std::string& controllers, const std::string& controller) {
    const std::vector<std::string> names = oci::split(controllers, ',');
    return std::find(names.begin(), names.end(), controller) != names.end();
}

/// "cpu,memory:sub": only the hierarchies of these controllers.
Result<void> apply_to_controllers(const std::string& word, std::size_t colon, const CgroupLocation& recorded,
                                  CgroupLocation& location) {
    for (const std::string& controller : oci::split(word.substr(0, colon), ',')) {
        const auto found = std::find_if(recorded.directories.begin(), recorded.directories.end(),
                                        [&](const auto& entry) { return lists(entry.first, controller); });
        if (found == recorded.directories.end())
            return bad_word(word, "unknown controller " + oci::quote(controller) +
                                      ": the container has no cgroup v1 hierarchy of it");
        location.directories[found->first] = TRY(directory_below(found->second, word.substr(colon + 1)));
    }
    return {};
}

}  // namespace

Result<CgroupLocation> sub_cgroup(const CgroupLocation& recorded, const std::vector<std::string>& words) {
    CgroupLocation location = recorded;
    location.created.clear();
    location.sub_group.clear();
    if (recorded.version == CgroupVersion::none)
        return oci::failure(ErrorCode::unsupported, "--cgroup: the container has no cgroup");
    for (const std::string& word : words) {
        const std::size_t colon = word.find(':');
        if (colon != std::string::npos && recorded.version == CgroupVersion::v1) {
            TRY(apply_to_controllers(word, colon, recorded, location));
            continue;
        }
        if (colon != std::string::npos)
            return bad_word(word, "on cgroup v2 a path without controllers is expected");
        for (auto& [controllers, directory] : location.directories)
            directory = TRY(directory_below(recorded.directories.at(controllers), word));
    }
    return location;
}

}  // namespace ocirun
