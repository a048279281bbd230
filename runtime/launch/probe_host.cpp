#include "runtime/launch/probe_host.hpp"

#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_manager.hpp"
#include "runtime/kernel/credentials.hpp"

namespace ocirun {

namespace {

bool apparmor_is_enabled() {
    if (::access("/sys/kernel/security/apparmor", F_OK) != 0) return false;
    const auto enabled = oci::read_kernel_file("/sys/module/apparmor/parameters/enabled");
    return enabled && enabled->starts_with('Y');
}

}  // namespace

bool in_user_namespace() {
    const auto map = oci::read_kernel_file("/proc/self/uid_map");
    return map && oci::words(*map) != std::vector<std::string>{"0", "0", "4294967295"};
}

oci::Result<HostFacts> probe_host() {
    HostFacts facts;
    facts.effective_uid = ::geteuid();
    facts.in_user_namespace = in_user_namespace();
    facts.apparmor_enabled = apparmor_is_enabled();
    facts.selinux_enabled = ::access("/sys/fs/selinux/enforce", F_OK) == 0;
    const kernel::BoundingSet bounding = kernel::bounding_set();
    facts.last_capability = bounding.last;
    facts.bounding_capabilities = bounding.mask;
    facts.cgroup = TRY(probe_cgroups());
    return facts;
}

}  // namespace ocirun
