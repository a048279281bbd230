#include "runtime/plan/update_plan.hpp"

#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using oci::spec::DeviceCgroup;
using oci::spec::Resources;
using oci::test::FailsWith;
using oci::test::IsOk;
using testing::ElementsAre;

std::string text_of(const CgroupWrite& write) {
    return write.file + "=" + write.value;
}

std::vector<std::string> texts_of(const std::vector<CgroupWrite>& writes) {
    std::vector<std::string> texts;
    for (const CgroupWrite& write : writes) texts.push_back(text_of(write));
    return texts;
}

std::vector<std::string> writes_of(const Resources& before, const Resources& change, CgroupVersion version) {
    std::vector<std::string> warnings;
    const auto writes = plan_change_writes(change, merge_resources(before, change), version, warnings);
    EXPECT_THAT(writes, IsOk());
    return texts_of(*writes);
}

DeviceCgroup rule(bool allow, std::int64_t minor, const char* access = "rw") {
    return {.allow = allow, .type = "c", .major = 10, .minor = minor, .access = access};
}

TEST(MergeResources, zero_and_absent_leave_what_was_there) {
    Resources before, change;
    before.memory.emplace().limit = 1000;
    before.cpu.emplace().shares = 512;
    before.cpu->cpus = "0-1";
    change.memory.emplace().limit = 0;
    change.cpu.emplace().quota = 5000;
    const Resources merged = merge_resources(before, change);
    EXPECT_EQ(merged.memory->limit, 1000);
    EXPECT_EQ(merged.cpu->shares, 512);
    EXPECT_EQ(merged.cpu->quota, 5000);
    EXPECT_EQ(merged.cpu->cpus, "0-1");
}

TEST(MergeResources, a_pids_limit_of_zero_counts) {
    Resources before, change;
    before.pids.emplace().limit = 10;
    change.pids.emplace().limit = 0;
    EXPECT_EQ(merge_resources(before, change).pids->limit, 0);
}

TEST(MergeResources, throttles_are_replaced_by_device) {
    const auto reading = [](std::vector<oci::spec::ThrottleDevice> devices) {
        oci::spec::BlockIo block_io;
        block_io.throttle_read_bps_device = std::move(devices);
        Resources resources;
        resources.block_io = std::move(block_io);
        return resources;
    };
    const Resources before = reading({{8, 0, 100}, {8, 16, 200}});
    const Resources change = reading({{8, 16, 300}});
    const Resources merged = merge_resources(before, change);
    const auto& devices = merged.block_io->throttle_read_bps_device;
    ASSERT_EQ(devices.size(), 2U);
    EXPECT_EQ(devices[0].rate, 100U);
    EXPECT_EQ(devices[1].rate, 300U);
}

TEST(MergeResources, device_rules_follow_the_old_ones_and_do_not_pile_up) {
    Resources before, change;
    before.devices = {{.allow = false, .access = "rwm"}, rule(true, 1)};
    change.devices = {rule(true, 2), rule(true, 1)};
    EXPECT_EQ(merge_resources(before, change).devices.size(), 3U);
    change.devices = {{.allow = false, .access = "rwm"}, rule(true, 2)};
    EXPECT_EQ(merge_resources(before, change).devices.size(), 2U);
}

TEST(PlanChange, quota_and_period_share_a_file_in_v2) {
    Resources before, change;
    before.cpu.emplace().period = 50000;
    before.cpu->quota = 20000;
    change.cpu.emplace().quota = 30000;
    EXPECT_THAT(writes_of(before, change, CgroupVersion::v2), ElementsAre("cpu.max=30000 50000"));
}

TEST(PlanChange, swap_of_v2_follows_the_memory_limit) {
    Resources before, change;
    before.memory.emplace().limit = 100;
    before.memory->swap = 200;
    change.memory.emplace().limit = 150;
    EXPECT_THAT(writes_of(before, change, CgroupVersion::v2),
                ElementsAre("memory.swap.max=50", "memory.max=150"));
}

TEST(PlanChange, only_what_is_given_is_written) {
    Resources before, change;
    before.memory.emplace().limit = 100;
    before.cpu.emplace().shares = 512;
    change.pids.emplace().limit = 5;
    EXPECT_THAT(writes_of(before, change, CgroupVersion::v1), ElementsAre("pids.max=5"));
}

TEST(PlanDeviceChange, v1_is_told_the_difference) {
    const std::vector<DeviceCgroup> deny_all = {{.allow = false, .access = "rwm"}};
    std::vector<DeviceCgroup> before = deny_all, after = deny_all;
    before.push_back(rule(true, 1));
    before.push_back(rule(true, 2));
    after.push_back(rule(true, 2));
    after.push_back(rule(true, 3));
    const auto change = plan_device_change(before, after, CgroupVersion::v1);
    ASSERT_THAT(change, IsOk());
    EXPECT_THAT(texts_of(change->writes), ElementsAre("devices.deny=c 10:1 rw", "devices.allow=c 10:3 rw"));
}

TEST(PlanDeviceChange, v1_is_reset_when_the_default_changes) {
    const auto change = plan_device_change({{.allow = false, .access = "rwm"}},
                                           {{.allow = true, .access = "rwm"}}, CgroupVersion::v1);
    ASSERT_THAT(change, IsOk());
    EXPECT_EQ(text_of(change->writes.front()), "devices.allow=a");
}

TEST(PlanDeviceChange, v2_gets_a_new_program) {
    const auto change =
        plan_device_change({{.allow = false, .access = "rwm"}},
                           {{.allow = false, .access = "rwm"}, rule(true, 3)}, CgroupVersion::v2);
    ASSERT_THAT(change, IsOk());
    EXPECT_FALSE(change->device_filter.empty());
    EXPECT_TRUE(change->writes.empty());
}

}  // namespace
}  // namespace ocirun
