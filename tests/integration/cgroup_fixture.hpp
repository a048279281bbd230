#pragma once
// Cgroups of the test's own on the real kernel, and processes to put into them.

#include <gtest/gtest.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/cgroup/cgroup_manager.hpp"

namespace ocirun::test {

/// A forked process that runs `body` and exits with what it returns; killed and reaped at the end.
class TestProcess {
public:
    /// `body` starts when let_go() is called. `start_process` is fork unless a test clones into a cgroup.
    explicit TestProcess(std::function<int()> body, std::function<pid_t()> start_process = {});
    ~TestProcess();
    TestProcess(const TestProcess&) = delete;
    TestProcess& operator=(const TestProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    void let_go();
    /// Waits at most ten seconds; the wait status, or -1 if it still runs.
    int wait();

private:
    pid_t pid_ = -1;
    int gate_ = -1;
    bool reaped_ = false;
};

/// A body that does nothing until it is killed.
int sleep_for_ever();
/// A body that opens a device: 0, or the errno.
int try_to_open(const char* device, int flags);
/// A body that uses that much memory, then returns 0.
int use_memory(std::size_t bytes);

/// A test with a container cgroup below a directory of its own.
class CgroupTest : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    /// The path of the container's cgroup: "/oci-test-PID/container".
    [[nodiscard]] std::string path() const { return "/" + top_ + "/container"; }
    /// Plans with these resources and opens a manager for it; not created yet.
    std::unique_ptr<CgroupManager> make_manager(const oci::spec::Resources& resources = {});
    /// The same, created and with the plan applied.
    std::unique_ptr<CgroupManager> make_container(const oci::spec::Resources& resources = {});
    /// The directory of a controller ("" on v2).
    static std::string directory(const CgroupManager& manager, const std::string& controller);
    static std::string read(const std::string& directory, const std::string& file);
    static bool exists(const std::string& path);
    /// Every directory of ours that is left.
    std::vector<std::string> leftovers();

    CgroupFacts facts_;
    CgroupPlan plan_;

private:
    std::string top_;
    std::vector<CgroupLocation> made_;
};

}  // namespace ocirun::test
