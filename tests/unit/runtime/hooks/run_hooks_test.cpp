#include "runtime/hooks/run_hooks.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "base/file.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ocirun {
namespace {

using oci::test::FailsWith;
using oci::test::HasErrno;
using oci::test::IsOk;
using oci::test::TemporaryDirectory;
using testing::HasSubstr;
using testing::Not;

constexpr const char* state = R"({"ociVersion":"1.3.0","id":"web","status":"creating"})";

/// A hook that is a script with this body, in a directory of its own.
class RunHooks : public testing::Test {
protected:
    PlannedHook a_hook(const std::string& path) {
        const std::string origin = "hooks.prestart[" + std::to_string(number_++) + "]";
        return {.path = path,
                .arguments = {path},
                .environment = {"PATH=/usr/bin:/bin"},
                .timeout = {},
                .origin = origin};
    }
    PlannedHook a_script(const std::string& body) {
        const std::string path = directory_.path("hook" + std::to_string(number_));
        auto file = oci::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0755).value();
        EXPECT_THAT(oci::write_all(file, "#!/bin/sh\n" + body + "\n"), IsOk());
        return a_hook(path);
    }
    std::string content(const std::string& name) {
        return oci::read_file(directory_.fd(), name, 1 << 20).value();
    }

    TemporaryDirectory directory_;
    int number_ = 0;
};

TEST_F(RunHooks, no_hooks_is_success) {
    EXPECT_THAT(run_hooks({}, state, ""), IsOk());
}

TEST_F(RunHooks, a_hook_that_exits_with_zero_is_success) {
    EXPECT_THAT(run_hooks({a_hook("/bin/true")}, state, ""), IsOk());
}

TEST_F(RunHooks, an_exit_status_names_the_hook) {
    EXPECT_EQ(run_hooks({a_hook("/bin/false")}, state, "").error().text,
              "error running prestart hook #0: hooks.prestart[0] /bin/false: exit status 1");
}

TEST_F(RunHooks, a_signal_names_the_hook_and_the_signal) {
    EXPECT_THAT(run_hooks({a_script("kill -TERM $$")}, state, ""), FailsWith("signal 15 (terminated)"));
}

TEST_F(RunHooks, an_absent_executable_is_named_once_with_its_errno) {
    const auto done = run_hooks({a_hook("/nonexistent/hook")}, state, "");
    EXPECT_THAT(done, HasErrno(ENOENT));
    EXPECT_EQ(
        done.error().text,
        "error running prestart hook #0: hooks.prestart[0] /nonexistent/hook: no such file or directory");
}

TEST_F(RunHooks, a_file_without_execute_permission_is_an_error) {
    PlannedHook hook = a_script("true");
    ASSERT_EQ(::chmod(hook.path.c_str(), 0644), 0);
    EXPECT_THAT(run_hooks({hook}, state, ""), HasErrno(EACCES));
}

TEST_F(RunHooks, the_state_arrives_on_standard_input_of_every_hook) {
    const auto done = run_hooks({a_script("cat > \"$(dirname \"$0\")/first\""),
                                 a_script("cat /dev/stdin > \"$(dirname \"$0\")/second\"")},
                                state, "");
    ASSERT_THAT(done, IsOk());
    EXPECT_EQ(content("first"), state);
    EXPECT_EQ(content("second"), state);
}

TEST_F(RunHooks, a_state_larger_than_a_pipe_does_not_block_a_hook_that_never_reads) {
    EXPECT_THAT(run_hooks({a_hook("/bin/true")}, std::string(4 << 20, 'x'), ""), IsOk());
}

TEST_F(RunHooks, arguments_are_passed_with_their_own_first_word) {
    PlannedHook hook = a_hook("/bin/sh");
    hook.arguments = {"my-name", "-c",       "printf '%s|%s' \"$0\" \"$1\" > \"$2/args\"; exit 0",
                      "zero",    "one word", directory_.path()};
    ASSERT_THAT(run_hooks({hook}, state, ""), IsOk());
    EXPECT_EQ(content("args"), "zero|one word");
}

TEST_F(RunHooks, without_arguments_the_path_is_the_first_word) {
    PlannedHook hook = a_hook("/bin/true");
    hook.arguments.clear();
    EXPECT_THAT(run_hooks({hook}, state, ""), IsOk());
}

