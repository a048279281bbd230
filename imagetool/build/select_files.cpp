#include "imagetool/build/select_files.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/dockerfile/glob.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

/// Wildcards of one source may find this many files.
constexpr std::size_t most_matches = 1000000;

/// The path without leading slash; "" is the root. ".." cannot leave it.
std::string below_root(const std::string& path) {
    std::string clean = oci::clean_path("/" + path);
    clean.erase(0, 1);
    return clean;
}

/// Where an opened file stands below the root, links resolved.
Result<std::string> place_below(const FileTree& tree, oci::BorrowedFd file) {
    const std::string root = TRY(oci::path_of(tree.root));
    const std::string path = TRY(oci::path_of(file));
    if (path == root) return std::string();
    const std::string start = root == "/" ? root : root + "/";
    if (!path.starts_with(start)) return failure("it moved while it was looked up");
    return path.substr(start.size());
}

class Search {
public:
    Search(const FileTree& tree, std::vector<std::string>& found) : tree_(tree), found_(found) {}

    /// Finds what the components from `index` on match below the directory `path`.
    Result<void> descend(const std::vector<std::string>& components, std::size_t index,
                         const std::string& path) {
        if (index == components.size()) return take(path);
        const std::string& component = components[index];
        if (component != "**" && !dockerfile::has_wildcard(component)) {
            const std::string name = dockerfile::unescaped_glob(component);
            return descend(components, index + 1, path.empty() ? name : path + "/" + name);
        }
        if (component == "**") TRY(descend(components, index + 1, path));
        for (const std::string& name : TRY(names_in(path))) {
            const std::string inner = path.empty() ? name : path + "/" + name;
            if (component == "**") {
                if (is_directory(inner)) TRY(descend(components, index, inner));
            } else if (dockerfile::matches_glob(component, name)) {
                TRY(descend(components, index + 1, inner));
            }
        }
        return {};
    }

private:
    Result<void> take(const std::string& path) {
        if (found_.size() >= most_matches) return failure(ErrorCode::invalid, "the wildcard finds too much");
        const auto place =
            oci::open_in_root(tree_.root, path.empty() ? "." : path, O_PATH, 0, {.follow_last = false});
        if (place) found_.push_back(path);
        return {};
    }

    bool is_directory(const std::string& path) {
        const auto place =
            oci::open_in_root(tree_.root, path, O_PATH | O_DIRECTORY, 0, {.follow_last = false});
        return place.has_value();
    }

    /// Sorted; nothing where there is no directory.
    Result<std::vector<std::string>> names_in(const std::string& path) {
        const auto directory =
            oci::open_in_root(tree_.root, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
        if (!directory) return std::vector<std::string>();
        std::vector<std::string> names = TRY(oci::list_directory(*directory));
        std::sort(names.begin(), names.end());
        return names;
    }

    const FileTree& tree_;
    std::vector<std::string>& found_;
};

std::vector<std::string> components_of(const std::string& path) {
    std::vector<std::string> components;
    for (std::string& part : oci::split(path, '/')) {
        // "**/**" is "**": a row of them must not mean as many nested searches.
        const bool repeated = part == "**" && !components.empty() && components.back() == "**";
        if (!part.empty() && !repeated) components.push_back(std::move(part));
    }
    return components;
}

oci::Error missing(const FileTree& tree, const std::string& source, const std::string& path) {
    const bool ignored = tree.ignore != nullptr && tree.ignore->is_ignored(path);
    return failure(ErrorCode::not_found, "source " + quote(source) + " is not in " + tree.name +
                                             (ignored ? ": the ignore file leaves it out" : ""));
}

/// Opens what `path` names, links followed inside the tree; nothing when the ignore file leaves it out.
Result<std::vector<SelectedFile>> open_selected(const FileTree& tree, const std::string& path) {
    std::vector<SelectedFile> files;
    auto place = oci::open_in_root(tree.root, path.empty() ? "." : path, O_PATH);
    if (!place) {
        if (place.error().code == ErrorCode::not_found || place.error().system_errno == ENOTDIR) return files;
        return place.error();
    }
    SelectedFile file;
    file.path = TRY(place_below(tree, *place));
    file.name = path.substr(path.rfind('/') + 1);
    file.place = std::move(*place);
    file.status = TRY(oci::status_of(file.place));
    const bool ignored = tree.ignore != nullptr && !file.path.empty() && tree.ignore->is_ignored(file.path);
    const bool holds_more =
        ignored && S_ISDIR(file.status.st_mode) && tree.ignore->may_hold_exceptions(file.path);
    if (!ignored || holds_more) files.push_back(std::move(file));
    return files;
}

/// --parents: what of the path is made in the destination: all directories, or those after "/./".
std::string parents_of(const std::string& source, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return {};
    std::string parents = path.substr(0, slash);
    const std::size_t pivot = source.find("/./");
    if (pivot == std::string::npos) return parents;
    const std::size_t skipped = components_of(below_root(source.substr(0, pivot))).size();
    std::vector<std::string> kept = components_of(parents);
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(std::min(skipped, kept.size())));
    return oci::join(kept, "/");
}

Result<void> select_one(const FileTree& tree, const std::string& source, bool parents,
                        std::vector<SelectedFile>& files) {
    const std::string path = below_root(source);
    const bool wild = dockerfile::has_wildcard(path);
    TRY(dockerfile::check_glob(path).in("source " + quote(source)));
    std::vector<std::string> paths;
    if (wild) {
        TRY(Search(tree, paths).descend(components_of(path), 0, ""));
        std::sort(paths.begin(), paths.end());
        paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    } else {
        paths.push_back(dockerfile::unescaped_glob(path));
    }
    std::size_t found = 0;
    for (const std::string& match : paths) {
        for (SelectedFile& file : TRY(open_selected(tree, match))) {
            if (parents) file.parents = parents_of(source, match);
            files.push_back(std::move(file));
            ++found;
        }
    }
    if (found == 0 && !wild) return missing(tree, source, path);
    return {};
}

}  // namespace

Result<std::vector<SelectedFile>> select_files(const FileTree& tree, const Selection& selection) {
    std::vector<SelectedFile> files;
    for (const std::string& source : selection.sources)
        TRY(select_one(tree, source, selection.parents, files));
    return files;
}

}  // namespace ocimg::build
