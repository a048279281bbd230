// runtime-spec config.md "Linux Process": capabilities.

#include <sys/prctl.h>

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;

namespace {

// Numbers of capabilities(7): CHOWN 0, DAC_OVERRIDE 1, KILL 5, SETUID 7, NET_BIND_SERVICE 10, AUDIT_WRITE 29.
constexpr const char* three = R"(["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"])";

Json sets_of(Case& c, const char* capabilities, const char* user = R"({"uid": 0, "gid": 0})") {
    Bundle bundle = c.bundle();
    bundle.set("/process/capabilities", capabilities).set("/process/user", user);
    return c.facts(bundle)["capabilities"];
}

}  // namespace

RUNTIME_CASE_OF_USERS("capabilities/bounding") {
    const std::string sets = std::string(R"({"bounding": )") + three +
                             R"(, "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]})";
    c.equal("the bounding set", sets_of(c, sets.c_str())["bounding"], "[0, 5, 10]");
}

RUNTIME_CASE("capabilities/effective-and-permitted") {
    // Not as root: then execve leaves the ambient set and what it gives.
    const std::string all = three;
    const std::string sets = R"({"bounding": )" + all + R"(, "effective": )" + all + R"(, "permitted": )" +
                             all + R"(, "inheritable": )" + all + R"(, "ambient": ["CAP_KILL"]})";
    const Json seen = sets_of(c, sets.c_str(), R"({"uid": 1000, "gid": 1000})");
    c.equal("the effective set of a user", seen["effective"], "[5]");
    c.equal("the permitted set of a user", seen["permitted"], "[5]");
    const Json root = sets_of(c, sets.c_str());
    c.equal("the effective set of root", root["effective"], "[0, 5, 10]");
    c.equal("the permitted set of root", root["permitted"], "[0, 5, 10]");
}

RUNTIME_CASE("capabilities/inheritable") {
    const std::string all = three;
    const std::string sets = R"({"bounding": )" + all + R"(, "effective": )" + all + R"(, "permitted": )" +
                             all + R"(, "inheritable": ["CAP_CHOWN"]})";
    c.equal("the inheritable set", sets_of(c, sets.c_str())["inheritable"], "[0]");
}

RUNTIME_CASE("capabilities/ambient") {
    const std::string all = three;
    const std::string sets = R"({"bounding": )" + all + R"(, "effective": )" + all + R"(, "permitted": )" +
                             all + R"(, "inheritable": )" + all + R"(, "ambient": ["CAP_NET_BIND_SERVICE"]})";
    c.equal("the ambient set", sets_of(c, sets.c_str(), R"({"uid": 1000, "gid": 1000})")["ambient"], "[10]");
}

RUNTIME_CASE_OF_USERS("capabilities/none") {
    const Json seen =
        sets_of(c, R"({"bounding": [], "effective": [], "permitted": [], "inheritable": [], "ambient": []})");
    for (const char* set : {"bounding", "effective", "permitted", "inheritable", "ambient"})
        c.equal(std::string("the ") + set + " set", seen[set], "[]");
}

RUNTIME_CASE("capabilities/of-a-user") {
    const std::string all = three;
    const std::string sets =
        R"({"bounding": )" + all + R"(, "effective": )" + all + R"(, "permitted": )" + all + "}";
    const Json seen = sets_of(c, sets.c_str(), R"({"uid": 1000, "gid": 1000})");
    c.equal("the effective set", seen["effective"], "[]");
    c.equal("the bounding set", seen["bounding"], "[0, 5, 10]");
}

RUNTIME_CASE("capabilities/unknown") {
    // A word that is no capability is a warning: the container runs without it.
    const Json seen = sets_of(c, R"({"bounding": ["CAP_KILL", "CAP_CONFORMANCE"], "effective": ["CAP_KILL"],
                                     "permitted": ["CAP_KILL"]})");
    c.equal("the bounding set", seen["bounding"], "[5]");
}

RUNTIME_CASE("capabilities/cannot-be-granted") {
    // CAP_SYS_BOOT (22) is taken from the runtime before it starts.
    c.need(::prctl(PR_CAPBSET_DROP, 22, 0, 0, 0) == 0, "the suite can give up CAP_SYS_BOOT");
    const Json seen =
        sets_of(c, R"({"bounding": ["CAP_KILL", "CAP_SYS_BOOT"], "effective": ["CAP_KILL", "CAP_SYS_BOOT"],
                                     "permitted": ["CAP_KILL", "CAP_SYS_BOOT"]})");
    c.equal("the bounding set", seen["bounding"], "[5]");
}
