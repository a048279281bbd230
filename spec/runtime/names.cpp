#include "spec/runtime/names.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace oci::spec {

namespace {

using Names = std::span<const std::string_view>;

constexpr auto namespace_table =
    std::to_array<std::string_view>({"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"});

constexpr auto hook_table = std::to_array<std::string_view>(
    {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"});

constexpr auto action_table = std::to_array<std::string_view>(
    {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
     "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_TRAP"});

constexpr auto operator_table =
    std::to_array<std::string_view>({"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE",
                                     "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"});

constexpr auto architecture_table = std::to_array<std::string_view>(
    {"SCMP_ARCH_AARCH64",  "SCMP_ARCH_ARM",         "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
     "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
     "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
     "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",
     "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
     "SCMP_ARCH_X32",      "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64"});

constexpr auto flag_table =
    std::to_array<std::string_view>({"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
                                     "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"});

constexpr auto propagation_table = std::to_array<std::string_view>(
    {"shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"});

constexpr auto policy_table = std::to_array<std::string_view>(
    {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE", "SCHED_DEADLINE"});

constexpr auto scheduler_flag_table = std::to_array<std::string_view>(
    {"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
     "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"});

constexpr auto io_class_table =
    std::to_array<std::string_view>({"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"});

constexpr auto memory_mode_table = std::to_array<std::string_view>(
    {"MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED",
     "MPOL_PREFERRED_MANY", "MPOL_LOCAL"});

constexpr auto memory_flag_table = std::to_array<std::string_view>(
    {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"});

constexpr auto domain_table = std::to_array<std::string_view>({"LINUX", "LINUX32"});

// In the order of linux/capability.h, so that the index is the number.
constexpr auto capability_table = std::to_array<std::string_view>({"CAP_CHOWN",
                                                                   "CAP_DAC_OVERRIDE",
                                                                   "CAP_DAC_READ_SEARCH",
                                                                   "CAP_FOWNER",
                                                                   "CAP_FSETID",
                                                                   "CAP_KILL",
                                                                   "CAP_SETGID",
                                                                   "CAP_SETUID",
                                                                   "CAP_SETPCAP",
                                                                   "CAP_LINUX_IMMUTABLE",
                                                                   "CAP_NET_BIND_SERVICE",
                                                                   "CAP_NET_BROADCAST",
                                                                   "CAP_NET_ADMIN",
                                                                   "CAP_NET_RAW",
                                                                   "CAP_IPC_LOCK",
                                                                   "CAP_IPC_OWNER",
                                                                   "CAP_SYS_MODULE",
                                                                   "CAP_SYS_RAWIO",
                                                                   "CAP_SYS_CHROOT",
                                                                   "CAP_SYS_PTRACE",
                                                                   "CAP_SYS_PACCT",
                                                                   "CAP_SYS_ADMIN",
                                                                   "CAP_SYS_BOOT",
                                                                   "CAP_SYS_NICE",
                                                                   "CAP_SYS_RESOURCE",
                                                                   "CAP_SYS_TIME",
                                                                   "CAP_SYS_TTY_CONFIG",
                                                                   "CAP_MKNOD",
                                                                   "CAP_LEASE",
                                                                   "CAP_AUDIT_WRITE",
                                                                   "CAP_AUDIT_CONTROL",
                                                                   "CAP_SETFCAP",
                                                                   "CAP_MAC_OVERRIDE",
                                                                   "CAP_MAC_ADMIN",
                                                                   "CAP_SYSLOG",
                                                                   "CAP_WAKE_ALARM",
                                                                   "CAP_BLOCK_SUSPEND",
                                                                   "CAP_AUDIT_READ",
                                                                   "CAP_PERFMON",
                                                                   "CAP_BPF",
                                                                   "CAP_CHECKPOINT_RESTORE"});
static_assert(capability_table.size() == 41);

// The numbers differ between architectures: the names and the numbers stand side by side.
constexpr auto rlimit_table = std::to_array<std::string_view>(
    {"RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS",
     "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS",
     "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"});
constexpr auto rlimit_numbers =
    std::to_array<unsigned>({RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_LOCKS,
                             RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_NPROC,
                             RLIMIT_RSS, RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK});
static_assert(rlimit_table.size() == rlimit_numbers.size());

struct NamedSignal {
    std::string_view name;
    int number;
};

// Where two names share a number, the first one is printed.
constexpr auto signal_table = std::to_array<NamedSignal>(
    {{"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT},   {"ILL", SIGILL},   {"TRAP", SIGTRAP},
     {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},     {"KILL", SIGKILL}, {"USR1", SIGUSR1},
     {"SEGV", SIGSEGV},     {"USR2", SIGUSR2}, {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
     {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD}, {"CONT", SIGCONT},   {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
     {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},     {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
     {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"PWR", SIGPWR},
     {"SYS", SIGSYS},       {"IOT", SIGABRT},  {"CLD", SIGCHLD},    {"POLL", SIGIO}});

std::optional<unsigned> index_of(Names names, std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<unsigned>(found - names.begin());
}

/// "RTMIN", "RTMIN+3", "RTMAX-2" as a number.
std::optional<int> real_time_signal(std::string_view name) {
    const bool from_least = name.starts_with("RTMIN");
    if (!from_least && !name.starts_with("RTMAX")) return std::nullopt;
    const int base = from_least ? SIGRTMIN : SIGRTMAX;
    const std::string_view offset_text = name.substr(5);
    if (offset_text.empty()) return base;
    if (offset_text.front() != (from_least ? '+' : '-')) return std::nullopt;
    const std::optional<int> offset = parse_integer<int>(offset_text.substr(1));
    if (!offset || *offset < 0 || *offset > SIGRTMAX - SIGRTMIN) return std::nullopt;
    return from_least ? base + *offset : base - *offset;
}

}  // namespace

Names namespace_types() {
    return namespace_table;
}
Names hook_names() {
    return hook_table;
}
Names seccomp_actions() {
    return action_table;
}
Names seccomp_operators() {
    return operator_table;
}
Names seccomp_architectures() {
    return architecture_table;
}
Names seccomp_flags() {
    return flag_table;
}
Names rootfs_propagations() {
    return propagation_table;
}
Names scheduler_policies() {
    return policy_table;
}
Names scheduler_flags() {
    return scheduler_flag_table;
}
Names io_priority_classes() {
    return io_class_table;
}
Names memory_policy_modes() {
    return memory_mode_table;
}
Names memory_policy_flags() {
    return memory_flag_table;
}
Names personality_domains() {
    return domain_table;
}
Names capability_names() {
    return capability_table;
}
Names rlimit_names() {
    return rlimit_table;
}

bool contains(Names names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<unsigned> capability_number(std::string_view name) {
    return index_of(capability_table, name);
}

std::optional<unsigned> rlimit_number(std::string_view name) {
    const std::optional<unsigned> index = index_of(rlimit_table, name);
    if (!index) return std::nullopt;
    return rlimit_numbers[*index];
}

std::optional<int> signal_number(std::string_view text) {
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        const std::optional<int> number = parse_integer<int>(text);
        return number && *number <= SIGRTMAX ? number : std::nullopt;
    }
    const std::string upper = to_upper(text);
    const std::string_view name = upper.starts_with("SIG") ? std::string_view(upper).substr(3) : upper;
    for (const NamedSignal& signal : signal_table) {
        if (signal.name == name) return signal.number;
    }
    return real_time_signal(name);
}

std::string signal_name(int number) {
    for (const NamedSignal& signal : signal_table) {
        if (signal.number == number) return "SIG" + std::string(signal.name);
    }
    if (number < SIGRTMIN || number > SIGRTMAX) return "signal " + std::to_string(number);
    const int offset = number - SIGRTMIN;
    return offset == 0 ? "SIGRTMIN" : "SIGRTMIN+" + std::to_string(offset);
}

std::string list_of(Names names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text;
}

}  // namespace oci::spec
