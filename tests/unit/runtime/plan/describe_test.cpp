// The plan as text, compared with the files in tests/golden/plan. OCI_UPDATE_GOLDEN=1 writes them anew.

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "spec/runtime/config_json.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/runtime/plan/plan_builders.hpp"

namespace ocirun {
namespace {

using namespace ocirun::test;
using oci::test::IsOk;

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The size of a compiled filter depends on the compiler, so every one counts three instructions here.
oci::Result<SeccompPlan> pretend_to_compile(const oci::spec::Seccomp& seccomp, const std::string&, void*) {
    SeccompPlan plan;
    plan.program.assign(3 * sizeof(sock_filter), '\0');
    plan.listener_path = seccomp.listener_path;
    return plan;
}

/// The first word of a golden's name says which host it is planned for.
HostFacts host_for(const std::string& name) {
    if (name.rfind("v1-", 0) == 0) return a_v1_host();
    if (name.rfind("v2-", 0) == 0) return a_v2_host();
    return a_host_without_cgroups();
}

std::vector<std::string> golden_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(OCI_GOLDEN_DIRECTORY))
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

class GoldenPlan : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenPlan, is_described_as_recorded) {
    const std::filesystem::path directory = OCI_GOLDEN_DIRECTORY;
    const auto config =
        oci::spec::load_runtime_config(content_of(directory / (GetParam() + ".json")), GetParam() + ".json");
    ASSERT_THAT(config, IsOk());
    PlanRequest request = a_request();
    request.compile_seccomp = pretend_to_compile;
    const auto plan = plan_container(*config, host_for(GetParam()), request);
    ASSERT_THAT(plan, IsOk());
    const std::filesystem::path recorded = directory / (GetParam() + ".txt");
    if (std::getenv("OCI_UPDATE_GOLDEN") != nullptr) std::ofstream(recorded) << describe(*plan);
    EXPECT_EQ(describe(*plan), content_of(recorded));
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenPlan, ::testing::ValuesIn(golden_names()), [](const auto& test) {
    std::string name = test.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST(Describe, there_are_goldens) {
    EXPECT_GE(golden_names().size(), 6U);
}

TEST(Describe, every_step_names_a_phase_and_an_origin) {
    auto config = a_config();
    config.process = a_process();
    const auto plan = plan_container(config, a_v2_host(), a_request());
    ASSERT_THAT(plan, IsOk());
    for (const PlanStep& step : describe_steps(*plan)) {
        EXPECT_FALSE(step.phase.empty()) << step.action;
        EXPECT_FALSE(step.origin.empty()) << step.action;
    }
}

TEST(Describe, json_numbers_the_same_steps) {
    auto config = a_config();
    add_mount(config, "data", "tmpfs", "tmpfs");
    const auto plan = plan_container(config, a_v2_host(), a_request());
    ASSERT_THAT(plan, IsOk());
    const std::string json = describe_json(*plan);
    EXPECT_NE(json.find("\"id\": \"c1\""), std::string::npos);
    EXPECT_NE(json.find("\"bundle\": \"/bundle\""), std::string::npos);
    EXPECT_NE(json.find("\"step\": " + std::to_string(describe_steps(*plan).size())), std::string::npos);
    EXPECT_NE(json.find("\"origin\": \"mounts[0]\""), std::string::npos);
    EXPECT_NE(json.find("mounts[0].destination: \\\"data\\\" is relative"), std::string::npos);
}

TEST(Describe, hostile_text_cannot_reach_the_terminal) {
    auto config = a_config();
    config.process = a_process();
    config.process->args = {"/bin/\x1b[2J"};
    config.hostname = "a\nb";
    add_mount(config, "/\x1b[31m", "tmpfs", "tmpfs");
    const auto plan = plan_container(config, a_v2_host(), a_request());
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(describe(*plan).find('\x1b'), std::string::npos);
    EXPECT_NE(describe(*plan).find("mount tmpfs on /\\x1b[31m"), std::string::npos);
}

}  // namespace
}  // namespace ocirun
