// The rules of validate() for the linux section, one row each.

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/spec/runtime/validation_rows.hpp"

namespace oci::spec {
namespace {

using test::expect_rows;
using test::linux_section;
using test::Row;

TEST(Validate, namespaces) {
    expect_rows({
        {linux_section,
         R"("namespaces":[{"type":"pid"},{"type":"network","path":"/run/netns/a"},{"type":"mount"},
            {"type":"ipc"},{"type":"uts"},{"type":"cgroup"},{"type":"time"},{"type":"user","path":"/x"}])",
         ""},
        {linux_section, R"("namespaces":[{"type":"net"}])",
         "linux.namespaces[0].type: is the string \"net\", must be cgroup, ipc, mount, network, pid, time, "
         "user or uts"},
        {linux_section, R"("namespaces":[{"type":"pid"},{"type":"pid"}])",
         "linux.namespaces[1].type: is listed twice (\"pid\"), must be listed once (config-linux.md "
         "\"Namespaces\")"},
        {linux_section, R"("namespaces":[{"type":"pid","path":"ns/pid"}])",
         "linux.namespaces[0].path: is the string \"ns/pid\", must be an absolute path"},
    });
}

Row mapped(const std::string& ranges, const std::string& finding) {
    return {
        linux_section,
        R"("namespaces":[{"type":"user"}],"gidMappings":[{"containerID":0,"hostID":0,"size":1}],"uidMappings":[)" +
            ranges + "]",
        finding};
}

TEST(Validate, id_mappings) {
    const std::string one = R"([{"containerID":0,"hostID":1000,"size":1}])";
    expect_rows({
        {linux_section, R"("uidMappings":)" + one, "linux.uidMappings: is set, must be left out without"},
        {linux_section, R"("gidMappings":)" + one, "linux.gidMappings: is set, must be left out without"},
        {linux_section, R"("namespaces":[{"type":"user"}])",
         "linux.uidMappings: is required for a new user namespace"},
        {linux_section, R"("namespaces":[{"type":"user"}],"uidMappings":)" + one,
         "linux.gidMappings: is required"},
        mapped(R"({"containerID":0,"hostID":0,"size":4294967295})", ""),
        mapped(R"({"containerID":0,"hostID":5,"size":5},{"containerID":5,"hostID":0,"size":5})", ""),
        mapped(R"({"containerID":0,"hostID":1,"size":4294967295})",
               "linux.uidMappings[0]: maps ids beyond 4294967294"),
        mapped(R"({"containerID":4294967295,"hostID":1,"size":4294967295})",
               "linux.uidMappings[0]: maps ids beyond"),
        mapped(R"({"containerID":0,"hostID":0,"size":0})", "linux.uidMappings[0].size: is the number 0"),
        mapped(R"({"containerID":0,"hostID":0,"size":2},{"containerID":1,"hostID":9,"size":1})",
               "linux.uidMappings[1]: overlaps linux.uidMappings[0]"),
        mapped(R"({"containerID":0,"hostID":0,"size":2},{"containerID":9,"hostID":1,"size":1})",
               "linux.uidMappings[1]: overlaps linux.uidMappings[0]"),
    });
}

TEST(Validate, time_offsets) {
    expect_rows({
        {linux_section,
         R"("namespaces":[{"type":"time"}],"timeOffsets":{"monotonic":{"secs":-1,"nanosecs":999999999}})",
         ""},
        {linux_section, R"("timeOffsets":{"boottime":{"secs":1}})",
         "linux.timeOffsets: is set, must be left out without"},
        {linux_section, R"("namespaces":[{"type":"time","path":"/x"}],"timeOffsets":{"boottime":{"secs":1}})",
         "linux.timeOffsets: is set, must be left out when the time namespace is joined"},
        {linux_section, R"("namespaces":[{"type":"time"}],"timeOffsets":{"realtime":{}})",
         "linux.timeOffsets.realtime: is not a clock that has an offset, must be monotonic or boottime"},
        {linux_section,
         R"("namespaces":[{"type":"time"}],"timeOffsets":{"boottime":{"nanosecs":1000000000}})",
         "linux.timeOffsets.boottime.nanosecs: is the number 1000000000"},
    });
}

Row sysctl(const std::string& name, const std::string& namespaces, const std::string& finding) {
    return {linux_section, R"("namespaces":[)" + namespaces + R"(],"sysctl":{")" + name + R"(":"1"})",
            finding};
}

