// The compiled filter in the running kernel, in a child of the test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/plan/seccomp_plan.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

/// Loads the filter in a child; the errno of each call there, or 255 where the filter was refused.
int in_filtered_child(const SeccompPlan& plan, int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        sock_fprog program{};
        program.len = static_cast<unsigned short>(plan.program.size() / sizeof(sock_filter));
        program.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(plan.program.data()));
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(254);
        if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan.flags, &program) != 0) ::_exit(255);
        // Not _exit(), where sanitizers look for leaks by calls that the filter refuses.
        ::syscall(SYS_exit_group, body());
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

oci::spec::Seccomp a_filter_for_this_machine() {
    oci::spec::Seccomp filter;
    filter.default_action = "SCMP_ACT_ERRNO";
    filter.flags = std::vector<std::string>{"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
    filter.syscalls = {
        {.names = {"exit_group", "openat2"}, .action = "SCMP_ACT_ALLOW", .errno_ret = {}, .args = {}},
        {.names = {"getpgid"}, .action = "SCMP_ACT_ERRNO", .errno_ret = ENOTTY, .args = {}},
        {.names = {"umask"},
         .action = "SCMP_ACT_ALLOW",
         .errno_ret = {},
         .args = {{.index = 0, .value = 0x3F, .value_two = 0x12, .op = "SCMP_CMP_MASKED_EQ"}}}};
    return filter;
}

TEST(SeccompKernel, the_kernel_takes_the_program_and_decides_as_planned) {
    const auto plan = plan_seccomp(a_filter_for_this_machine(), "linux.seccomp");
    ASSERT_THAT(plan, oci::test::IsOk());
    EXPECT_EQ(in_filtered_child(*plan, [] { return ::syscall(SYS_getpid) < 0 ? errno : 0; }), EPERM);
    EXPECT_EQ(in_filtered_child(*plan, [] { return ::syscall(SYS_getpgid, 0) < 0 ? errno : 0; }), ENOTTY);
    EXPECT_EQ(in_filtered_child(*plan, [] { return ::syscall(SYS_umask, 022) < 0 ? errno : 0; }), 0);
    EXPECT_EQ(in_filtered_child(*plan, [] { return ::syscall(SYS_umask, 023) < 0 ? errno : 0; }), EPERM);
    EXPECT_EQ(in_filtered_child(*plan, [] { return ::syscall(SYS_openat2 + 1, 0) < 0 ? errno : 0; }), ENOSYS);
}

TEST(SeccompKernel, a_killed_call_ends_the_process_by_SIGSYS) {
    auto filter = a_filter_for_this_machine();
    filter.syscalls.push_back(
        {.names = {"getpid"}, .action = "SCMP_ACT_KILL_PROCESS", .errno_ret = {}, .args = {}});
    const auto plan = plan_seccomp(filter, "linux.seccomp");
    ASSERT_THAT(plan, oci::test::IsOk());
    EXPECT_EQ(in_filtered_child(*plan, [] { return ::syscall(SYS_getpid) < 0 ? errno : 0; }), 1000 + SIGSYS);
}

}  // namespace
}  // namespace ocirun
