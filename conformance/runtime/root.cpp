// runtime-spec config.md "Root", config-linux.md "Rootfs Mount Propagation", "Masked Paths", "Readonly
// Paths".

#include <sys/mount.h>

#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;
using conformance::mount_at;

namespace {

Json with_propagation(Case& c, const char* word) {
    Bundle bundle = c.bundle();
    // The bundle lies on a shared mount, so that each word has something to change.
    c.need(::mount(nullptr, c.setting().work.c_str(), nullptr, MS_SHARED, nullptr) == 0,
           "a shared work directory");
    bundle.set("/linux/rootfsPropagation", Json::text(word));
    return mount_at(c.facts(bundle), "/")["propagation"];
}

bool begins(const Json& propagation, std::string_view word) {
    for (const Json& item : propagation.items())
        if (item.str().starts_with(word)) return true;
    return false;
}

}  // namespace

RUNTIME_CASE_OF_USERS("root/relative-path") {
    Bundle bundle = c.bundle();
    bundle.file("rootfs/mark", "here").ask({"read=/mark"});
    c.equal("a file of the rootfs", c.facts(bundle)["read=/mark"].str(), "here");
}

RUNTIME_CASE_OF_USERS("root/absolute-path") {
    Bundle bundle = c.bundle();
    Bundle other = c.bundle("elsewhere");
    other.file("rootfs/mark", "elsewhere");
    bundle.set("/root/path", Json::text(other.path("rootfs"))).ask({"read=/mark"});
    c.equal("a file of the rootfs", c.facts(bundle)["read=/mark"].str(), "elsewhere");
}

RUNTIME_CASE_OF_USERS("root/missing") {
    Bundle bundle = c.bundle();
    bundle.set("/root/path", R"("no-such-directory")");
    c.refused(bundle, "a root path that does not exist");
}

RUNTIME_CASE("root/no-directory") {
    Bundle bundle = c.bundle();
    bundle.file("a-file", "x").set("/root/path", R"("a-file")");
    c.refused(bundle, "a root path that is a file");
}

RUNTIME_CASE("root/absent") {
    Bundle bundle = c.bundle();
    bundle.erase("/root");
    c.refused(bundle, "a configuration without root");
}

RUNTIME_CASE("root/without-path") {
    Bundle bundle = c.bundle();
    bundle.set("/root", R"({"readonly": true})");
    c.refused(bundle, "a root without a path");
}

RUNTIME_CASE_OF_KERNELS("root/readonly") {
    Bundle bundle = c.bundle();
    bundle.set("/root/readonly", "true").ask({"write=/new", "write=/dev/new"});
    const Json facts = c.facts(bundle);
    c.equal("a write to the root", facts["write=/new"]["errno"].str(), "EROFS");
    c.holds("options of the root", mount_at(facts, "/")["options"], "ro");
}

RUNTIME_CASE_OF_USERS("root/writable") {
    Bundle bundle = c.bundle();
    bundle.ask({"write=/new"});
    const Json facts = c.facts(bundle);
    c.equal("a write to the root", facts["write=/new"]["errno"].str(), "");
    c.holds("options of the root", mount_at(facts, "/")["options"], "rw");
}

RUNTIME_CASE("root/propagation-shared") {
    const Json propagation = with_propagation(c, "shared");
    c.check(begins(propagation, "shared:"), "the root is shared", propagation.dump());
}
RUNTIME_CASE("root/propagation-slave") {
    const Json propagation = with_propagation(c, "slave");
    c.check(!begins(propagation, "shared:"), "the root sends nothing to its peers", propagation.dump());
}
RUNTIME_CASE("root/propagation-private") {
    const Json propagation = with_propagation(c, "private");
    c.check(propagation.size() == 0, "the root is private", propagation.dump());
}
RUNTIME_CASE("root/propagation-unbindable") {
    const Json propagation = with_propagation(c, "unbindable");
    c.check(begins(propagation, "unbindable"), "the root is unbindable", propagation.dump());
}
RUNTIME_CASE("root/propagation-unknown") {
    Bundle bundle = c.bundle();
    bundle.set("/linux/rootfsPropagation", R"("conformance")");
    c.refused(bundle, "an unknown propagation");
}

RUNTIME_CASE_OF_KERNELS("paths/masked") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/secret").file("rootfs/secret/file", "hidden").file("rootfs/key", "hidden");
    bundle.set("/linux/maskedPaths", R"(["/secret", "/key", "/not-there", "/proc/timer_list"])");
    bundle.ask({"list=/secret", "read=/key", "write=/secret/new", "stat=/not-there"});
    const Json facts = c.facts(bundle);
    c.equal("names in a masked directory", facts["list=/secret"], "[]");
    c.equal("content of a masked file", facts["read=/key"].str(), "");
    c.check(facts["write=/secret/new"]["errno"].str() != "", "a masked directory cannot be written to");
    c.equal("a masked path that does not exist", facts["stat=/not-there"]["errno"].str(), "ENOENT");
}

RUNTIME_CASE_OF_KERNELS("paths/readonly") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/fixed").file("rootfs/fixed/file", "still there").file("rootfs/free", "");
    bundle.set("/linux/readonlyPaths", R"(["/fixed", "/not-there"])");
    bundle.ask({"read=/fixed/file", "write=/fixed/file", "write=/fixed/new", "write=/free"});
    const Json facts = c.facts(bundle);
    c.equal("content of a read-only path", facts["read=/fixed/file"].str(), "still there");
    c.equal("a write to it", facts["write=/fixed/file"]["errno"].str(), "EROFS");
    c.equal("a new file in it", facts["write=/fixed/new"]["errno"].str(), "EROFS");
    c.equal("a write elsewhere", facts["write=/free"]["errno"].str(), "");
}

RUNTIME_CASE_OF_USERS("paths/masked-relative") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/secret").set("/linux/maskedPaths", R"(["secret"])");
    c.refused(bundle, "a relative masked path");
}

RUNTIME_CASE("paths/readonly-relative") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/fixed").set("/linux/readonlyPaths", R"(["fixed"])");
    c.refused(bundle, "a relative read-only path");
}