TEST(Validate, sysctl) {
    const std::string net = R"({"type":"network"})";
    const std::string ipc = R"({"type":"ipc"})";
    const std::string uts = R"({"type":"uts"})";
    const std::string host = "is a parameter of the whole host";
    const std::string no_name = "is not the name of a kernel parameter";
    expect_rows({
        sysctl("net.ipv4.ip_forward", net, ""),
        sysctl("net/ipv4/conf/eth0.1/forwarding", net, ""),
        sysctl("net.ipv4.conf.eth0/1.forwarding", net, ""),
        sysctl("net.ipv4.ip_forward", ipc,
               "linux.sysctl[\"net.ipv4.ip_forward\"]: is set, must be left out without an entry of type "
               "\"network\""),
        sysctl("kernel.shmmax", ipc, ""),
        sysctl("kernel/msgmni", ipc, ""),
        sysctl("fs.mqueue.msg_max", ipc, ""),
        sysctl("kernel.sem", net, "left out without an entry of type \"ipc\""),
        sysctl("fs.mqueue.msg_max", "", "left out without an entry of type \"ipc\""),
        sysctl("kernel.domainname", uts, ""),
        sysctl("kernel.hostname", uts, "conflicts with hostname"),
        sysctl("kernel.domainname", uts, ""),
        sysctl("kernel.domainname", ipc, "left out without an entry of type \"uts\""),
        sysctl("kernel.core_pattern", net + "," + ipc + "," + uts, host),
        sysctl("kernel.sem.x", ipc, host),
        sysctl("vm.swappiness", net, host),
        sysctl("fs.file-max", ipc, host),
        sysctl("network.x", net, host),
        sysctl("net", net, host),
        sysctl("", net, no_name),
        sysctl("net..ipv4", net, no_name),
        sysctl("net/../kernel/core_pattern", net, no_name),
        sysctl("net.//.kernel.core_pattern", net, no_name),
        sysctl("/net/ipv4/ip_forward", net, no_name),
    });
}

TEST(Validate, protected_paths_propagation_and_personality) {
    const std::string mount = R"("namespaces":[{"type":"mount"}],)";
    expect_rows({
        {linux_section, mount + R"("maskedPaths":["/proc/kcore"],"readonlyPaths":["/proc/sys"])", ""},
        {linux_section, R"("maskedPaths":["/proc/kcore"])",
         "linux.maskedPaths: is set, must be left out without"},
        {linux_section, R"("readonlyPaths":["/proc/sys"])",
         "linux.readonlyPaths: is set, must be left out without"},
        {linux_section, mount + R"("maskedPaths":["/a","b"])", "linux.maskedPaths[1]: is the string \"b\""},
        {linux_section, mount + R"("readonlyPaths":["b"])", "linux.readonlyPaths[0]: is the string \"b\""},
        {linux_section, R"("maskedPaths":[],"readonlyPaths":[])", ""},
        {linux_section, R"("rootfsPropagation":"rslave")", ""},
        {linux_section, R"("rootfsPropagation":"none")",
         "linux.rootfsPropagation: is the string \"none\", must be shared"},
        {linux_section, R"("personality":{"domain":"LINUX32"})", ""},
        {linux_section, R"("personality":{"domain":"BSD"})",
         "linux.personality.domain: is the string \"BSD\""},
        {linux_section, R"("personality":{"domain":"LINUX","flags":["X"]})",
         "linux.personality.flags: is not empty"},
    });
}

Row device(const std::string& members, const std::string& finding) {
    return {linux_section, R"("devices":[{)" + members + "}]", finding};
}

TEST(Validate, devices) {
    expect_rows({
        device(R"("type":"c","path":"/dev/x","major":4095,"minor":1048575,"fileMode":8630)", ""),
        device(R"("type":"p","path":"/dev/x")", ""),
        device(R"("type":"x","path":"/dev/x","major":1,"minor":1)",
               "linux.devices[0].type: is the string \"x\""),
        device(R"("type":"c","path":"dev/x","major":1,"minor":1)",
               "linux.devices[0].path: is the string \"dev/x\""),
        device(R"("type":"b","path":"/dev/x","minor":1)",
               "linux.devices[0].major: is required unless the type is"),
        device(R"("type":"u","path":"/dev/x","major":1)",
               "linux.devices[0].minor: is required unless the type is"),
        device(R"("type":"c","path":"/dev/x","major":4096,"minor":1)",
               "linux.devices[0].major: is the number 4096"),
        device(R"("type":"c","path":"/dev/x","major":1,"minor":-1)",
               "linux.devices[0].minor: is the number -1"),
        device(R"("type":"p","path":"/x","fileMode":65536)",
               "linux.devices[0].fileMode: is the number 65536"),
    });
}

