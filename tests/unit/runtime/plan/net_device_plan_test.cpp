#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun::test {
namespace {

using oci::test::FailsWith;
using testing::SizeIs;

oci::Result<ContainerPlan> plan_with(const std::map<std::string, oci::spec::NetDevice>& devices) {
    auto config = a_config();
    config.linux_section->net_devices = devices;
    return plan_container(config, a_v2_host(), a_request());
}

TEST(NetDevicePlan, a_device_keeps_its_name_unless_it_gets_another) {
    const auto plan = plan_with({{"eth0", {}}, {"eth1", {"inside"}}});
    ASSERT_TRUE(plan.has_value());
    ASSERT_THAT(plan->net_devices, SizeIs(2));
    EXPECT_EQ(plan->net_devices[0].name, "eth0");
    EXPECT_EQ(plan->net_devices[1].host_name, "eth1");
    EXPECT_EQ(plan->net_devices[1].name, "inside");
    EXPECT_EQ(plan->net_devices[1].origin, "linux.netDevices.eth1");
}

TEST(NetDevicePlan, templates_may_be_the_same_and_names_may_not) {
    EXPECT_TRUE(plan_with({{"a", {"net%d"}}, {"b", {"net%d"}}}).has_value());
    EXPECT_THAT(plan_with({{"a", {"x"}}, {"b", {"x"}}}),
                FailsWith("linux.netDevices.b.name: \"x\" is the name"));
}

TEST(NetDevicePlan, names_are_those_that_the_kernel_takes) {
    for (const char* bad : {"a/b", "a b", "a:b", "averyverylongname", "..", "a%s", "%d%d"})
        EXPECT_THAT(plan_with({{"eth0", {bad}}}), FailsWith("linux.netDevices.eth0.name: ")) << bad;
    EXPECT_THAT(plan_with({{"eth%d", {"eth0"}}}), FailsWith("is not the name of a network device"));
}

TEST(NetDevicePlan, the_host_s_own_network_takes_none) {
    auto config = a_config();
    config.linux_section->net_devices["eth0"] = {};
    remove_namespace(config, "network");
    EXPECT_THAT(plan_container(config, a_v2_host(), a_request()),
                FailsWith("linux.netDevices: needs a namespace of type \"network\""));
}

}  // namespace
}  // namespace ocirun::test
