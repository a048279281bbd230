// Every REQUIRED property of config.json, missing; and values of the wrong type.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "spec/runtime/config_json.hpp"
#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

TEST(ParseRuntimeConfig, every_required_property_is_asked_for) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {R"({})", "c:1:1: ociVersion: is required (config.md)"},
        {R"({"root":{}})", "root.path: is required (config.md \"Root\")"},
        {R"({"mounts":[{"type":"proc"}]})", "mounts[0].destination: is required (config.md \"Mounts\")"},
        {R"({"process":{}})", "process.cwd: is required (config.md \"Process\")"},
        {R"({"process":{"user":{"gid":0}}})", "process.user.uid: is required (config.md \"User\")"},
        {R"({"process":{"user":{"uid":0}}})", "process.user.gid: is required (config.md \"User\")"},
        {R"({"process":{"consoleSize":{"width":1}}})", "process.consoleSize.height: is required"},
        {R"({"process":{"consoleSize":{"height":1}}})", "process.consoleSize.width: is required"},
        {R"({"process":{"rlimits":[{"soft":1,"hard":1}]}})", "process.rlimits[0].type: is required"},
        {R"({"process":{"rlimits":[{"type":"x","hard":1}]}})", "process.rlimits[0].soft: is required"},
        {R"({"process":{"rlimits":[{"type":"x","soft":1}]}})", "process.rlimits[0].hard: is required"},
        {R"({"process":{"scheduler":{}}})", "process.scheduler.policy: is required"},
        {R"({"process":{"ioPriority":{"priority":1}}})", "process.ioPriority.class: is required"},
        {R"({"process":{"ioPriority":{"class":"x"}}})", "process.ioPriority.priority: is required"},
        {R"({"hooks":{"prestart":[{}]}})", "hooks.prestart[0].path: is required"},
        {R"({"hooks":{"createRuntime":[{}]}})", "hooks.createRuntime[0].path: is required"},
        {R"({"hooks":{"createContainer":[{}]}})", "hooks.createContainer[0].path: is required"},
        {R"({"hooks":{"startContainer":[{}]}})", "hooks.startContainer[0].path: is required"},
        {R"({"hooks":{"poststart":[{}]}})", "hooks.poststart[0].path: is required"},
        {R"({"hooks":{"poststop":[{}]}})", "hooks.poststop[0].path: is required"},
        {R"({"linux":{"namespaces":[{"path":"/x"}]}})", "linux.namespaces[0].type: is required"},
        {R"({"linux":{"uidMappings":[{"hostID":1,"size":1}]}})",
         "linux.uidMappings[0].containerID: is required"},
        {R"({"linux":{"gidMappings":[{"containerID":1,"size":1}]}})",
         "linux.gidMappings[0].hostID: is required"},
        {R"({"linux":{"uidMappings":[{"containerID":1,"hostID":1}]}})",
         "linux.uidMappings[0].size: is required"},
        {R"({"linux":{"devices":[{"path":"/x"}]}})", "linux.devices[0].type: is required"},
        {R"({"linux":{"devices":[{"type":"c"}]}})", "linux.devices[0].path: is required"},
        {R"({"linux":{"resources":{"devices":[{}]}}})", "linux.resources.devices[0].allow: is required"},
        {R"({"linux":{"resources":{"blockIO":{"weightDevice":[{"minor":1}]}}}})",
         "linux.resources.blockIO.weightDevice[0].major: is required"},
        {R"({"linux":{"resources":{"blockIO":{"throttleReadBpsDevice":[{"major":1,"minor":1}]}}}})",
         "linux.resources.blockIO.throttleReadBpsDevice[0].rate: is required"},
        {R"({"linux":{"resources":{"blockIO":{"throttleWriteIOPSDevice":[{"major":1,"rate":1}]}}}})",
         "linux.resources.blockIO.throttleWriteIOPSDevice[0].minor: is required"},
        {R"({"linux":{"resources":{"hugepageLimits":[{"limit":1}]}}})",
         "linux.resources.hugepageLimits[0].pageSize: is required"},
        {R"({"linux":{"resources":{"hugepageLimits":[{"pageSize":"2MB"}]}}})",
         "linux.resources.hugepageLimits[0].limit: is required"},
        {R"({"linux":{"resources":{"network":{"priorities":[{"priority":1}]}}}})",
         "linux.resources.network.priorities[0].name: is required"},
        {R"({"linux":{"resources":{"network":{"priorities":[{"name":"x"}]}}}})",
         "linux.resources.network.priorities[0].priority: is required"},
        {R"({"linux":{"memoryPolicy":{}}})", "linux.memoryPolicy.mode: is required"},
        {R"({"linux":{"personality":{}}})", "linux.personality.domain: is required"},
        {R"({"linux":{"seccomp":{}}})", "linux.seccomp.defaultAction: is required"},
        {R"({"linux":{"seccomp":{"syscalls":[{"action":"x"}]}}})",
         "linux.seccomp.syscalls[0].names: is required"},
        {R"({"linux":{"seccomp":{"syscalls":[{"names":["x"]}]}}})",
         "linux.seccomp.syscalls[0].action: is required"},
        {R"({"linux":{"seccomp":{"syscalls":[{"args":[{"value":1,"op":"x"}]}]}}})",
         "linux.seccomp.syscalls[0].args[0].index: is required"},
        {R"({"linux":{"seccomp":{"syscalls":[{"args":[{"index":1,"op":"x"}]}]}}})",
         "linux.seccomp.syscalls[0].args[0].value: is required"},
        {R"({"linux":{"seccomp":{"syscalls":[{"args":[{"index":1,"value":1}]}]}}})",
         "linux.seccomp.syscalls[0].args[0].op: is required"},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_THAT(parse_runtime_config(text, "c"), FailsWith(message)) << text;
    }
}