TEST(Validate, network_devices) {
    const std::string net = R"("namespaces":[{"type":"network"}],)";
    expect_rows({
        {linux_section, net + R"("netDevices":{"eth0":{"name":"veth%d"},"eth1":{}})", ""},
        {linux_section, R"("netDevices":{"eth0":{}})", "linux.netDevices: is set, must be left out without"},
        {linux_section, net + R"("netDevices":{"a/b":{}})", "linux.netDevices[\"a/b\"]: is named \"a/b\""},
        {linux_section, net + R"("netDevices":{"a":{"name":"0123456789abcdef"}})",
         "linux.netDevices.a.name: is the string"},
    });
}

Row resource(const std::string& members, const std::string& finding) {
    return {linux_section, R"("resources":{)" + members + "}", finding};
}

TEST(Validate, resources) {
    expect_rows({
        resource(
            R"("devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":-1,"minor":5}])",
            ""),
        resource(R"("devices":[{"allow":true,"type":"p"}])",
                 "linux.resources.devices[0].type: is the string \"p\""),
        resource(R"("devices":[{"allow":true,"access":"rx"}])",
                 "linux.resources.devices[0].access: is the string"),
        resource(R"("devices":[{"allow":true,"major":-2}])",
                 "linux.resources.devices[0].major: is the number -2"),
        resource(R"("memory":{"limit":-1,"swap":-1,"swappiness":100})", ""),
        resource(R"("memory":{"limit":-2})", "linux.resources.memory.limit: is the number -2"),
        resource(R"("memory":{"swappiness":101})", "linux.resources.memory.swappiness: is the number 101"),
        resource(R"("memory":{"limit":20,"swap":10})", "linux.resources.memory.swap: is the number 10"),
        resource(R"("cpu":{"quota":-1,"period":100000,"cpus":"0-3:1/2,7","mems":"0","idle":1,"burst":5})",
                 ""),
        resource(R"("cpu":{"quota":0,"period":0})", ""),
        resource(R"("cpu":{"period":999})", "linux.resources.cpu.period: is the number 999"),
        resource(R"("cpu":{"quota":999})", "linux.resources.cpu.quota: is the number 999"),
        resource(R"("cpu":{"quota":2000,"burst":2001})", "linux.resources.cpu.burst: is the number 2001"),
        resource(R"("cpu":{"idle":2})", "linux.resources.cpu.idle: is the number 2"),
        resource(R"("cpu":{"cpus":"0-"})", "linux.resources.cpu.cpus: is the string \"0-\""),
        resource(R"("cpu":{"mems":"0,,1"})", "linux.resources.cpu.mems: is the string \"0,,1\""),
        resource(R"("pids":{"limit":0})", ""),
        resource(R"("pids":{"limit":-2})", "linux.resources.pids.limit: is the number -2"),
        resource(R"("network":{"priorities":[{"name":"","priority":1}]})",
                 "linux.resources.network.priorities[0].name"),
        resource(R"("rdma":{"mlx5_1":{"hcaHandles":3}})", ""),
        resource(R"("rdma":{"mlx5_1":{}})", "linux.resources.rdma.mlx5_1: limits nothing"),
        resource(R"("unified":{"memory.max":"1"})", ""),
        resource(R"("unified":{"../memory.max":"1"})",
                 "linux.resources.unified[\"../memory.max\"]: is not a file name"),
        resource(R"("hugepageLimits":[{"pageSize":"64KB","limit":1},{"pageSize":"2MB","limit":1}])", ""),
        resource(R"("hugepageLimits":[{"pageSize":"2mb","limit":1}])",
                 "linux.resources.hugepageLimits[0].pageSize"),
        resource(R"("hugepageLimits":[{"pageSize":"MB","limit":1}])",
                 "linux.resources.hugepageLimits[0].pageSize"),
        resource(R"("hugepageLimits":[{"pageSize":"2MB","limit":1},{"pageSize":"2MB","limit":1}])",
                 "linux.resources.hugepageLimits[1].pageSize: is listed twice (\"2MB\")"),
        resource(
            R"("blockIO":{"weight":10,"leafWeight":0,"weightDevice":[{"major":8,"minor":0,"weight":1000}]})",
            ""),
        resource(R"("blockIO":{"weight":9})", "linux.resources.blockIO.weight: is the number 9"),
        resource(R"("blockIO":{"leafWeight":1001})",
                 "linux.resources.blockIO.leafWeight: is the number 1001"),
        resource(R"("blockIO":{"weightDevice":[{"major":8,"minor":0}]})",
                 "blockIO.weightDevice[0]: has no weight"),
        resource(R"("blockIO":{"throttleReadBpsDevice":[{"major":-8,"minor":0,"rate":1}]})",
                 "linux.resources.blockIO.throttleReadBpsDevice[0].major: is the number -8"),
    });
}

