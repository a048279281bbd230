#include "imagetool/build/fetch_context.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/download_file.hpp"
#include "imagetool/build/git_checkout.hpp"
#include "imagetool/build/unpack_archive.hpp"
#include "imagetool/dockerfile/source_reference.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

constexpr std::size_t text_limit = std::size_t{1} << 20U;

Result<void> copy_all(BorrowedFd from, BorrowedFd to) {
    std::vector<char> buffer(256U << 10U);
    for (;;) {
        const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return oci::last_system_failure("read");
        if (count == 0) return {};
        TRY(oci::write_all(to, std::string_view(buffer.data(), static_cast<std::size_t>(count))));
    }
}

/// An archive becomes a directory; anything else is taken for the Dockerfile of an empty context.
Result<FetchedContext> context_of_file(BorrowedFd file, WorkDirectory work, const std::string& name) {
    FetchedContext context{.path = work.path_of("context"), .dockerfile = {}, .work = {}};
    const Fd directory = TRY(work.make("context", 0755));
    if (TRY(is_archive(file))) {
        TRY(unpack_archive(file, directory, std::nullopt).in(name));
    } else {
        context.dockerfile =
            TRY(oci::read_all(file, text_limit).in(name + " is no archive, and as a Dockerfile"));
    }
    context.work.emplace(std::move(work));
    return context;
}

Result<FetchedContext> from_standard_input(const BuildCache& cache) {
    WorkDirectory work = TRY(cache.make_work());
    const Fd file = TRY(oci::open_at(work.fd(), "input", O_RDWR | O_CREAT | O_EXCL, 0600));
    TRY(copy_all(BorrowedFd(STDIN_FILENO), file).in("standard input"));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("seek");
    return context_of_file(file, std::move(work), "standard input");
}

Result<FetchedContext> from_url(const std::string& url, const BuildCache& cache) {
    WorkDirectory work = TRY(cache.make_work());
    const Fd downloads = TRY(work.make("download"));
    const std::string name = TRY(download_file(url, "", downloads));
    const Fd file = TRY(oci::open_at(downloads, name, O_RDONLY | O_NOFOLLOW));
    return context_of_file(file, std::move(work), oci::quote(dockerfile::without_credentials(url)));
}

}  // namespace

Result<FetchedContext> fetch_context(const std::string& context, const BuildCache& cache) {
    if (context == "-") return from_standard_input(cache);
    if (const auto git = TRY(dockerfile::parse_git_reference(context))) {
        WorkDirectory work = TRY(cache.make_work());
        const GitCheckout checkout =
            TRY(check_out_git(*git, git->keep_git_dir.value_or(false), work, "repository"));
        FetchedContext fetched{.path = TRY(oci::path_of(checkout.directory)), .dockerfile = {}, .work = {}};
        fetched.work.emplace(std::move(work));
        return fetched;
    }
    if (dockerfile::is_url(context)) return from_url(context, cache);
    return FetchedContext{.path = context, .dockerfile = {}, .work = {}};
}

}  // namespace ocimg::build
