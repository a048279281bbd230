#pragma once
// The names that the runtime specification takes from the kernel and from libseccomp.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oci::spec {

/// Valid names, each list in the order in which `features` prints it.
std::span<const std::string_view> namespace_types();
std::span<const std::string_view> hook_names();
std::span<const std::string_view> seccomp_actions();
std::span<const std::string_view> seccomp_operators();
std::span<const std::string_view> seccomp_architectures();
std::span<const std::string_view> seccomp_flags();
/// The spec's four words and their recursive forms ("rprivate"), which engines use.
std::span<const std::string_view> rootfs_propagations();
std::span<const std::string_view> scheduler_policies();
std::span<const std::string_view> scheduler_flags();
std::span<const std::string_view> io_priority_classes();
std::span<const std::string_view> memory_policy_modes();
std::span<const std::string_view> memory_policy_flags();
std::span<const std::string_view> personality_domains();
/// "CAP_CHOWN" first: the index of a name is the kernel's number.
std::span<const std::string_view> capability_names();
std::span<const std::string_view> rlimit_names();

bool contains(std::span<const std::string_view> names, std::string_view name);
/// The number of "CAP_KILL".
std::optional<unsigned> capability_number(std::string_view name);
/// The number of "RLIMIT_NOFILE", as setrlimit(2) wants it.
std::optional<unsigned> rlimit_number(std::string_view name);
/// A signal by number ("15", up to SIGRTMAX), or by name in any case with or without "SIG" ("SIGTERM",
/// "term", "RTMIN+3", "RTMAX-1"). Zero is a valid number: it only asks whether the process is there.
std::optional<int> signal_number(std::string_view text);
/// "SIGTERM" for 15; "SIGRTMIN+n" for the real-time ones; "signal 99" for anything else.
std::string signal_name(int number);

/// "a, b or c".
std::string list_of(std::span<const std::string_view> names);

}  // namespace oci::spec
