#include "imagetool/build/build_context.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

constexpr std::size_t text_limit = std::size_t{1} << 20U;

/// A regular file, opened below the context. Nothing when it is not there.
Result<std::optional<std::string>> read_below(BorrowedFd root, const std::string& path) {
    const auto file = oci::open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file) {
        if (file.error().code == ErrorCode::not_found || file.error().system_errno == ENOTDIR)
            return std::optional<std::string>();
        return failure(file.error().code, quote(path) + ": " + oci::errno_text(file.error().system_errno));
    }
    const struct stat status = TRY(oci::status_of(*file));
    if (!S_ISREG(status.st_mode)) return failure(ErrorCode::invalid, quote(path) + " is not a regular file");
    return std::optional(TRY(oci::read_all(*file, text_limit).in(quote(path))));
}

/// The path of `file` below the context, when it is below.
std::optional<std::string> below(const std::string& context_path, const std::string& file) {
    const auto directory = oci::absolute_path(context_path);
    const auto path = oci::absolute_path(file);
    if (!directory || !path || !path->starts_with(*directory + "/")) return std::nullopt;
    return path->substr(directory->size() + 1);
}

}  // namespace

Result<BuildContext> open_context(const std::string& path, const std::string& what) {
    auto root = oci::open_file(path, O_RDONLY | O_DIRECTORY);
    if (!root)
        return failure(root.error().code,
                       what + " " + quote(path) + ": " + oci::errno_text(root.error().system_errno));
    return BuildContext{.root = std::move(*root), .ignore = {}, .name = what};
}

Result<DockerfileText> read_dockerfile(const BuildContext& context, const std::string& context_path,
                                       const std::string& file) {
    if (file == "-")
        return DockerfileText{"standard input", TRY(oci::read_all(BorrowedFd(STDIN_FILENO), text_limit))};
    if (!file.empty()) {
        // A path that is inside the context is looked up there, so that a link in it leads nowhere else.
        if (const auto inside = below(context_path, file)) {
            if (auto text = TRY(read_below(context.root, *inside))) return DockerfileText{file, *text};
        }
        auto text = oci::read_file(oci::current_directory, file, text_limit);
        if (text) return DockerfileText{file, std::move(*text)};
        if (auto inner = TRY(read_below(context.root, file))) return DockerfileText{file, *inner};
        if (text.error().system_errno == 0) return text.error().in("--file " + quote(file));
        return failure(text.error().code,
                       "--file " + quote(file) + ": " + oci::errno_text(text.error().system_errno));
    }
    for (const char* name : {"Dockerfile", "Containerfile"}) {
        if (auto text = TRY(read_below(context.root, name))) return DockerfileText{name, *text};
    }
    return failure(ErrorCode::not_found,
                   "there is no Dockerfile in " + quote(context_path) + ": name one with --file");
}

Result<void> read_ignore_file(BuildContext& context, const std::string& context_path,
                              const std::string& file) {
    std::vector<std::string> names;
    const auto inside =
        file.empty() || file == "-" ? std::optional<std::string>() : below(context_path, file);
    names.push_back((inside ? *inside : "Dockerfile") + ".dockerignore");
    names.insert(names.end(), {".dockerignore", ".containerignore"});
    std::optional<std::string> text;
    std::string name;
    if (!file.empty() && file != "-" && !inside) {
        name = file + ".dockerignore";
        if (auto beside = oci::read_file(oci::current_directory, name, text_limit)) text = std::move(*beside);
    }
    for (std::size_t i = 0; i < names.size() && !text.has_value(); ++i) {
        name = names[i];
        text = TRY(read_below(context.root, name));
    }
    if (!text.has_value()) return {};
    const auto patterns = TRY(dockerfile::parse_ignore_file(*text, name));
    context.ignore = TRY(dockerfile::IgnoreMatcher::compile(patterns).in(name));
    return {};
}

}  // namespace ocimg::build
