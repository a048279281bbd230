#include "tests/integration/cgroup_fixture.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocirun::test {

using oci::test::IsOk;

TestProcess::TestProcess(std::function<int()> body, std::function<pid_t()> start_process) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    pid_ = start_process ? start_process() : ::fork();
    if (pid_ == 0) {
        char token = 0;
        ::close(ends[1]);
        if (::read(ends[0], &token, 1) != 1) ::_exit(111);
        ::_exit(body());
    }
    EXPECT_GT(pid_, 0);
    ::close(ends[0]);
    gate_ = ends[1];
}

TestProcess::~TestProcess() {
    if (gate_ >= 0) ::close(gate_);
    if (pid_ <= 0 || reaped_) return;
    ::kill(pid_, SIGKILL);
    wait();
}

void TestProcess::let_go() {
    EXPECT_EQ(::write(gate_, "g", 1), 1);
}

int TestProcess::wait() {
    const Deadline deadline(std::chrono::milliseconds{10000});
    int status = -1;
    while (!reaped_ && !deadline.passed()) {
        reaped_ = ::waitpid(pid_, &status, WNOHANG) == pid_;
        if (!reaped_) pause_briefly(std::chrono::milliseconds{2});
    }
    return reaped_ ? status : -1;
}

int sleep_for_ever() {
    for (;;) ::pause();
}

int try_to_open(const char* device, int flags) {
    const int number = ::open(device, flags | O_CLOEXEC);
    if (number < 0) return errno;
    ::close(number);
    return 0;
}

int use_memory(std::size_t bytes) {
    void* area = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) return errno;
    for (std::size_t at = 0; at < bytes; at += 4096) static_cast<volatile char*>(area)[at] = 1;
    return 0;
}

void CgroupTest::SetUp() {
    static int number = 0;
    // The pid namespace of the sandbox may give the same pids twice: the time makes the name unique.
    struct timespec now {};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    top_ = "oci-test-" + std::to_string(now.tv_sec) + "-" + std::to_string(now.tv_nsec) + "-" +
           std::to_string(++number);
    const auto facts = probe_cgroups();
    ASSERT_THAT(facts, IsOk());
    facts_ = *facts;
}

void CgroupTest::TearDown() {
    for (const CgroupLocation& location : made_) {
        const auto manager = open_cgroup_manager(location);
        ASSERT_THAT(manager, IsOk());
        EXPECT_THAT((*manager)->remove(), IsOk());
    }
    for (const std::string& left : leftovers()) {
        ADD_FAILURE() << "left behind: " << left;
        EXPECT_THAT(remove_cgroup(left, Deadline(cgroup_patience)), IsOk());
    }
}

std::vector<std::string> CgroupTest::leftovers() {
    std::vector<std::string> found;
    for (const CgroupHierarchy& hierarchy : facts_.hierarchies)
        if (exists(hierarchy.mount_point + "/" + top_)) found.push_back(hierarchy.mount_point + "/" + top_);
    const std::string unified = facts_.unified_mount_point + "/" + top_;
    if (!facts_.unified_mount_point.empty() && exists(unified)) found.push_back(unified);
    return found;
}

std::unique_ptr<CgroupManager> CgroupTest::make_manager(const oci::spec::Resources& resources) {
    oci::spec::RuntimeConfig config;
    config.linux_section.emplace();
    config.linux_section->cgroups_path = path();
    config.linux_section->resources = resources;
    HostFacts host;
    host.cgroup = facts_;
    auto plan = plan_cgroup(config, host, {.container_id = "test"});
    EXPECT_THAT(plan, IsOk());
    if (!plan) return nullptr;
    plan_ = *plan;
    auto location = locate_cgroup(plan_, facts_);
    EXPECT_THAT(location, IsOk());
    made_.push_back(*location);
    return open_cgroup_manager(*location).value();
}

std::unique_ptr<CgroupManager> CgroupTest::make_container(const oci::spec::Resources& resources) {
    auto manager = make_manager(resources);
    EXPECT_THAT(manager->create(), IsOk());
    EXPECT_THAT(manager->apply(plan_), IsOk());
    EXPECT_THAT(manager->filter_devices(plan_), IsOk());
    return manager;
}

std::string CgroupTest::directory(const CgroupManager& manager, const std::string& controller) {
    for (const auto& [controllers, directory] : manager.location().directories)
        for (const std::string& name : oci::split(controllers, ','))
            if (name == controller) return directory;
    return "";
}

std::string CgroupTest::read(const std::string& directory, const std::string& file) {
    const auto text = oci::read_kernel_file(directory + "/" + file);
    EXPECT_THAT(text, IsOk());
    return text ? std::string(oci::trim(*text)) : "";
}

bool CgroupTest::exists(const std::string& path) {
    return oci::exists_at(oci::current_directory, path);
}

}  // namespace ocirun::test