TEST(Validate, intel_rdt_and_memory_policy) {
    expect_rows({
        {linux_section, R"("intelRdt":{"closID":"/","memBwSchema":"MB:0=20","schemata":["L3:0=1f"]})", ""},
        {linux_section, R"("intelRdt":{"closID":"a/b"})", "linux.intelRdt.closID: is the string \"a/b\""},
        {linux_section, R"("intelRdt":{"closID":".."})", "linux.intelRdt.closID: is the string \"..\""},
        {linux_section, R"("intelRdt":{"memBwSchema":"L3:0"})",
         "linux.intelRdt.memBwSchema: is the string \"L3:0\""},
        {linux_section, R"("intelRdt":{"l3CacheSchema":"L3:\n"})",
         "linux.intelRdt.l3CacheSchema: is the string"},
        {linux_section, R"("intelRdt":{"schemata":["a","b\n"]})",
         "linux.intelRdt.schemata[1]: is the string"},
        {linux_section,
         R"("memoryPolicy":{"mode":"MPOL_BIND","nodes":"0-1","flags":["MPOL_F_STATIC_NODES"]})", ""},
        {linux_section, R"("memoryPolicy":{"mode":"MPOL_X"})",
         "linux.memoryPolicy.mode: is the string \"MPOL_X\""},
        {linux_section, R"("memoryPolicy":{"mode":"MPOL_LOCAL","flags":["X"]})",
         "linux.memoryPolicy.flags[0]"},
        {linux_section, R"("memoryPolicy":{"mode":"MPOL_LOCAL","nodes":"1"})",
         "linux.memoryPolicy.nodes: is the string"},
        {linux_section, R"("memoryPolicy":{"mode":"MPOL_BIND"})",
         "linux.memoryPolicy.nodes: is required with MPOL_BIND"},
        {linux_section, R"("memoryPolicy":{"mode":"MPOL_BIND","nodes":"x"})",
         "linux.memoryPolicy.nodes: is the string"},
    });
}

Row seccomp(const std::string& members, const std::string& finding) {
    return {linux_section, R"("seccomp":{"defaultAction":"SCMP_ACT_ALLOW",)" + members + "}", finding};
}

Row rule(const std::string& members, const std::string& finding) {
    return seccomp(R"("syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"},{)" + members + "}]", finding);
}

TEST(Validate, seccomp) {
    const std::string path = "linux.seccomp.syscalls[1].";
    expect_rows({
        {linux_section, R"("seccomp":{"defaultAction":"ALLOW"})",
         "linux.seccomp.defaultAction: is the string \"ALLOW\""},
        {linux_section, R"("seccomp":{"defaultAction":"SCMP_ACT_NOTIFY"})", "must be another action"},
        {linux_section, R"("seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4095})", ""},
        {linux_section, R"("seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096})",
         "linux.seccomp.defaultErrnoRet: is the number 4096"},
        seccomp(R"("defaultErrnoRet":1)", "linux.seccomp.defaultErrnoRet: is set, must be left out unless"),
        seccomp(
            R"("architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_RISCV64"],"flags":["SECCOMP_FILTER_FLAG_LOG"])",
            ""),
        seccomp(R"("architectures":["X86"])", "linux.seccomp.architectures[0]: is the string \"X86\""),
        seccomp(R"("flags":["X"])", "linux.seccomp.flags[0]: is the string \"X\""),
        seccomp(R"("listenerMetadata":"x")", "linux.seccomp.listenerMetadata: is set"),
        rule(R"("names":["read"],"action":"SCMP_ACT_NOTIFY")", "linux.seccomp.listenerPath: is required"),
        rule(R"("names":["read"],"action":"SCMP_ACT_TRACE","errnoRet":65535)", ""),
        rule(R"("names":[],"action":"SCMP_ACT_LOG")", path + "names: is empty"),
        rule(R"("names":[""],"action":"SCMP_ACT_LOG")", path + "names[0]: is the string \"\""),
        rule(R"("names":["read"],"action":"X")", path + "action: is the string \"X\""),
        rule(R"("names":["read"],"action":"SCMP_ACT_LOG","errnoRet":1)", path + "errnoRet: is set"),
        rule(
            R"("names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":5,"value":1,"op":"SCMP_CMP_MASKED_EQ"}])",
            ""),
        rule(R"("names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}])",
             path + "args[0].index: is the number 6"),
        rule(R"("names":["read"],"action":"SCMP_ACT_LOG","args":[{"index":0,"value":1,"op":"EQ"}])",
             path + "args[0].op: is the string \"EQ\""),
    });
}

}  // namespace
}  // namespace oci::spec
