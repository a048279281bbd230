#include "runtime/cgroup/cgroup_mounts.hpp"

#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CgroupMounts, reads_v1_controllers_without_the_mount_switches) {
    const auto mounts = parse_cgroup_mounts(
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,seclabel,cpu,cpuacct\n"
        "40 31 0:37 /docker/x /sys/fs/cgroup/systemd ro - cgroup cgroup "
        "rw,xattr,release_agent=/lib/agent,name=systemd\n");
    ASSERT_EQ(mounts.size(), 2U);
    EXPECT_THAT(mounts[0].controllers, ElementsAre("cpu", "cpuacct"));
    EXPECT_EQ(mounts[0].mount_point, "/sys/fs/cgroup/cpu,cpuacct");
    EXPECT_EQ(mounts[0].device_minor, 29U);
    EXPECT_FALSE(mounts[0].unified);
    EXPECT_THAT(mounts[1].controllers, ElementsAre("name=systemd"));
    EXPECT_EQ(mounts[1].root, "/docker/x");
}

TEST(CgroupMounts, reads_the_unified_tree) {
    const auto mounts =
        parse_cgroup_mounts("41 31 0:38 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
    ASSERT_EQ(mounts.size(), 1U);
    EXPECT_TRUE(mounts[0].unified);
    EXPECT_THAT(mounts[0].controllers, IsEmpty());
}

TEST(CgroupMounts, undoes_the_escapes_of_the_kernel) {
    const auto mounts = parse_cgroup_mounts("41 31 0:38 / /a\\040b\\134c rw - cgroup2 none rw\n");
    ASSERT_EQ(mounts.size(), 1U);
    EXPECT_EQ(mounts[0].mount_point, "/a b\\c");
}

TEST(CgroupMounts, skips_lines_that_are_cut_off) {
    EXPECT_THAT(parse_cgroup_mounts("41 31 0:38\n\n41 31 0:38 / /x rw -\n41 - cgroup2\n"), IsEmpty());
}

TEST(CgroupMembership, keeps_colons_in_paths) {
    const auto paths = parse_cgroup_membership("9:name=systemd:/a:b\n1:cpu,cpuacct:/\n0::/x\nbroken\n");
    EXPECT_EQ(paths.size(), 3U);
    EXPECT_EQ(paths.at("name=systemd"), "/a:b");
    EXPECT_EQ(paths.at("cpu,cpuacct"), "/");
    EXPECT_EQ(paths.at(""), "/x");
}

}  // namespace
}  // namespace ocirun
