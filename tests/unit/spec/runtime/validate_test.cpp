// The rules of validate() for the top level, the process and mounts, one row each.

#include "spec/runtime/validate.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/spec/runtime/validation_rows.hpp"

namespace oci::spec {
namespace {

using oci::test::IsOk;
using test::expect_rows;
using test::process;
using test::Row;
using test::top;

Row version(const std::string& text, bool valid) {
    return {top, R"("root":{"path":"r"},"ociVersion":")" + text + "\"",
            valid ? "" : "ociVersion: is the string"};
}

TEST(Validate, version) {
    expect_rows({version("1.0.0", true), version("1.3.0", true), version("1.2.1-rc.1+dev", true),
                 version("1.0.2-dev", true), version("1.99.0+a.b", true), version("", false),
                 version("1", false), version("1.0", false), version("2.0.0", false), version("0.9.0", false),
                 version("1.00.0", false), version("v1.0.0", false), version("1.0.0-", false),
                 version("1.0.0-01", false), version("1.0.0 ", false), version("1.0.0+", false),
                 version("1.0.0.0", false)});
}

TEST(Validate, root_hostname_hooks_and_annotations) {
    const std::string base = R"("ociVersion":"1.3.0","root":{"path":"r"},)";
    expect_rows({
        {top, R"("ociVersion":"1.3.0")", "c:1:1: root: is required (config.md \"Root\")"},
        {top, R"("ociVersion":"1.3.0","root":{"path":""})",
         "root.path: is the string \"\", must be the path"},
        {top, base + R"("hostname":"h")",
         "hostname: is set, must be left out without an entry of type \"uts\""},
        {top, base + R"("domainname":"d")", "domainname: is set, must be left out"},
        {top, base + "\"hostname\":\"" + std::string(65, 'x') + "\"", "hostname: is 65 bytes long"},
        {top, base + R"("hooks":{"poststop":[{"path":"/x"},{"path":"x"}]})",
         "hooks.poststop[1].path: is the string \"x\", must be an absolute path (config.md \"POSIX-platform "
         "Hooks\")"},
        {top, base + R"("hooks":{"prestart":[{"path":"/x","timeout":0}]})",
         "hooks.prestart[0].timeout: is the number 0, must be greater than zero"},
        {top, base + R"("annotations":{"":"x"})", "annotations: has an empty key"},
        {top, base + R"("hooks":{"startContainer":[{"path":"/x","timeout":1}]},"annotations":{"a":""})", ""},
    });
    EXPECT_THAT(load_runtime_config(R"({"ociVersion":"1.3.0","root":{"path":"r"},"hostname":"h",
        "linux":{"namespaces":[{"type":"uts"}]}})",
                                    "c"),
                IsOk());
}

TEST(Validate, process_args_env_and_cwd) {
    expect_rows({
        {process, R"("cwd":"/")", "process.args: is empty"},
        {process, R"("cwd":"/","args":[])", "process.args: is empty, must be a list"},
        {process, R"("cwd":"/","args":[""])", "process.args[0]: is the string \"\""},
        {process, R"("cwd":"","args":["a"])", "process.cwd: is the string \"\", must be an absolute path"},
        {process, R"("cwd":"tmp","args":["a"])",
         "process.cwd: is the string \"tmp\", must be an absolute path"},
        {process, R"("cwd":"/","args":["a",""],"env":["A=","B=x=y"])", ""},
        {process, R"("cwd":"/","args":["a"],"env":["A=1","B"])",
         "process.env[1]: is the string \"B\", must be of the form NAME=value (config.md \"Process\")"},
        {process, R"("cwd":"/","args":["a"],"env":["=x"])", "process.env[0]: is the string \"=x\""},
        {process, R"("cwd":"/","args":["a"],"terminal":true,"consoleSize":{"height":65536,"width":1})",
         "process.consoleSize.height: is the number 65536"},
        {process, R"("cwd":"/","args":["a"],"consoleSize":{"height":65536,"width":1})", ""},
    });
}

TEST(Validate, an_environment_entry_with_a_nul_byte) {
    Process value;
    value.args = {"a"};
    value.cwd = "/";
    value.env = {std::string("A=x\0y", 5)};
    ASSERT_EQ(validate_process(value).size(), 1U);
    EXPECT_EQ(validate_process(value)[0].path, "process.env[0]");
}

Row with_args(const std::string& members, const std::string& finding) {
    return {process, R"("cwd":"/","args":["a"],)" + members, finding};
}

TEST(Validate, process_user_limits_and_capabilities) {
    expect_rows({
        with_args(R"("user":{"uid":4294967294,"gid":0,"umask":511})", ""),
        with_args(R"("user":{"uid":4294967295,"gid":0})", "process.user.uid: is the number 4294967295"),
        with_args(R"("user":{"uid":0,"gid":4294967295})", "process.user.gid: is the number 4294967295"),
        with_args(R"("user":{"uid":0,"gid":0,"additionalGids":[1,4294967295]})",
                  "process.user.additionalGids[1]"),
        with_args(R"("user":{"uid":0,"gid":0,"umask":512})", "process.user.umask: is the number 512"),
        with_args(
            R"("rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":1},{"type":"RLIMIT_CPU","soft":1,"hard":2}])",
            ""),
        with_args(R"("rlimits":[{"type":"RLIMIT_FOO","soft":1,"hard":1}])",
                  "process.rlimits[0].type: is the string \"RLIMIT_FOO\", must be RLIMIT_AS, "),
        with_args(R"("rlimits":[{"type":"RLIMIT_CPU","soft":2,"hard":1}])",
                  "process.rlimits[0].soft: is the number 2, must be at most the hard limit, 1"),
        with_args(
            R"("rlimits":[{"type":"RLIMIT_CPU","soft":1,"hard":1},{"type":"RLIMIT_CPU","soft":1,"hard":1}])",
            "process.rlimits[1].type: is listed twice (RLIMIT_CPU), must be listed once"),
        with_args(R"("capabilities":{"bounding":["CAP_KILL"],"ambient":["CAP_BPF"]})", ""),
        with_args(R"("capabilities":{"bounding":["CAP_KILL","CAP_FOO"]})", ""),
    });
}

