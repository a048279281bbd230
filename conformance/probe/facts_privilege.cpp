#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdlib>
#include <utility>

#include "conformance/probe/facts.hpp"

namespace probe {
namespace {

/// The value of one line of /proc/self/status ("CapEff").
std::string status_line(const std::string& status, const std::string& name) {
    for (const std::string& line : split_text(status, '\n')) {
        if (!line.starts_with(name + ":")) continue;
        std::string value = line.substr(name.size() + 1);
        while (!value.empty() && (value.front() == '\t' || value.front() == ' ')) value.erase(0, 1);
        return value;
    }
    return {};
}

void add_capabilities(JsonOut& out, const std::string& status) {
    static constexpr std::pair<const char*, const char*> sets[] = {{"effective", "CapEff"},
                                                                   {"permitted", "CapPrm"},
                                                                   {"inheritable", "CapInh"},
                                                                   {"bounding", "CapBnd"},
                                                                   {"ambient", "CapAmb"}};
    out.key("capabilities");
    out.open('{');
    for (const auto& [name, line] : sets) {
        const unsigned long long bits = std::strtoull(status_line(status, line).c_str(), nullptr, 16);
        out.key(name);
        out.open('[');
        for (int bit = 0; bit < 64; ++bit)
            if ((bits >> bit & 1U) != 0) out.number(bit);
        out.close(']');
    }
    out.close('}');
}

void add_limits(JsonOut& out) {
    static constexpr std::pair<const char*, __rlimit_resource> limits[] = {
        {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},
        {"RLIMIT_CPU", RLIMIT_CPU},         {"RLIMIT_DATA", RLIMIT_DATA},
        {"RLIMIT_FSIZE", RLIMIT_FSIZE},     {"RLIMIT_LOCKS", RLIMIT_LOCKS},
        {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK}, {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
        {"RLIMIT_NICE", RLIMIT_NICE},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
        {"RLIMIT_NPROC", RLIMIT_NPROC},     {"RLIMIT_RSS", RLIMIT_RSS},
        {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},
        {"RLIMIT_STACK", RLIMIT_STACK},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING}};
    out.key("rlimits");
    out.open('{');
    for (const auto& [name, resource] : limits) {
        rlimit limit{};
        ::getrlimit(resource, &limit);
        out.key(name);
        out.open('[');
        out.number(limit.rlim_cur);
        out.number(limit.rlim_max);
        out.close(']');
    }
    out.close('}');
}

}  // namespace

void add_privilege_facts(JsonOut& out) {
    const std::string status = read_text("/proc/self/status");
    add_capabilities(out, status);
    add_limits(out);
    out.number_field("noNewPrivileges", ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    out.field("seccompMode", status_line(status, "Seccomp"));
    out.field("seccompFilters", status_line(status, "Seccomp_filters"));
    out.number_field("oomScoreAdj", std::atoi(read_text("/proc/self/oom_score_adj").c_str()));
    std::string label = read_text("/proc/self/attr/apparmor/current");
    if (!label.empty() && label.back() == '\n') label.pop_back();
    out.field("apparmor", label);
}

}  // namespace probe