TEST(ParseRuntimeConfig, wrong_types_and_ranges_are_told_by_path) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"[]", "c:1:1: is an array, must be an object (config.md)"},
        {R"({"ociVersion":1})", "ociVersion: is the number 1, must be a string"},
        {R"({"root":"rootfs"})", "root: is the string \"rootfs\", must be an object (config.md \"Root\")"},
        {R"({"root":{"readonly":"true"}})", "root.readonly: is the string \"true\", must be true or false"},
        {R"({"process":{"args":"sh"}})", "process.args: is the string \"sh\", must be an array"},
        {R"({"process":{"args":["sh",1]}})", "process.args[1]: is the number 1, must be a string"},
        {R"({"process":{"user":{"uid":-1}}})",
         "process.user.uid: is the number -1, must be an integer from 0"},
        {R"({"process":{"user":{"uid":4294967296}}})", "process.user.uid: is the number 4294967296"},
        {R"({"process":{"user":{"additionalGids":["x"]}}})", "process.user.additionalGids[0]: is the string"},
        {R"({"process":{"rlimits":[{"soft":-1}]}})", "process.rlimits[0].soft: is the number -1"},
        {R"({"linux":{"resources":{"memory":{"limit":"1M"}}}})",
         "linux.resources.memory.limit: is the string"},
        {R"({"linux":{"resources":{"cpu":{"shares":-2}}}})", "linux.resources.cpu.shares: is the number -2"},
        {R"({"linux":{"resources":{"blockIO":{"weight":65536}}}})",
         "linux.resources.blockIO.weight: is the number"},
        {R"({"linux":{"sysctl":{"net.ipv4.ip_forward":1}}})",
         "linux.sysctl[\"net.ipv4.ip_forward\"]: is the number 1, must be a string"},
        {R"({"annotations":{"a":null}})", "annotations.a: is null, must be a string"},
        {R"({"hooks":{"prestart":{}}})", "hooks.prestart: is an object, must be an array"},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_THAT(parse_runtime_config(text, "c"), FailsWith(message)) << text;
    }
}

TEST(ParseRuntimeConfig, unknown_properties_are_ignored) {
    EXPECT_THAT(parse_runtime_config(R"({"ociVersion":"1.3.0","future":{"x":[1]},"OCIVERSION":7})", "c"),
                IsOk());
}

TEST(ParseRuntimeConfig, the_first_line_of_the_error_stands_alone) {
    const auto config = parse_runtime_config(
        "{\"ociVersion\":\"1.3.0\",\n \"process\":{\"user\":{\"uid\":0}}}", "config.json");
    ASSERT_FALSE(config.has_value());
    EXPECT_EQ(config.error().text,
              "config.json:2:20: process.user.gid: is required (config.md \"User\")\n"
              "config.json:2:12: process.cwd: is required (config.md \"Process\")");
}

TEST(ParseRuntimeConfig, numbers_keep_every_digit) {
    const auto config = parse_runtime_config(
        R"({"ociVersion":"1.0.0","process":{"cwd":"/","rlimits":[{"type":"RLIMIT_CORE",
            "soft":18446744073709551614,"hard":18446744073709551615}]},
            "linux":{"resources":{"memory":{"limit":9223372036854775807,"swap":-1}}}})",
        "c");
    ASSERT_THAT(config, IsOk());
    EXPECT_EQ(config->process->rlimits[0].soft, 18446744073709551614U);
    EXPECT_EQ(config->process->rlimits[0].hard, 18446744073709551615U);
    EXPECT_EQ(config->linux_section->resources->memory->limit, 9223372036854775807);
    EXPECT_EQ(config->linux_section->resources->memory->swap, -1);
}

TEST(ParseProcess, paths_begin_inside_the_process) {
    EXPECT_THAT(parse_process(R"({"cwd":"/","args":["sh"]})", "p"), IsOk());
    EXPECT_THAT(parse_process(R"({"cwd":7,"args":["sh"]})", "p"), FailsWith("p:1:8: cwd: is the number 7"));
    EXPECT_THAT(parse_process(R"({"cwd":"x","args":["sh"]})", "p"),
                FailsWith("p:1:8: cwd: is the string \"x\""));
}

TEST(ParseResources, paths_begin_inside_the_resources) {
    EXPECT_THAT(parse_resources(R"({"memory":{"limit":1}})", "r"), IsOk());
    EXPECT_THAT(parse_resources(R"({"cpu":{"idle":2}})", "r"),
                FailsWith("r:1:16: cpu.idle: is the number 2"));
}

TEST(ParseState, required_properties) {
    EXPECT_THAT(parse_state("{}", "s"), FailsWith("s:1:1: ociVersion: is required (runtime.md \"State\")\n"
                                                  "s:1:1: id: is required (runtime.md \"State\")\n"
                                                  "s:1:1: status: is required (runtime.md \"State\")\n"
                                                  "s:1:1: bundle: is required (runtime.md \"State\")"));
}

TEST(ToJson, the_process_state_of_a_seccomp_agent) {
    ContainerProcessState state{"1.3.0", {"seccompFd"}, 42, "m", {"1.3.0", "id", "creating", 0, "/b", {}}};
    EXPECT_EQ(to_json(state), R"({"ociVersion":"1.3.0","fds":["seccompFd"],"pid":42,"metadata":"m","state":)"
                              R"({"ociVersion":"1.3.0","id":"id","status":"creating","bundle":"/b"}})");
}

}  // namespace
}  // namespace oci::spec