TEST_F(RunHooks, the_environment_is_the_one_of_the_hook_and_nothing_more) {
    PlannedHook hook = a_hook("/usr/bin/env");
    PlannedHook script = a_script("/usr/bin/env > \"$(dirname \"$0\")/env\"");
    script.environment = {"PATH=/usr/bin:/bin", "COLOUR=blue"};
    ::setenv("OCIRUN_TEST_SECRET", "yes", 1);
    ASSERT_THAT(run_hooks({script}, state, ""), IsOk());
    EXPECT_THAT(content("env"), HasSubstr("COLOUR=blue"));
    EXPECT_THAT(content("env"), Not(HasSubstr("OCIRUN_TEST_SECRET")));
}

TEST_F(RunHooks, hooks_start_in_the_given_directory_and_the_caller_stays_where_it_was) {
    const std::string before = std::filesystem::current_path();
    ASSERT_THAT(run_hooks({a_script("pwd -P > here")}, state, directory_.path()), IsOk());
    EXPECT_EQ(content("here"), std::filesystem::canonical(directory_.path()).string() + "\n");
    EXPECT_EQ(std::filesystem::current_path(), before);
}

TEST_F(RunHooks, an_absent_directory_is_an_error) {
    EXPECT_THAT(run_hooks({a_hook("/bin/true")}, state, "/nonexistent"), HasErrno(ENOENT));
}

TEST_F(RunHooks, the_first_failure_ends_the_run) {
    const auto done = run_hooks(
        {a_hook("/bin/true"), a_hook("/bin/false"), a_script("touch \"$(dirname \"$0\")/ran\"")}, state, "");
    EXPECT_THAT(done, FailsWith("hooks.prestart[1] /bin/false"));
    EXPECT_FALSE(oci::exists_at(directory_.fd(), "ran"));
}

TEST_F(RunHooks, what_the_hook_printed_on_standard_error_is_quoted) {
    EXPECT_THAT(run_hooks({a_script("echo 'no \"such\" network' >&2; echo more >&2; exit 7")}, state, ""),
                FailsWith(R"(exit status 7: "no \"such\" network\nmore")"));
}

TEST_F(RunHooks, long_output_is_cut_to_its_last_kilobyte) {
    const auto done = run_hooks(
        {a_script("i=0; while [ $i -lt 5000 ]; do echo line$i >&2; i=$((i+1)); done; exit 1")}, state, "");
    EXPECT_THAT(done, FailsWith("line4999\""));
    EXPECT_LT(done.error().text.size(), 1600U);
}

TEST_F(RunHooks, control_characters_of_the_output_never_reach_the_terminal) {
    EXPECT_THAT(run_hooks({a_script("printf 'a\\033[2Jb' >&2; exit 1")}, state, ""),
                FailsWith(R"("a\x1b[2Jb")"));
}

TEST_F(RunHooks, a_hook_that_exceeds_its_timeout_is_killed) {
    PlannedHook hook = a_script("echo waiting >&2; exec tail -f /dev/null");
    hook.timeout = std::chrono::seconds(1);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(run_hooks({hook}, state, ""), FailsWith(": timed out after 1 s: \"waiting\""));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(RunHooks, a_hook_within_its_timeout_is_success) {
    PlannedHook hook = a_hook("/bin/true");
    hook.timeout = std::chrono::seconds::max();
    EXPECT_THAT(run_hooks({hook}, state, ""), IsOk());
}

TEST_F(RunHooks, a_daemon_that_keeps_standard_error_open_does_not_block) {
    PlannedHook hook = a_script("tail -f /dev/null & echo $! > \"$(dirname \"$0\")/pid\"");
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(run_hooks({hook}, state, ""), IsOk());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    ::kill(std::stoi(content("pid")), SIGKILL);
}

TEST_F(RunHooks, to_the_end_runs_every_hook_and_returns_every_failure) {
    const auto failures = run_hooks_to_the_end(
        {a_hook("/bin/false"), a_script("touch \"$(dirname \"$0\")/ran\""), a_hook("/nonexistent")}, state,
        "");
    ASSERT_EQ(failures.size(), 2U);
    EXPECT_THAT(failures[0].text, HasSubstr("hooks.prestart[0] /bin/false: exit status 1"));
    EXPECT_THAT(failures[1].text, HasSubstr("hooks.prestart[2] /nonexistent: no such file"));
    EXPECT_TRUE(oci::exists_at(directory_.fd(), "ran"));
}

}  // namespace
}  // namespace ocirun
