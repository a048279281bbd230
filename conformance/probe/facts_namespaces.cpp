#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "conformance/probe/facts.hpp"

namespace probe {
namespace {

std::string link_target(const std::string& path) {
    char target[4096];
    const ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    return length < 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

}  // namespace

void add_namespace_facts(JsonOut& out) {
    out.key("namespaces");
    out.open('{');
    for (const char* name : {"mnt", "pid", "net", "ipc", "uts", "user", "cgroup", "time"})
        out.field(name, link_target(std::string("/proc/self/ns/") + name));
    out.close('}');
    utsname names{};
    ::uname(&names);
    out.field("hostname", names.nodename);
    out.field("domainname", names.domainname);
    out.field("machine", names.machine);
    out.strings_field("uidMap", split_text(read_text("/proc/self/uid_map"), '\n'));
    out.strings_field("gidMap", split_text(read_text("/proc/self/gid_map"), '\n'));
    out.strings_field("timeOffsets", split_text(read_text("/proc/self/timens_offsets"), '\n'));
    out.strings_field("cgroup", split_text(read_text("/proc/self/cgroup"), '\n'));
}

void add_mount_facts(JsonOut& out) {
    out.key("mounts");
    out.open('[');
    for (const std::string& line : split_text(read_text("/proc/self/mountinfo"), '\n')) {
        const std::vector<std::string> fields = split_text(line, ' ');
        std::size_t dash = 6;
        while (dash < fields.size() && fields[dash] != "-") ++dash;
        if (dash + 3 >= fields.size()) continue;
        out.open('{');
        out.field("id", fields[0]);
        out.field("parent", fields[1]);
        out.field("device", fields[2]);
        out.field("root", fields[3]);
        out.field("target", fields[4]);
        out.strings_field("options", split_text(fields[5], ','));
        out.strings_field("propagation", {fields.begin() + 6, fields.begin() + static_cast<long>(dash)});
        out.field("type", fields[dash + 1]);
        out.field("source", fields[dash + 2]);
        out.strings_field("superOptions", split_text(fields[dash + 3], ','));
        out.close('}');
    }
    out.close(']');
}

}  // namespace probe
