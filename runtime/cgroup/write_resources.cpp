#include "runtime/cgroup/write_resources.hpp"

#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

bool is_missing(const oci::Error& error) {
    return error.system_errno == ENOENT || error.system_errno == EOPNOTSUPP;
}

/// Refusals that may end once the other values are in place.
bool may_pass_later(const oci::Error& error) {
    return error.system_errno == EINVAL || error.system_errno == EBUSY;
}

Result<void> write_value(const OpenCgroup& cgroup, const std::string& file, const std::string& value) {
    auto done = oci::write_kernel_file(cgroup.fd, file, value);
    if (done) return {};
    oci::Error error = done.error();
    error.text = "write " + oci::quote(value) + " to " + cgroup.path + "/" + file + ": " +
                 oci::errno_text(error.system_errno);
    return error;
}

/// checkBeforeUpdate: cgroup v2 would end processes where cgroup v1 refuses the limit.
Result<void> check_usage(const OpenCgroup& cgroup, const CgroupWrite& write) {
    if (write.usage_file.empty()) return {};
    const std::string text = TRY(oci::read_file(cgroup.fd, write.usage_file, 4096));
    const auto usage = oci::parse_integer<std::uint64_t>(oci::trim(text));
    const auto limit = oci::parse_integer<std::uint64_t>(write.value);
    if (!usage || !limit || *usage <= *limit) return {};
    return oci::failure(ErrorCode::wrong_state, write.origin + ": the new limit " + write.value +
                                                    " is below the current usage " + std::to_string(*usage));
}

/// What helps to understand a refused limit.
std::string usage_hint(const OpenCgroup& cgroup, const CgroupWrite& write, const oci::Error& error) {
    if (write.file != "memory.limit_in_bytes" || error.system_errno != EBUSY) return "";
    const auto usage = oci::read_file(cgroup.fd, "memory.usage_in_bytes", 4096);
    if (!usage) return "";
    return "; unable to set memory limit to " + write.value +
           " (current usage: " + std::string(oci::trim(*usage)) + ")";
}

Result<void> write_one(const CgroupWrite& write, const ResourceTarget& target) {
    const OpenCgroup cgroup = target.directory_of(write.controller);
    if (!cgroup.fd.is_open()) {
        if (write.may_be_missing) return {};
        return oci::failure(ErrorCode::unsupported, write.origin + ": " + target.explain_missing(write));
    }
    TRY(check_usage(cgroup, write));
    auto done = write_value(cgroup, write.file, write.value);
    if (!done && is_missing(done.error()) && !write.fallback_file.empty())
        done = write_value(cgroup, write.fallback_file, write.fallback_value);
    if (done) return {};
    oci::Error error = done.error();
    if (is_missing(error) && write.may_be_missing) return {};
    if (error.system_errno == ENOENT) {
        error.code = ErrorCode::unsupported;
        error.text = target.explain_missing(write);
    }
    error.text += usage_hint(cgroup, write, error);
    return error.in(write.origin);
}

}  // namespace

Result<void> write_resources(const std::vector<CgroupWrite>& writes, const ResourceTarget& target) {
    std::vector<const CgroupWrite*> refused;
    for (const CgroupWrite& write : writes) {
        auto done = write_one(write, target);
        if (done) continue;
        if (!may_pass_later(done.error())) return done;
        refused.push_back(&write);
    }
    for (const CgroupWrite* write : refused) TRY(write_one(*write, target));
    return {};
}

}  // namespace ocirun
