#include "imagetool/dockerfile/source_reference.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

oci::Error invalid(std::string text) {
    return oci::failure(oci::ErrorCode::invalid, std::move(text));
}

bool is_control(char c) {
    return (c >= 0 && c < ' ') || c == 0x7F;
}

/// "https" of "https://..."; empty when there is no scheme.
std::string_view scheme_of(std::string_view text) {
    const std::size_t end = text.find("://");
    if (end == std::string_view::npos) return "";
    const std::string_view scheme = text.substr(0, end);
    const bool plain = std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '.' || c == '-';
    });
    return plain ? scheme : "";
}

/// A URL or scp-like address in its parts.
struct Parts {
    std::string_view base;  // without query and fragment
    std::string_view query;
    std::string_view fragment;
};

Parts parts_of(std::string_view source) {
    Parts parts;
    parts.base = source.substr(0, source.find('#'));
    if (parts.base.size() < source.size()) parts.fragment = source.substr(parts.base.size() + 1);
    const std::size_t question = parts.base.find('?');
    if (question != std::string_view::npos) {
        parts.query = parts.base.substr(question + 1);
        parts.base = parts.base.substr(0, question);
    }
    return parts;
}

/// user@host:path, as scp takes it.
bool is_scp_address(std::string_view base) {
    const std::size_t at = base.find('@');
    const std::size_t colon = base.find(':');
    return at != std::string_view::npos && colon != std::string_view::npos && at < colon && at > 0 &&
           base.substr(0, colon).find('/') == std::string_view::npos;
}

Result<void> check_host(std::string_view host, std::string_view source) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    if (host.empty() || host.front() == '-' || host.find_first_not_of(letters) != std::string_view::npos)
        return invalid(quote(host) + " cannot be the host of " + quote(without_credentials(source)));
    return {};
}

/// git must not take any part of the address for an option, nor hand one on to ssh.
Result<void> check_remote(std::string_view base, std::string_view source) {
    if (std::any_of(base.begin(), base.end(), [](char c) { return is_control(c) || c == ' '; }))
        return invalid(quote(without_credentials(source)) + " holds a blank or a control character");
    std::string_view rest = base;
    if (const std::string_view scheme = scheme_of(base); !scheme.empty()) {
        rest.remove_prefix(scheme.size() + 3);
        rest = rest.substr(0, rest.find('/'));
    } else {
        const std::string_view path = rest.substr(rest.find(':') + 1);
        if (path.empty() || path.front() == '-')
            return invalid(quote(path) + " cannot be the path of a git repository");
        rest = rest.substr(0, rest.find(':'));
    }
    const std::size_t at = rest.rfind('@');
    if (at != std::string_view::npos && rest.front() == '-')
        return invalid("the user of a git repository cannot begin with '-'");
    return check_host(at == std::string_view::npos ? rest : rest.substr(at + 1), source);
}

/// The grammar of git-check-ref-format, and no '-' in front.
Result<std::string> check_ref(std::string_view ref) {
    const bool bad_letter = std::any_of(ref.begin(), ref.end(), [](char c) {
        return is_control(c) || std::string_view(" ~^:?*[\\").find(c) != std::string_view::npos;
    });
    const bool bad = bad_letter || ref.starts_with('-') || ref.starts_with('/') || ref.ends_with('/') ||
                     ref.ends_with('.') || ref.ends_with(".lock") ||
                     ref.find("..") != std::string_view::npos || ref.find("//") != std::string_view::npos ||
                     ref.find("@{") != std::string_view::npos;
    if (bad) return invalid(quote(ref) + " cannot be a git branch, tag or commit");
    return std::string(ref);
}

Result<std::string> check_subdir(std::string_view text) {
    std::string subdir;
    for (const std::string& part : oci::split(text, '/')) {
        if (part.empty() || part == ".") continue;
        if (part == ".." || std::any_of(part.begin(), part.end(), is_control))
            return invalid(quote(text) +
                           " cannot be a directory of a git repository: it must stay inside it");
        subdir += (subdir.empty() ? "" : "/") + part;
    }
    return subdir;
}

Result<std::string> decoded(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            plain += text[at];
            continue;
        }
        const auto byte = oci::parse_integer<std::uint8_t>(text.substr(at + 1, 2), 16);
        if (!byte || at + 2 >= text.size()) return invalid(quote(text) + " has a % without two hex digits");
        plain += static_cast<char>(*byte);
        at += 2;
    }
    return plain;
}

Result<bool> as_switch(std::string_view key, std::string_view value) {
    if (value.empty() || value == "1" || value == "true") return true;
    if (value == "0" || value == "false") return false;
    return invalid(std::string(key) + " of a git repository is " + quote(value) +
                   ", it can be true or false");
}

Result<void> set_ref(GitReference& git, const std::string& ref) {
    if (!git.ref.empty()) return invalid("a git repository has two refs: " + git.ref + " and " + ref);
    git.ref = TRY(check_ref(ref));
    return {};
}