TEST(Validate, process_scheduling) {
    expect_rows({
        with_args(R"("oomScoreAdj":-1000)", ""),
        with_args(R"("oomScoreAdj":1001)", "process.oomScoreAdj: is the number 1001"),
        with_args(R"("scheduler":{"policy":"SCHED_FIFO","priority":1,"flags":["SCHED_FLAG_RESET_ON_FORK"]})",
                  ""),
        with_args(R"("scheduler":{"policy":"SCHED_FOO"})",
                  "process.scheduler.policy: is the string \"SCHED_FOO\""),
        with_args(R"("scheduler":{"policy":"SCHED_OTHER","flags":["X"]})", "process.scheduler.flags[0]"),
        with_args(R"("scheduler":{"policy":"SCHED_OTHER","nice":20})",
                  "process.scheduler.nice: is the number 20"),
        with_args(R"("scheduler":{"policy":"SCHED_RR"})", "process.scheduler.priority: is the number 0"),
        with_args(R"("scheduler":{"policy":"SCHED_BATCH","priority":1})",
                  "process.scheduler.priority: is the number 1"),
        with_args(R"("scheduler":{"policy":"SCHED_OTHER","runtime":1})", "process.scheduler: has a runtime"),
        with_args(R"("scheduler":{"policy":"SCHED_DEADLINE","runtime":1,"deadline":2,"period":3})", ""),
        with_args(R"("ioPriority":{"class":"IOPRIO_CLASS_BE","priority":7})", ""),
        with_args(R"("ioPriority":{"class":"BE","priority":8})",
                  "process.ioPriority.priority: is the number 8"),
        with_args(R"("ioPriority":{"class":"BE","priority":8})",
                  "process.ioPriority.class: is the string \"BE\""),
        with_args(R"("execCPUAffinity":{"initial":"0-3,7","final":""})", ""),
        with_args(R"("execCPUAffinity":{"initial":"3-1"})",
                  "process.execCPUAffinity.initial: is the string \"3-1\""),
        with_args(R"("execCPUAffinity":{"final":"a"})", "process.execCPUAffinity.final: is the string \"a\""),
    });
}

TEST(Validate, mounts) {
    const std::string base = R"("ociVersion":"1.3.0","root":{"path":"r"},"mounts":)";
    const std::string map = R"([{"containerID":0,"hostID":1,"size":1}])";
    expect_rows({
        {top, base + R"([{"destination":"data","type":"tmpfs","source":"tmpfs"}])", ""},
        {top, base + R"([{"destination":""}])", "mounts[0].destination: is the string \"\", must be a path"},
        {top, base + R"([{"destination":"/a","type":"bind"}])",
         "mounts[0].source: is required for a bind mount"},
        {top, base + R"([{"destination":"/a","options":["rbind","ro"]}])", "mounts[0].source: is required"},
        {top, base + R"([{"destination":"/a","uidMappings":)" + map + "}]",
         "mounts[0].gidMappings: is missing in an invalid mount: it is required together with uidMappings"},
        {top, base + R"([{"destination":"/a","gidMappings":)" + map + "}]",
         "mounts[0].uidMappings: is missing in an invalid mount: it is required together with gidMappings"},
        {top, base + R"([{"destination":"/a","options":["idmap"]}])",
         "mounts[0].options: asks for an id-mapped mount"},
        {top,
         base + R"([{"destination":"/a","options":["ridmap"],"uidMappings":)" + map + R"(,"gidMappings":)" +
             map + "}]",
         ""},
        {top,
         base +
             R"([{"destination":"/a","uidMappings":[{"containerID":0,"hostID":1,"size":0}],"gidMappings":)" +
             map + "}]",
         "mounts[0].uidMappings[0].size: is the number 0, must be greater than zero"},
    });
}

TEST(LoadRuntimeConfig, findings_carry_the_position_of_their_value) {
    const auto config = load_runtime_config(
        "{\"ociVersion\":\"1.3.0\",\n\"root\":{\"path\":\"r\"},\n\"process\":{\"args\":[\"a\"],\"cwd\":\"/"
        "\",\n"
        "  \"env\":[\"A=1\", \"B\"]},\n\"linux\":{\"sysctl\":{\"vm.x\":\n\"1\"}}}",
        "config.json");
    ASSERT_FALSE(config.has_value());
    EXPECT_EQ(
        config.error().text,
        "config.json:4:17: process.env[1]: is the string \"B\", must be of the form NAME=value "
        "(config.md \"Process\")\n"
        "config.json:6:1: linux.sysctl[\"vm.x\"]: is a parameter of the whole host, must be one that belongs "
        "to a namespace (config-linux.md \"Sysctl\")");
}

}  // namespace
}  // namespace oci::spec
