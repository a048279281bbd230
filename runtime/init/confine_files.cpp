#include "runtime/init/confine_files.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "runtime/kernel/landlock.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::Fd;
using oci::Result;

namespace {

/// What can be done with a file that is no directory: execute, write_file, read_file, truncate, ioctl_dev.
constexpr std::uint64_t accesses_of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                            LANDLOCK_ACCESS_FS_READ_FILE | (std::uint64_t{3} << 14U);

Result<void> add_rule(BorrowedFd ruleset, const std::string& path, std::uint64_t allowed) {
    const Fd place = TRY(oci::open_file(path, O_PATH));
    const struct stat status = TRY(oci::status_of(place));
    if (!S_ISDIR(status.st_mode)) allowed &= accesses_of_files;
    if (allowed == 0) return {};
    return kernel::allow_beneath(ruleset, place, allowed).in(path);
}

}  // namespace

Result<Fd> prepare_landlock(const ProcessPlan& process) {
    if (!process.landlock) return Fd();
    const LandlockPlan& plan = *process.landlock;
    const std::uint64_t known = kernel::known_file_accesses();
    if ((plan.handled & ~known) != 0 && !plan.best_effort)
        return oci::failure(ErrorCode::unsupported,
                            known == 0 ? "annotations: ocirun.landlock: this kernel has no Landlock"
                                       : "annotations: ocirun.landlock: this kernel's Landlock does not know "
                                         "every access of ruleset.handledAccessFS");
    if ((plan.handled & known) == 0) return Fd();
    Fd ruleset = TRY(kernel::create_ruleset(plan.handled & known));
    for (const LandlockRule& rule : plan.rules) {
        for (const std::string& path : rule.paths)
            TRY(add_rule(ruleset, path, rule.allowed & known).in(rule.origin));
    }
    return ruleset;
}

}  // namespace ocirun
