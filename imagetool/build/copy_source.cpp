#include <fcntl.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/copy_step.hpp"
#include "imagetool/build/download_file.hpp"
#include "imagetool/build/git_checkout.hpp"
#include "imagetool/dockerfile/source_reference.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::Fd;
using oci::Result;

/// Reads the sources of one step, part by part.
class SourceReader {
public:
    SourceReader(const CopyStep& step, const Trees& trees, const BuildCache& cache)
        : step_(step), trees_(trees), cache_(cache) {}

    Result<CopySource> read() {
        std::vector<std::string> local;
        for (const std::string& source : step_.transfer.sources) {
            if (!TRY(fetch(source))) local.push_back(source);
        }
        if (step_.add.has_value() && !step_.add->checksum.empty() && !local.empty())
            return oci::failure(
                ErrorCode::invalid,
                "--checksum works with a URL or a git repository, not with " + oci::quote(local.front()));
        if (!local.empty() || source_.parts.empty()) TRY(add_local(local));
        TRY(hash());
        return std::move(source_);
    }

private:
    Result<void> add_local(const std::vector<std::string>& sources) {
        CopyPart& part = source_.parts.emplace_back();
        part.tree = TRY(trees_.open(step_.from));
        part.unpack = step_.add.has_value() && step_.add->unpack.value_or(true);
        part.files = TRY(select_files(part.tree.tree(), {sources, step_.parents}));
        return {};
    }

    /// Whether the source is somewhere else, from where it is then fetched.
    Result<bool> fetch(const std::string& source) {
        if (!step_.add.has_value()) return false;
        const auto git = TRY(dockerfile::parse_git_reference(source));
        if (!git.has_value() && !dockerfile::is_url(source)) return false;
        if (!source_.fetched.has_value()) source_.fetched.emplace(TRY(cache_.make_work()));
        const std::string name = "source-" + std::to_string(source_.parts.size());
        CopyPart& part = source_.parts.emplace_back();
        part.tree.is_context = true;
        part.tree.name = git.has_value() ? "the repository" : "the download";
        if (git.has_value()) {
            TRY(fetch_git(*git, name, part));
        } else {
            part.tree.root = TRY(source_.fetched->make(name, 0755));
            const std::string file = TRY(download_file(source, step_.add->checksum, part.tree.root));
            part.unpack = step_.add->unpack.value_or(false);
            part.files = TRY(select_files(part.tree.tree(), {.sources = {escaped(file)}}));
        }
        return true;
    }

    Result<void> fetch_git(dockerfile::GitReference reference, const std::string& name, CopyPart& part) {
        if (!step_.add->checksum.empty()) reference.checksum = step_.add->checksum;
        const bool keep = step_.add->keep_git_dir.value_or(reference.keep_git_dir.value_or(false));
        GitCheckout checkout = TRY(check_out_git(reference, keep, *source_.fetched, name));
        part.tree.root = std::move(checkout.directory);
        part.files = TRY(select_files(part.tree.tree(), {.sources = {"."}}));
        return {};
    }

    /// A name of a file as a source word, in which no character is a wildcard.
    static std::string escaped(const std::string& name) {
        std::string word;
        for (const char c : name) {
            if (c == '*' || c == '?' || c == '[' || c == '\\') word.push_back('\\');
            word.push_back(c);
        }
        return word;
    }

    Result<void> hash() {
        const auto excludes = TRY(excludes_of(step_));
        std::string digests;
        for (const CopyPart& part : source_.parts) {
            const HashedFiles hashed =
                TRY(hash_files(part.tree.tree(), part.files, excludes.has_value() ? &*excludes : nullptr));
            digests += hashed.digest + "\n";
            source_.newest = std::max(source_.newest, !part.tree.is_context ? part.tree.time
                                                      : part.tree.has_dates ? hashed.newest
                                                                            : 0);
        }
        Hasher hasher;
        hasher.update(bytes_of(digests));
        source_.digest = hasher.finish();
        return {};
    }

    const CopyStep& step_;
    const Trees& trees_;
    const BuildCache& cache_;
    CopySource source_;
};

}  // namespace

Result<std::optional<dockerfile::IgnoreMatcher>> excludes_of(const CopyStep& step) {
    std::optional<dockerfile::IgnoreMatcher> matcher;
    if (step.transfer.excludes.empty()) return matcher;
    std::string text;
    for (const std::string& pattern : step.transfer.excludes) text += pattern + "\n";
    const auto patterns = TRY(dockerfile::parse_ignore_file(text, "--exclude"));
    matcher = TRY(dockerfile::IgnoreMatcher::compile(patterns));
    return matcher;
}

Result<CopySource> read_copy_source(const CopyStep& step, const Trees& trees, const BuildCache& cache) {
    return SourceReader(step, trees, cache).read();
}

}  // namespace ocimg::build
