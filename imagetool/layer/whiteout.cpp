#include "imagetool/layer/whiteout.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocimg {
namespace {

constexpr std::string_view metadata_prefix = ".wh..wh.";
constexpr std::size_t path_limit = 4096;  // PATH_MAX: nobody could name such a file

bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

oci::Error invalid(std::string text) {
    return oci::failure(oci::ErrorCode::invalid, std::move(text));
}

}  // namespace

oci::Result<EntryPath> entry_path(std::string_view name) {
    if (name.empty()) return invalid("an entry has an empty name");
    if (name.find('\0') != std::string_view::npos)
        return invalid("name " + oci::quote(name) + " holds a NUL byte");
    if (name.size() >= path_limit) return invalid("name " + oci::quote(name) + " is longer than 4095 bytes");
    const std::string clean = oci::clean_path("/" + std::string(name));
    const std::string_view relative = std::string_view(clean).substr(1);
    const std::size_t slash = relative.rfind('/');
    if (slash == std::string_view::npos) return EntryPath{"", std::string(relative)};
    return EntryPath{std::string(relative.substr(0, slash)), std::string(relative.substr(slash + 1))};
}

oci::Result<Whiteout> whiteout_of(const EntryPath& path) {
    if (path.full().find(whiteout_prefix) == std::string::npos) return Whiteout{};
    for (const std::string& component : oci::split(path.parent, '/')) {
        if (starts_with(component, metadata_prefix)) return Whiteout{WhiteoutKind::metadata, ""};
        if (starts_with(component, whiteout_prefix)) {
            return invalid("entry " + oci::quote(path.full()) + " stands below a whiteout");
        }
    }
    if (path.name == opaque_whiteout_name) return Whiteout{WhiteoutKind::opaque, ""};
    if (starts_with(path.name, metadata_prefix)) return Whiteout{WhiteoutKind::metadata, ""};
    if (!starts_with(path.name, whiteout_prefix)) return Whiteout{};
    std::string target = path.name.substr(whiteout_prefix.size());
    if (target.empty() || target == "." || target == "..") {
        return invalid("whiteout " + oci::quote(path.full()) + " does not name a file");
    }
    return Whiteout{WhiteoutKind::single, std::move(target)};
}

bool is_whiteout_name(std::string_view name) {
    return starts_with(name, whiteout_prefix);
}

}  // namespace ocimg
