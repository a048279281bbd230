#pragma once
// Sources of ADD and of whole contexts that are no paths: http(s) URLs and git repositories. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// A git repository, and what of it: `https://host/repo.git#ref:subdir`, `git@host:repo`, with ?branch= and
/// its kin.
struct GitReference {
    std::string remote;  // what git is given: no fragment, no query, never beginning with '-'
    std::string ref;     // branch, tag or commit, "refs/tags/..." and "refs/heads/..." included; empty: HEAD
    std::string subdir;  // relative, without ".."; empty: the whole tree
    std::string checksum;  // the beginning of the commit that `ref` must be
    std::optional<bool> keep_git_dir;
    std::optional<bool> submodules;
    std::string mtime;  // "checkout" or "commit"; empty: the default
    bool fetch_by_commit = false;

    bool operator==(const GitReference&) const = default;
};

/// Whether ADD reads the source over HTTP: http:// or https://, and no git repository.
bool is_url(std::string_view source);
/// A git reference, or nothing when the source is none (git://, ssh://, git@host:path, http(s) URLs whose
/// path ends with
/// ".git"). Refs and remotes that git could take for options, transports other than https, http, ssh and git,
/// subdirectories that leave the tree and unknown query keys are errors.
oci::Result<std::optional<GitReference>> parse_git_reference(std::string_view source);
/// The last component of a URL's path, decoded: the name of the downloaded file.
oci::Result<std::string> url_file_name(std::string_view url);
/// The name, if it is one: not empty, no ".", "..", no '/' and no control character.
oci::Result<std::string> plain_file_name(std::string_view name);
/// The URL without user and password.
std::string without_credentials(std::string_view url);

}  // namespace ocimg::dockerfile
