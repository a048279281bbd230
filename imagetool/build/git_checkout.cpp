#include "imagetool/build/git_checkout.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/path_in_root.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "imagetool/build/walk_files.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

class Git {
public:
    explicit Git(std::string directory) : directory_(std::move(directory)) {}

    /// Runs git and gives what it printed, trimmed.
    Result<std::string> run(const std::vector<std::string>& words) const {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return oci::last_system_failure("pipe");
        const Fd read(ends[0]);
        Fd write(ends[1]);
        oci::SpawnRequest request{
            .path = "/usr/bin/git",
            .arguments = {"git", "-C", directory_, "-c", "core.hooksPath=/dev/null", "-c",
                          "core.symlinks=true", "-c", "protocol.allow=never", "-c",
                          "protocol.https.allow=always", "-c", "protocol.http.allow=always", "-c",
                          "protocol.ssh.allow=always", "-c", "protocol.git.allow=always"},
            .environment = environment(),
            .standard_input = {},
            .standard_output = write,
            .standard_error = write};
        request.arguments.insert(request.arguments.end(), words.begin(), words.end());
        oci::ChildProcess child = TRY(oci::spawn(request).in("start git"));
        write.reset();
        const std::string output = TRY(oci::read_all(read, std::size_t{16} << 20U));
        const oci::ExitStatus status = TRY(child.wait());
        if (status.code == 0) return std::string(oci::trim(output));
        return failure("git " + words.front() + ": " + status.describe() + ": " + quote(oci::trim(output)));
    }

private:
    static std::vector<std::string> environment() {
        std::vector<std::string> variables = {"PATH=/usr/bin:/bin",
                                              "HOME=/nonexistent",
                                              "GIT_CONFIG_NOSYSTEM=1",
                                              "GIT_CONFIG_GLOBAL=/dev/null",
                                              "GIT_TERMINAL_PROMPT=0",
                                              "GIT_ALLOW_PROTOCOL=https:http:ssh:git",
                                              "LC_ALL=C"};
        for (const char* name : {"SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy"}) {
            if (const char* const value = ::getenv(name))  // NOLINT(concurrency-mt-unsafe)
                variables.push_back(std::string(name) + "=" + value);
        }
        return variables;
    }

    std::string directory_;
};

/// Every file as old as the commit: the moment of the checkout must not be seen.
Result<void> set_times(oci::BorrowedFd tree, std::int64_t seconds) {
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    return walk_files(tree, {}, [&](const VisitedFile& file) -> Result<void> {
        if (::utimensat(file.parent.get(), file.name.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0) return {};
        return oci::last_system_failure("set times of " + quote(file.path));
    });
}

Result<void> check_commit(const std::string& commit, const std::string& expected) {
    if (expected.empty() || commit.starts_with(expected)) return {};
    return failure(ErrorCode::invalid, "the commit is " + commit + ", expected " + quote(expected));
}

}  // namespace

Result<GitCheckout> check_out_git(const dockerfile::GitReference& reference, bool keep_git_dir,
                                  const WorkDirectory& work, const std::string& name) {
    const std::string context = "git repository " + quote(dockerfile::without_credentials(reference.remote));
    const Fd tree = TRY(work.make(name, 0755));
    const Git git(work.path_of(name));
    TRY(git.run({"init", "-q"}).in(context));
    TRY(git.run({"fetch", "-q", "--depth=1", "--no-tags", "--", reference.remote,
                 reference.ref.empty() ? "HEAD" : reference.ref})
            .in(context));
    TRY(git.run({"checkout", "-q", "--detach", "FETCH_HEAD"}).in(context));
    const std::string commit = TRY(git.run({"rev-parse", "HEAD"}).in(context));
    TRY(check_commit(commit, reference.checksum).in(context));
    if (reference.submodules.value_or(true) && oci::exists_at(tree, ".gitmodules"))
        TRY(git.run({"submodule", "-q", "update", "--init", "--recursive", "--depth=1"}).in(context));
    const auto time =
        oci::parse_integer<std::int64_t>(TRY(git.run({"log", "-1", "--format=%ct"}).in(context)));
    if (!keep_git_dir) TRY(oci::remove_tree(tree, ".git"));
    TRY(set_times(tree, time.value_or(0)));
    auto directory = oci::open_in_root(tree, reference.subdir.empty() ? "." : reference.subdir,
                                       O_RDONLY | O_DIRECTORY, 0, {.no_symlinks = true});
    if (!directory)
        return failure(ErrorCode::invalid, context + ": the subdirectory " + quote(reference.subdir) + ": " +
                                               oci::errno_text(directory.error().system_errno));
    return GitCheckout{std::move(*directory), commit};
}

}  // namespace ocimg::build
