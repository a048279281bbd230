#pragma once
// Who the process is: ids, groups, capabilities, and the switches around them.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ocirun::kernel {

oci::Result<void> set_user(std::uint32_t uid);
oci::Result<void> set_group(std::uint32_t gid);
oci::Result<void> set_additional_groups(const std::vector<std::uint32_t>& gids);

/// PR_SET_KEEPCAPS: permitted capabilities survive the change from uid 0.
oci::Result<void> keep_capabilities(bool keep);
/// The capabilities in the calling thread's bounding set, as a mask, and the last one that the kernel knows.
struct BoundingSet {
    std::uint64_t mask = 0;
    std::uint64_t last = 0;
};
BoundingSet bounding_set();
/// Drops every capability from the bounding set that is not in `keep`.
oci::Result<void> limit_bounding_set(std::uint64_t keep, std::uint64_t last_capability);
/// capset(2). Makes one system call and allocates nothing.
oci::Result<void> set_capabilities(std::uint64_t effective, std::uint64_t permitted,
                                   std::uint64_t inheritable);
/// The permitted set of the calling thread.
std::uint64_t permitted_set();
/// Raises exactly these ambient capabilities; ones that the kernel refuses are reported in `refused`.
oci::Result<void> set_ambient(std::uint64_t ambient, std::uint64_t& refused);

/// PR_SET_NO_NEW_PRIVS.
oci::Result<void> forbid_new_privileges();
/// PR_SET_DUMPABLE: 0 keeps other processes from attaching.
oci::Result<void> set_dumpable(bool dumpable);
/// PR_SET_CHILD_SUBREAPER.
oci::Result<void> become_subreaper();
/// No signal blocked, every one with its default action: what a fresh program expects.
oci::Result<void> reset_signals();
/// Lets this process run on every CPU that its cgroup grants, whatever the caller was pinned to.
void use_every_cpu();
/// A new session keyring of that name (keyctl JOIN_SESSION_KEYRING).
oci::Result<void> join_session_keyring(const std::string& name);

}  // namespace ocirun::kernel
