#include "runtime/cgroup/unmanaged_cgroup.hpp"

namespace ocirun {
namespace {

oci::Error no_cgroup(const std::string& what) {
    return oci::failure(oci::ErrorCode::unsupported, "the container has no cgroup, so " + what);
}

}  // namespace

oci::Result<void> UnmanagedCgroup::apply(const CgroupPlan& plan) {
    return write(plan.writes);
}

oci::Result<void> UnmanagedCgroup::write(const std::vector<CgroupWrite>& writes) {
    if (writes.empty()) return {};
    return no_cgroup(writes.front().origin + " cannot be set");
}

oci::Result<std::vector<CgroupWrite>> UnmanagedCgroup::current(const std::vector<CgroupWrite>& writes) {
    if (writes.empty()) return std::vector<CgroupWrite>();
    return no_cgroup(writes.front().origin + " cannot be changed");
}

oci::Result<void> UnmanagedCgroup::replace_device_filter(const std::vector<BpfInstruction>&) {
    return no_cgroup("its devices cannot be changed");
}

oci::Result<void> UnmanagedCgroup::freeze() {
    return no_cgroup("it cannot be paused");
}
oci::Result<void> UnmanagedCgroup::thaw() {
    return no_cgroup("it cannot be resumed");
}
oci::Result<void> UnmanagedCgroup::signal_all(int) {
    return no_cgroup("its processes are not known");
}
oci::Result<std::vector<pid_t>> UnmanagedCgroup::processes() {
    return no_cgroup("its processes are not known");
}

}  // namespace ocirun
