#include "base/process.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/file.hpp"
#include "tests/support/result_matchers.hpp"

namespace oci {
namespace {

using test::FailsWith;
using test::HasErrno;
using test::IsOk;

SpawnRequest command(const std::string& path, std::vector<std::string> arguments) {
    SpawnRequest request;
    request.path = path;
    request.arguments = std::move(arguments);
    return request;
}

TEST(Process, exit_codes_and_signals_are_told_apart) {
    auto three = spawn(command("/bin/sh", {"sh", "-c", "exit 3"}));
    ASSERT_THAT(three, IsOk());
    const ExitStatus exited = three->wait().value();
    EXPECT_EQ(exited.shell_code(), 3);
    EXPECT_EQ(exited.describe(), "exit status 3");
    auto killed = spawn(command("/bin/sh", {"sh", "-c", "kill -9 $$"}));
    ASSERT_THAT(killed, IsOk());
    const ExitStatus signalled = killed->wait().value();
    EXPECT_EQ(signalled.shell_code(), 128 + SIGKILL);
    EXPECT_EQ(signalled.describe(), "signal 9 (Killed)");
}

TEST(Process, a_program_that_cannot_start_is_an_error) {
    EXPECT_THAT(spawn(command("/no/such/program", {"x"})),
                FailsWith("start /no/such/program: no such file or directory"));
    EXPECT_THAT(spawn(command("/etc", {"x"})), HasErrno(EACCES));
}

TEST(Process, waiting_has_a_timeout) {
    auto child = spawn(command("/bin/sleep", {"sleep", "100"}));
    ASSERT_THAT(child, IsOk());
    const auto ended = child->wait_for(std::chrono::milliseconds(10));
    ASSERT_THAT(ended, IsOk());
    EXPECT_FALSE(ended->has_value());
    ASSERT_THAT(child->signal(SIGTERM), IsOk());
    EXPECT_EQ(child->wait()->signal, SIGTERM);
}

TEST(Process, dropping_a_child_kills_and_reaps_it) {
    pid_t pid = 0;
    {
        auto child = spawn(command("/bin/sleep", {"sleep", "100"}));
        ASSERT_THAT(child, IsOk());
        pid = child->pid();
    }
    EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(Process, descriptors_are_not_inherited) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);  // inheritable on purpose
    const Fd read_end(ends[0]);
    const Fd write_end(ends[1]);
    auto child =
        spawn(command("/bin/sh", {"sh", "-c", "[ ! -e /proc/self/fd/" + std::to_string(ends[1]) + " ]"}));
    ASSERT_THAT(child, IsOk());
    EXPECT_EQ(child->wait()->shell_code(), 0);
}

TEST(Process, environment_and_streams_are_the_given_ones) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd read_end(ends[0]);
    Fd write_end(ends[1]);
    SpawnRequest request = command("/bin/sh", {"sh", "-c", "echo \"$NAME\""});
    request.environment = {"NAME=value"};
    request.standard_output = write_end;
    auto child = spawn(request);
    ASSERT_THAT(child, IsOk());
    write_end.reset();
    EXPECT_EQ(*read_all(read_end, 100), "value\n");
    EXPECT_EQ(child->wait()->shell_code(), 0);
}

TEST(Process, identity_names_a_process_for_good) {
    const auto own = identify_process(::getpid());
    ASSERT_THAT(own, IsOk());
    EXPECT_EQ(own->start_time, identify_process(::getpid())->start_time);
    EXPECT_EQ(own->state, 'R');
    EXPECT_FALSE(identify_process(-5).has_value());
}

}  // namespace
}  // namespace oci
