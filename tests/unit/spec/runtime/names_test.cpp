#include "spec/runtime/names.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <string>
#include <utility>
#include <vector>

namespace oci::spec {
namespace {

TEST(Names, capabilities_have_the_kernels_numbers) {
    EXPECT_EQ(capability_number("CAP_CHOWN"), 0U);
    EXPECT_EQ(capability_number("CAP_KILL"), 5U);
    EXPECT_EQ(capability_number("CAP_NET_BIND_SERVICE"), 10U);
    EXPECT_EQ(capability_number("CAP_SYS_ADMIN"), 21U);
    EXPECT_EQ(capability_number("CAP_MKNOD"), 27U);
    EXPECT_EQ(capability_number("CAP_SETFCAP"), 31U);
    EXPECT_EQ(capability_number("CAP_CHECKPOINT_RESTORE"), 40U);
    for (const char* unknown : {"", "CAP_", "CHOWN", "cap_chown", "CAP_CHOWN ", "CAP_ALL", "41"}) {
        EXPECT_EQ(capability_number(unknown), std::nullopt) << unknown;
    }
}

TEST(Names, rlimits_have_the_kernels_numbers) {
    EXPECT_EQ(rlimit_number("RLIMIT_NOFILE"), unsigned{RLIMIT_NOFILE});
    EXPECT_EQ(rlimit_number("RLIMIT_CPU"), unsigned{RLIMIT_CPU});
    EXPECT_EQ(rlimit_number("RLIMIT_MSGQUEUE"), unsigned{RLIMIT_MSGQUEUE});
    EXPECT_EQ(rlimit_number("RLIMIT_STACK"), unsigned{RLIMIT_STACK});
    EXPECT_EQ(rlimit_names().size(), std::size_t{RLIM_NLIMITS});
    EXPECT_EQ(rlimit_number("NOFILE"), std::nullopt);
}

TEST(Names, signals_by_number_and_by_name) {
    const std::vector<std::pair<std::string, int>> known = {
        {"15", SIGTERM},
        {"0", 0},
        {"9", SIGKILL},
        {"64", 64},
        {"SIGTERM", SIGTERM},
        {"TERM", SIGTERM},
        {"sigterm", SIGTERM},
        {"kill", SIGKILL},
        {"SIGIOT", SIGABRT},
        {"CLD", SIGCHLD},
        {"POLL", SIGIO},
        {"WINCH", SIGWINCH},
        {"RTMIN", SIGRTMIN},
        {"SIGRTMAX", SIGRTMAX},
        {"RTMIN+3", SIGRTMIN + 3},
        {"SIGRTMAX-2", SIGRTMAX - 2},
    };
    for (const auto& [text, number] : known) EXPECT_EQ(signal_number(text), number) << text;
    for (const char* unknown : {"", "SIG", "65", "-1", "9x", "0x9", "SIGSIGTERM", "FOO", "RTMIN+", "RTMIN-1",
                                "RTMIN+99", "RTMAX+1", "RTMIN+-1", " 9", "99999999999"}) {
        EXPECT_EQ(signal_number(unknown), std::nullopt) << unknown;
    }
}

TEST(Names, signals_are_printed_as_they_are_read) {
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number == 32 || number == 33) continue;  // the C library keeps them for itself
        EXPECT_EQ(signal_number(signal_name(number)), number) << signal_name(number);
    }
    EXPECT_EQ(signal_name(SIGABRT), "SIGABRT");
    EXPECT_EQ(signal_name(99), "signal 99");
}

TEST(Names, lists_are_complete) {
    EXPECT_EQ(namespace_types().size(), 8U);
    EXPECT_EQ(hook_names().size(), 6U);
    EXPECT_EQ(seccomp_actions().size(), 9U);
    EXPECT_EQ(seccomp_operators().size(), 7U);
    EXPECT_EQ(seccomp_architectures().size(), 23U);
    EXPECT_EQ(seccomp_flags().size(), 4U);
    EXPECT_EQ(list_of(personality_domains()), "LINUX or LINUX32");
    EXPECT_EQ(list_of(io_priority_classes()), "IOPRIO_CLASS_RT, IOPRIO_CLASS_BE or IOPRIO_CLASS_IDLE");
}

}  // namespace
}  // namespace oci::spec