Result<void> take_query(GitReference& git, std::string_view key, const std::string& value) {
    if (key == "ref") return set_ref(git, value);
    if (key == "tag") return set_ref(git, "refs/tags/" + value);
    if (key == "branch") return set_ref(git, "refs/heads/" + value);
    if (key == "subdir") {
        if (!git.subdir.empty()) return invalid("a git repository has two subdirectories");
        git.subdir = TRY(check_subdir(value));
    } else if (key == "checksum" || key == "commit") {
        const bool hex = value.size() >= 7 && value.size() <= 64 &&
                         value.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
        if (!hex) return invalid(quote(value) + " is no commit: 7 to 64 hex digits are");
        git.checksum = oci::to_lower(value);
    } else if (key == "keep-git-dir") {
        git.keep_git_dir = TRY(as_switch(key, value));
    } else if (key == "submodules") {
        git.submodules = TRY(as_switch(key, value));
    } else if (key == "fetch-by-commit") {
        git.fetch_by_commit = TRY(as_switch(key, value));
    } else if (key == "mtime") {
        if (value != "checkout" && value != "commit")
            return invalid("mtime of a git repository is " + quote(value) + ", it can be checkout or commit");
        git.mtime = value;
    } else {
        return invalid(quote(key) +
                       " is no key of a git repository: ref, tag, branch, subdir, checksum, keep-git-dir, "
                       "submodules, mtime and fetch-by-commit are");
    }
    return {};
}

/// Whether the source is a git repository; what only looks like a transport of git is an error.
Result<bool> is_git(std::string_view base, std::string_view source) {
    const std::string scheme = oci::to_lower(scheme_of(base));
    if (scheme == "git" || scheme == "ssh") return true;
    if (scheme == "http" || scheme == "https") return base.ends_with(".git");
    const std::size_t colons = base.find("::");
    const bool helper =
        colons != std::string_view::npos && colons > 0 &&
        base.substr(0, colons).find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
    if (helper || (!scheme.empty() && base.find('/') > scheme.size()))
        return invalid(quote(without_credentials(source)) +
                       ": sources are fetched over https, http, ssh and git only");
    return is_scp_address(base);
}

}  // namespace

bool is_url(std::string_view source) {
    const std::string scheme = oci::to_lower(scheme_of(source));
    return (scheme == "http" || scheme == "https") && !parts_of(source).base.ends_with(".git");
}

Result<std::optional<GitReference>> parse_git_reference(std::string_view source) {
    const Parts parts = parts_of(source);
    if (!TRY(is_git(parts.base, source))) return std::optional<GitReference>{};
    TRY(check_remote(parts.base, source));
    GitReference git;
    git.remote = parts.base;
    const std::size_t colon = parts.fragment.find(':');
    if (colon != std::string_view::npos) git.subdir = TRY(check_subdir(parts.fragment.substr(colon + 1)));
    if (const std::string_view ref = parts.fragment.substr(0, colon); !ref.empty())
        TRY(set_ref(git, std::string(ref)));
    if (!parts.query.empty()) {
        for (const std::string& pair : oci::split(parts.query, '&')) {
            const std::size_t equals = pair.find('=');
            const std::string value = equals == std::string::npos ? "" : pair.substr(equals + 1);
            TRY(take_query(git, pair.substr(0, equals), TRY(decoded(value))));
        }
    }
    return std::optional<GitReference>(std::move(git));
}

Result<std::string> plain_file_name(std::string_view name) {
    const bool bad = name.empty() || name == "." || name == ".." ||
                     name.find('/') != std::string_view::npos ||
                     std::any_of(name.begin(), name.end(), is_control);
    if (bad) return invalid(quote(name) + " cannot be the name of a file");
    return std::string(name);
}

Result<std::string> url_file_name(std::string_view url) {
    std::string_view path = parts_of(url).base;
    path.remove_prefix(std::min(path.size(), scheme_of(path).size() + 3));
    const std::size_t slash = path.find('/');
    path = slash == std::string_view::npos ? "" : path.substr(slash);
    const auto name = plain_file_name(TRY(decoded(path.substr(path.rfind('/') + 1))));
    if (!name)
        return invalid(quote(without_credentials(url)) + " names no file: give the destination a name");
    return *name;
}

std::string without_credentials(std::string_view url) {
    const std::string_view scheme = scheme_of(url);
    if (scheme.empty()) return std::string(url);
    const std::size_t start = scheme.size() + 3;
    const std::size_t end = std::min(url.find_first_of("/?#", start), url.size());
    const std::size_t at = url.substr(0, end).rfind('@');
    if (at == std::string_view::npos || at < start) return std::string(url);
    return std::string(url.substr(0, start)) + std::string(url.substr(at + 1));
}

}  // namespace ocimg::dockerfile
