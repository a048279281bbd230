#include "runtime/plan/rdt_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using oci::test::FailsWith;
using testing::ElementsAre;
using testing::IsEmpty;

oci::Result<std::optional<RdtPlan>> plan_of(const oci::spec::IntelRdt& rdt) {
    oci::spec::Linux section;
    section.intel_rdt = rdt;
    return plan_rdt(section, "c1");
}

TEST(RdtPlan, without_the_section_nothing_is_planned) {
    EXPECT_FALSE(plan_rdt(oci::spec::Linux(), "c1")->has_value());
}

TEST(RdtPlan, the_group_is_named_by_the_class_or_by_the_container) {
    EXPECT_EQ((*plan_of({}))->group, "c1");
    EXPECT_FALSE((*plan_of({}))->named);
    EXPECT_EQ((*plan_of({.clos_id = "gold"}))->group, "gold");
    EXPECT_TRUE((*plan_of({.clos_id = "gold"}))->named);
    EXPECT_EQ((*plan_of({.clos_id = "/"}))->group, "");
    EXPECT_THAT(plan_of({.clos_id = "../x"}), FailsWith("linux.intelRdt.closID: \"../x\""));
}

TEST(RdtPlan, lines_are_written_in_the_order_of_the_specification) {
    const auto plan =
        plan_of({.schemata = {"L2:0=f"}, .l3_cache_schema = "L3:0=1", .mem_bw_schema = "MB:0=20"});
    EXPECT_THAT((*plan)->lines, ElementsAre("L3:0=1", "MB:0=20", "L2:0=f"));
    EXPECT_THAT(plan_of({.mem_bw_schema = "L3:0=1"}), FailsWith("linux.intelRdt.memBwSchema"));
    EXPECT_THAT(plan_of({.schemata = {"a", "b\nc"}}), FailsWith("linux.intelRdt.schemata[1]"));
}

TEST(RdtPlan, schemata_are_compared_by_value) {
    const std::string there = "    MB:0= 20;1=70\n    L3:0=0007f0;1=00001f\n";
    EXPECT_THAT(compare_schemata({"L3:1=1F", "MB:0=20"}, there), IsEmpty());
    EXPECT_EQ(compare_schemata({"L3:0=7ff"}, there), "L3:0=7f0 is there, L3:0=7ff is asked for");
    EXPECT_EQ(compare_schemata({"L3:2=1"}, there), "L3:2= is not there, L3:2=1 is asked for");
    EXPECT_EQ(compare_schemata({"L2:0=1"}, there), "L2:0= is not there, L2:0=1 is asked for");
}

}  // namespace
}  // namespace ocirun
