#include "runtime/kernel/landlock.hpp"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ocirun::kernel {

using oci::Fd;
using oci::last_system_failure;
using oci::Result;

namespace {

constexpr std::uint64_t bits_below(unsigned count) {
    return (std::uint64_t{1} << count) - 1;
}

}  // namespace

std::uint64_t known_file_accesses() {
    const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version <= 0) return 0;
    if (version == 1) return bits_below(13);               // to make_sym
    if (version == 2) return bits_below(14);               // refer
    return version < 5 ? bits_below(15) : bits_below(16);  // truncate, ioctl_dev
}

Result<Fd> create_ruleset(std::uint64_t handled) {
    landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = handled;
    const long number = ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (number < 0) return last_system_failure("landlock_create_ruleset");
    return Fd(static_cast<int>(number));
}

Result<void> allow_beneath(oci::BorrowedFd ruleset, oci::BorrowedFd path, std::uint64_t allowed) {
    landlock_path_beneath_attr attributes{};
    attributes.allowed_access = allowed;
    attributes.parent_fd = path.get();
    if (::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &attributes, 0) != 0)
        return last_system_failure("landlock_add_rule");
    return {};
}

bool restrict_self(oci::BorrowedFd ruleset) noexcept {
    return ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace ocirun::kernel
