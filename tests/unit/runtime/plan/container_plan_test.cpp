#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/personality.h>

#include "runtime/plan/kernel_settings_plan.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun {
namespace {

using namespace ocirun::test;
using oci::test::FailsWith;
using oci::test::IsOk;

oci::Result<ContainerPlan> try_plan(const oci::spec::RuntimeConfig& config) {
    return plan_container(config, a_v2_host(), a_request());
}

ContainerPlan plan_of(const oci::spec::RuntimeConfig& config) {
    auto plan = try_plan(config);
    EXPECT_THAT(plan, IsOk());
    return plan ? *plan : ContainerPlan();
}

TEST(ContainerPlan, carries_what_the_caller_said) {
    PlanRequest request = a_request();
    request.no_pivot = true;
    request.new_keyring = false;
    const auto plan = plan_container(a_config(), a_v2_host(), request);
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(plan->id, "c1");
    EXPECT_EQ(plan->bundle, "/bundle");
    EXPECT_EQ(plan->cgroup.path, "/c1");
    EXPECT_TRUE(plan->rootfs.no_pivot);
    EXPECT_FALSE(plan->new_keyring);
}

TEST(ContainerPlan, a_container_may_have_no_process) {
    EXPECT_FALSE(plan_of(a_config()).process.has_value());
}

TEST(ContainerPlan, equal_inputs_give_equal_plans) {
    auto config = a_config();
    config.process = a_process();
    add_mount(config, "/proc", "proc", "proc");
    EXPECT_EQ(describe_json(plan_of(config)), describe_json(plan_of(config)));
}

TEST(ContainerPlan, a_host_name_needs_its_namespace) {
    auto config = a_config();
    config.hostname = "web";
    EXPECT_EQ(plan_of(config).hostname, "web");
    remove_namespace(config, "uts");
    EXPECT_THAT(try_plan(config), FailsWith("hostname: needs"));
    config.hostname.clear();
    config.domainname = "example";
    EXPECT_THAT(try_plan(config), FailsWith("domainname: needs"));
}

TEST(ContainerPlan, ids_of_the_process_must_be_mapped) {
    auto config = a_config();
    add_user_namespace(config);
    config.process = a_process();
    config.process->user.uid = 65535;
    EXPECT_THAT(try_plan(config), IsOk());
    config.process->user.uid = 65536;
    EXPECT_THAT(try_plan(config), FailsWith("process.user.uid: 65536 is not mapped"));
    config.process->user.uid = 0;
    config.process->user.additional_gids = {1, 70000};
    EXPECT_THAT(try_plan(config), FailsWith("process.user.additionalGids[1]"));
}

TEST(ContainerPlan, a_new_user_namespace_has_capabilities_that_the_caller_lacks) {
    auto config = a_config();
    config.process = a_process();
    config.process->capabilities.emplace();
    config.process->capabilities->bounding = {"CAP_SYS_ADMIN"};
    HostFacts host = a_v2_host();
    host.bounding_capabilities = 0;
    EXPECT_EQ(plan_container(config, host, a_request())->process->capabilities.bounding, 0U);
    add_user_namespace(config);
    EXPECT_NE(plan_container(config, host, a_request())->process->capabilities.bounding, 0U);
}

TEST(ContainerPlan, the_callers_compiler_is_used_for_seccomp) {
    auto config = a_config();
    config.linux_section->seccomp.emplace();
    config.linux_section->seccomp->default_action = "SCMP_ACT_ALLOW";
    PlanRequest request = a_request();
    int calls = 0;
    request.compile_context = &calls;
    request.compile_seccomp = [](const oci::spec::Seccomp&, const std::string& origin,
                                 void* context) -> oci::Result<SeccompPlan> {
        ++*static_cast<int*>(context);
        EXPECT_EQ(origin, "linux.seccomp");
        SeccompPlan plan;
        plan.warnings = {"from the compiler"};
        return plan;
    };
    const auto plan = plan_container(config, a_v2_host(), request);
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(plan->warnings, std::vector<std::string>{"from the compiler"});
}

TEST(SysctlPlan, the_first_separator_decides) {
    const std::pair<const char*, const char*> rows[] = {
        {"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
        {"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
        {"net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"},
        {"net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"}};
    for (const auto& [name, file] : rows) {
        oci::spec::Linux section;
        section.sysctl[name] = "1";
        const auto planned = plan_sysctls(section);
        ASSERT_THAT(planned, IsOk());
        EXPECT_EQ(planned->at(0).file, file);
        EXPECT_EQ(planned->at(0).value, "1");
    }
}

TEST(SysctlPlan, a_name_stays_below_proc_sys) {
    for (const char* name : {"net/../kernel/core_pattern", "/net/x", "net..x", "", "net/", "net./x./y"}) {
        oci::spec::Linux section;
        section.sysctl[name] = "1";
        if (std::string(name) == "net./x./y") {
            EXPECT_EQ(plan_sysctls(section)->at(0).file, "net/.x/.y");
        } else {
            EXPECT_THAT(plan_sysctls(section), FailsWith("is not the name of a kernel parameter")) << name;
        }
    }
}

TEST(SysctlPlan, origins_name_the_property) {
    oci::spec::Linux section;
    section.sysctl["net.core.somaxconn"] = "1";
    EXPECT_EQ(plan_sysctls(section)->at(0).origin, "linux.sysctl[\"net.core.somaxconn\"]");
}

TEST(PersonalityPlan, knows_two_domains_and_no_flag) {
    oci::spec::Linux section;
    EXPECT_FALSE(plan_personality(section)->has_value());
    section.personality = oci::spec::Personality{"LINUX32", {}};
    EXPECT_EQ(plan_personality(section)->value(), 0UL + PER_LINUX32);
    section.personality->domain = "LINUX";
    EXPECT_EQ(plan_personality(section)->value(), 0UL + PER_LINUX);
    section.personality->domain = "SOLARIS";
    EXPECT_THAT(plan_personality(section), FailsWith("linux.personality.domain"));
    section.personality = oci::spec::Personality{"LINUX", {"ADDR_NO_RANDOMIZE"}};
    EXPECT_THAT(plan_personality(section), FailsWith("linux.personality.flags"));
}

TEST(MemoryPolicyPlan, mode_flags_and_nodes) {
    oci::spec::Linux section;
    EXPECT_FALSE(plan_memory_policy(section)->has_value());
    section.memory_policy = oci::spec::MemoryPolicy{"MPOL_BIND", "0-1,3", {"MPOL_F_STATIC_NODES"}};
    const auto policy = plan_memory_policy(section);
    ASSERT_THAT(policy, IsOk());
    EXPECT_EQ((*policy)->first, MPOL_BIND | MPOL_F_STATIC_NODES);
    EXPECT_EQ((*policy)->second, (std::vector<unsigned>{0, 1, 3}));
    section.memory_policy->mode = "MPOL_MAGIC";
    EXPECT_THAT(plan_memory_policy(section), FailsWith("linux.memoryPolicy.mode"));
    section.memory_policy = oci::spec::MemoryPolicy{"MPOL_BIND", "1-0", {}};
    EXPECT_THAT(plan_memory_policy(section), FailsWith("linux.memoryPolicy.nodes"));
}

TEST(HookPlan, every_kind_goes_to_its_own_list) {
    auto config = a_config();
    oci::spec::Hooks& hooks = config.hooks.emplace();
    hooks.prestart = {{"/a", {}, {}, {}}};
    hooks.create_runtime = {{"/b", {"b", "x"}, {"K=V"}, 5}};
    hooks.create_container = {{"/c", {}, {}, {}}};
    hooks.start_container = {{"/d", {}, {}, {}}};
    hooks.poststart = {{"/e", {}, {}, {}}};
    hooks.poststop = {{"/f", {}, {}, {}}, {"/g", {}, {}, {}}};
    const auto plan = plan_hooks(config);
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(plan->prestart.at(0).arguments, std::vector<std::string>{"/a"});
    EXPECT_EQ(plan->create_runtime.at(0).arguments, (std::vector<std::string>{"b", "x"}));
    EXPECT_EQ(plan->create_runtime.at(0).environment, std::vector<std::string>{"K=V"});
    EXPECT_EQ(plan->create_runtime.at(0).timeout, std::chrono::seconds(5));
    EXPECT_EQ(plan->create_container.at(0).path, "/c");
    EXPECT_EQ(plan->start_container.at(0).path, "/d");
    EXPECT_EQ(plan->poststart.at(0).path, "/e");
    EXPECT_EQ(plan->poststop.at(1).origin, "hooks.poststop[1]");
    EXPECT_FALSE(plan->poststop.at(1).timeout.has_value());
}

TEST(HookPlan, bad_hooks_are_named) {
    auto config = a_config();
    config.hooks.emplace().poststop = {{"bin/x", {}, {}, {}}};
    EXPECT_THAT(plan_hooks(config), FailsWith("hooks.poststop[0].path: must be an absolute path"));
    config.hooks->poststop = {{"/bin/x", {}, {}, 0}};
    EXPECT_THAT(plan_hooks(config), FailsWith("hooks.poststop[0].timeout"));
}

}  // namespace
}  // namespace ocirun
