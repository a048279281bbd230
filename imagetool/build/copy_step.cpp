#include "imagetool/build/copy_step.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/build/copy_files.hpp"
#include "imagetool/build/file_owner.hpp"
#include "imagetool/build/unpack_archive.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

class Copying {
public:
    Copying(const CopyStep& step, BorrowedFd rootfs, CopyRequest request)
        : step_(step), rootfs_(rootfs), request_(std::move(request)) {}

    Result<void> copy(const CopyPart& part, std::int64_t time) {
        const FileTree tree = part.tree.tree();
        request_.attributes.time = tree.has_dates ? std::nullopt : std::optional(time);
        for (const SelectedFile& file : part.files) {
            if (part.unpack && S_ISREG(file.status.st_mode) && TRY(unpacked(file))) continue;
            TRY(refuse_to_replace(file));
            TRY(copy_files(tree, file, rootfs_, request_));
        }
        return {};
    }

    /// A file whose content stands in the Dockerfile.
    Result<void> write(const dockerfile::InlineFile& file, std::int64_t time) {
        std::string path = step_.transfer.destination;
        if (path.ends_with('/') || oci::open_in_root(rootfs_, path, O_PATH | O_DIRECTORY))
            path += "/" + file.name;
        std::string name;
        const Owner owner = request_.attributes.owner.value_or(Owner{});
        const std::string parent = oci::clean_path(path + "/..");
        const Fd directory = TRY(make_owned_directories(rootfs_, parent, owner));
        name = path.substr(path.rfind('/') + 1);
        if (::unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT)
            return oci::last_system_failure("replace " + quote(path));
        const Fd made = TRY(oci::open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
        TRY(oci::write_all(made, file.content));
        const mode_t mode = request_.attributes.mode ? request_.attributes.mode->apply(0644, false) : 0644;
        if (::fchown(made.get(), owner.uid, owner.gid) != 0 || ::fchmod(made.get(), mode) != 0)
            return oci::last_system_failure("owner and mode of " + quote(path));
        const struct timespec times[2] = {{time, 0}, {time, 0}};
        if (::futimens(made.get(), times) != 0) return oci::last_system_failure("set times");
        return {};
    }

private:
    /// A wildcard that finds several files would write each of them over the one before.
    Result<void> refuse_to_replace(const SelectedFile& file) {
        const std::string& destination = step_.transfer.destination;
        if (S_ISDIR(file.status.st_mode) || request_.several || !file.parents.empty() ||
            destination.ends_with('/'))
            return {};
        if (!last_.empty() && !oci::open_in_root(rootfs_, destination, O_PATH | O_DIRECTORY))
            return failure(ErrorCode::invalid, quote(file.path) + " would replace " + quote(last_) +
                                                   ": the destination " + quote(destination) +
                                                   " of several files must end with /");
        last_ = file.path;
        return {};
    }

    Result<bool> unpacked(const SelectedFile& file) {
        const Fd content = TRY(oci::open_file("/proc/self/fd/" + std::to_string(file.place.get()), O_RDONLY));
        if (!TRY(is_archive(content))) return false;
        const Owner owner = request_.attributes.owner.value_or(Owner{});
        const Fd directory = TRY(make_owned_directories(rootfs_, step_.transfer.destination, owner));
        TRY(unpack_archive(content, directory, request_.attributes.owner).in(quote(file.path)));
        return true;
    }

    const CopyStep& step_;
    BorrowedFd rootfs_;
    CopyRequest request_;
    std::string last_;  // the file that the destination got, if it is no directory
};

Result<CopyRequest> request_for(const CopyStep& step, BorrowedFd before) {
    CopyRequest request{.destination = step.transfer.destination, .attributes = {}};
    if (!step.transfer.chown.empty()) request.attributes.owner = TRY(find_owner(before, step.transfer.chown));
    request.attributes.mode = step.transfer.chmod.value;
    request.several = step.transfer.sources.size() + step.transfer.files.size() > 1;
    request.keep_directories = step.parents;
    return request;
}

}  // namespace

Result<void> copy_step(const CopyStep& step, const CopySource& source, StepArea& area, std::int64_t time) {
    CopyRequest request = TRY(request_for(step, TRY(area.view_before())));
    const auto excludes = TRY(excludes_of(step));
    if (excludes.has_value()) request.exclude = &*excludes;
    // --link: a layer that depends on nothing below it. No link of the image is followed, since none is seen.
    const Fd rootfs = step.transfer.link ? TRY(oci::duplicate(area.changes())) : TRY(area.mount());
    Copying copying(step, rootfs, request);
    for (const CopyPart& part : source.parts) TRY(copying.copy(part, time));
    for (const auto& file : step.transfer.files) TRY(copying.write(file, time));
    return {};
}

Result<void> workdir_step(const WorkdirStep& step, StepArea& area) {
    const Owner owner = TRY(find_owner(TRY(area.view_before()), step.user));
    const Fd rootfs = TRY(area.mount());
    TRY(make_owned_directories(rootfs, step.path, owner).in(quote(step.path)));
    return {};
}

}  // namespace ocimg::build
