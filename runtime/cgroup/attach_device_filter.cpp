#include "runtime/cgroup/attach_device_filter.hpp"

#include <linux/bpf.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace ocirun {
namespace {

using oci::Fd;
using oci::Result;

constexpr char program_name[] = "ocirun_device";

int bpf(int command, bpf_attr& attributes) {
    return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

/// bpf(2) takes pointers as numbers.
template <class T>
std::uint64_t address(T* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

bpf_attr load_request(const std::vector<BpfInstruction>& program) {
    static constexpr char license[] = "Apache-2.0";  // the program calls no helper that asks for more
    bpf_attr request;
    std::memset(&request, 0, sizeof request);
    request.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    request.expected_attach_type = BPF_CGROUP_DEVICE;
    request.insns = address(program.data());
    request.insn_cnt = static_cast<std::uint32_t>(program.size());
    request.license = address(license);
    std::memcpy(request.prog_name, program_name, sizeof program_name);
    return request;
}

/// Kernels before 5.11 charge programs to RLIMIT_MEMLOCK, whose default is too small.
Result<Fd> load_with_more_locked_memory(const std::vector<BpfInstruction>& program) {
    rlimit before{};
    ::getrlimit(RLIMIT_MEMLOCK, &before);
    const rlimit unlimited{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0)
        return oci::last_system_failure("load the device filter");
    bpf_attr request = load_request(program);
    const int number = bpf(BPF_PROG_LOAD, request);
    const int reason = errno;
    ::setrlimit(RLIMIT_MEMLOCK, &before);  // the container inherits our limits
    if (number < 0) return oci::system_failure(reason, "load the device filter");
    return Fd(number);
}

Result<Fd> load(const std::vector<BpfInstruction>& program) {
    bpf_attr request = load_request(program);
    const int number = bpf(BPF_PROG_LOAD, request);
    if (number >= 0) return Fd(number);
    if (errno == EPERM) return load_with_more_locked_memory(program);
    const int reason = errno;
    if (reason != EINVAL && reason != EACCES) return oci::system_failure(reason, "load the device filter");
    // Once more for the verifier's own words.
    std::string log(16UL * 1024, '\0');
    request = load_request(program);
    request.log_buf = address(log.data());
    request.log_size = static_cast<std::uint32_t>(log.size());
    request.log_level = 1;
    const int again = bpf(BPF_PROG_LOAD, request);
    if (again >= 0) return Fd(again);
    oci::Error error = oci::system_failure(reason, "load the device filter");
    error.text += std::string(": ") + log.c_str();
    return error;
}

Result<void> attach(oci::BorrowedFd cgroup, oci::BorrowedFd program, oci::BorrowedFd replaced) {
    bpf_attr request;
    std::memset(&request, 0, sizeof request);
    request.target_fd = static_cast<std::uint32_t>(cgroup.get());
    request.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
    request.attach_type = BPF_CGROUP_DEVICE;
    request.attach_flags = BPF_F_ALLOW_MULTI;
    if (replaced.is_open()) {
        request.attach_flags |= BPF_F_REPLACE;
        request.replace_bpf_fd = static_cast<std::uint32_t>(replaced.get());
    }
    if (bpf(BPF_PROG_ATTACH, request) != 0)
        return oci::last_system_failure("attach the device filter to the cgroup");
    return {};
}

Result<void> detach(oci::BorrowedFd cgroup, oci::BorrowedFd program) {
    bpf_attr request;
    std::memset(&request, 0, sizeof request);
    request.target_fd = static_cast<std::uint32_t>(cgroup.get());
    request.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
    request.attach_type = BPF_CGROUP_DEVICE;
    if (bpf(BPF_PROG_DETACH, request) != 0) return oci::last_system_failure("detach the old device filter");
    return {};
}

bool is_ours(oci::BorrowedFd program) {
    bpf_prog_info info;
    std::memset(&info, 0, sizeof info);
    bpf_attr request;
    std::memset(&request, 0, sizeof request);
    request.info.bpf_fd = static_cast<std::uint32_t>(program.get());
    request.info.info_len = sizeof info;
    request.info.info = address(&info);
    return bpf(BPF_OBJ_GET_INFO_BY_FD, request) == 0 && std::string_view(info.name) == program_name;
}

/// The filter of ours that is attached to the cgroup itself; closed when there is none.
Result<Fd> find_attached(oci::BorrowedFd cgroup) {
    std::array<std::uint32_t, 64> ids{};
    bpf_attr request;
    std::memset(&request, 0, sizeof request);
    request.query.target_fd = static_cast<std::uint32_t>(cgroup.get());
    request.query.attach_type = BPF_CGROUP_DEVICE;
    request.query.prog_ids = address(ids.data());
    request.query.prog_cnt = ids.size();
    if (bpf(BPF_PROG_QUERY, request) != 0)
        return oci::last_system_failure("list the device filters of the cgroup");
    for (std::uint32_t i = 0; i < request.query.prog_cnt && i < ids.size(); ++i) {
        bpf_attr open;
        std::memset(&open, 0, sizeof open);
        open.prog_id = ids[i];
        Fd program(bpf(BPF_PROG_GET_FD_BY_ID, open));
        if (program.is_open() && is_ours(program)) return program;
    }
    return Fd();
}

}  // namespace

Result<void> attach_device_filter(oci::BorrowedFd cgroup, const std::vector<BpfInstruction>& program) {
    return attach(cgroup, TRY(load(program)), oci::BorrowedFd());
}

Result<void> replace_device_filter(oci::BorrowedFd cgroup, const std::vector<BpfInstruction>& program) {
    const Fd old = TRY(find_attached(cgroup));
    if (program.empty()) return old.is_open() ? detach(cgroup, old) : Result<void>();
    const Fd loaded = TRY(load(program));
    if (!old.is_open()) return attach(cgroup, loaded, oci::BorrowedFd());
    if (attach(cgroup, loaded, old)) return {};
    // A kernel before 5.6: for a moment both must allow.
    TRY(attach(cgroup, loaded, oci::BorrowedFd()));
    return detach(cgroup, old);
}

}  // namespace ocirun
