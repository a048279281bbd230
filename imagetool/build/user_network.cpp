#include "imagetool/build/user_network.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocimg::build {

namespace {

using oci::Fd;
using oci::Result;

/// Where the programs answer questions for names.
constexpr const char* pasta_resolver = "169.254.0.53";
constexpr const char* slirp_resolver = "10.0.2.3";
constexpr auto patience = std::chrono::seconds(10);

std::string find_program(const std::string& name) {
    const char* const path = ::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody changes it
    for (const std::string& directory : oci::split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
        std::string file = directory + "/" + name;
        if (directory.starts_with('/') && ::access(file.c_str(), X_OK) == 0) return file;
    }
    return {};
}

/// In the child: only what is allowed between fork and exec of a process with threads.
int make_network() {
    if (::unshare(CLONE_NEWNET) != 0) return errno;
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return errno;
    struct ifreq request {};
    std::memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP;
    if (::ioctl(socket, SIOCSIFFLAGS, &request) != 0) return errno;
    // A process with fewer capabilities than this one could not open its namespace, and pasta drops most.
    struct __user_cap_header_struct header {
        .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0
    };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] {};
    return ::syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

/// A process that does nothing but keep a new network namespace.
Result<oci::ChildProcess> hold_network() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return oci::last_system_failure("pipe");
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return oci::last_system_failure("fork");
    if (pid == 0) {
        const int answer = make_network();
        if (::write(writing.get(), &answer, sizeof answer) != sizeof answer || answer != 0) ::_exit(1);
        ::close(writing.get());
        for (;;) ::pause();
    }
    auto pidfd = oci::open_pidfd(pid);
    oci::ChildProcess child(pid, pidfd ? std::move(*pidfd) : Fd());
    writing.reset();
    int answer = ECHILD;
    ssize_t count = ::read(reading.get(), &answer, sizeof answer);
    while (count < 0 && errno == EINTR) count = ::read(reading.get(), &answer, sizeof answer);
    if (count == sizeof answer && answer == 0) return child;
    return oci::system_failure(count == sizeof answer ? answer : ECHILD, "make a network namespace");
}

std::vector<std::string> arguments_of(const std::string& name, pid_t holder) {
    const std::string path = "/proc/" + std::to_string(holder) + "/ns/net";
    if (name == "pasta")
        return {"pasta",        "--foreground", "--quiet", "--config-net", "--no-map-gw", "--dns-forward",
                pasta_resolver, "-t",           "none",    "-u",           "none",        "-T",
                "none",         "-U",           "none",    "--netns-only", "--netns",     path};
    return {"slirp4netns",       "--configure", "--mtu=65520", "--disable-host-loopback",
            "--netns-type=path", path,          "tap0"};
}

/// Whether a device besides loopback has a route.
bool is_connected(pid_t holder) {
    const auto routes = oci::read_kernel_file("/proc/" + std::to_string(holder) + "/net/route");
    return routes && oci::split(*routes, '\n').size() > 2;
}

/// The host's search domains and options, with the program's address as the only server.
std::string resolv_conf_for(const std::string& host, const char* server) {
    std::string text = std::string("nameserver ") + server + "\n";
    for (const std::string& line : oci::split(host, '\n'))
        if (line.starts_with("search ") || line.starts_with("options ") || line.starts_with("domain "))
            text += line + "\n";
    return text;
}

}  // namespace

Result<std::unique_ptr<UserNetwork::Running>> UserNetwork::start(const std::string& program,
                                                                 const std::string& resolv_conf) {
    const std::string name = program.substr(program.rfind('/') + 1);
    oci::ChildProcess holder = TRY(hold_network());
    const pid_t pid = holder.pid();
    const Fd said(::memfd_create("said", MFD_CLOEXEC));
    const oci::SpawnRequest request{.path = program,
                                    .arguments = arguments_of(name, pid),
                                    .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                    .standard_input = {},
                                    .standard_output = said,
                                    .standard_error = said};
    oci::ChildProcess child = TRY(oci::spawn(request).in("start " + name));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!is_connected(pid)) {
        const auto ended = TRY(child.wait_for(std::chrono::milliseconds(10)));
        if (!ended.has_value() && std::chrono::steady_clock::now() < deadline) continue;
        ::lseek(said.get(), 0, SEEK_SET);
        const auto text = oci::read_all(said, std::size_t{1} << 16U);
        return oci::failure(name + (ended.has_value() ? ": " + ended->describe() : " gives no network") +
                            ": " + oci::quote(text ? oci::trim(*text) : std::string_view()));
    }
    const char* const server = name == "pasta" ? pasta_resolver : slirp_resolver;
    NetworkPlace place{.path = "/proc/" + std::to_string(pid) + "/ns/net",
                       .resolv_conf = resolv_conf_for(resolv_conf, server)};
    return std::make_unique<Running>(Running{std::move(holder), std::move(child), std::move(place)});
}

Result<std::optional<NetworkPlace>> UserNetwork::place(const std::string& resolv_conf) {
    const std::lock_guard guard(mutex_);
    if (running_) return std::optional(running_->place);
    std::optional<oci::Error> error;
    for (const char* name : {"pasta", "slirp4netns"}) {
        const std::string program = find_program(name);
        if (program.empty()) continue;
        auto started = start(program, resolv_conf);
        if (started) {
            running_ = std::move(*started);
            return std::optional(running_->place);
        }
        if (!error.has_value()) error = started.error();
    }
    if (error.has_value()) return *error;
    return std::optional<NetworkPlace>();
}

}  // namespace ocimg::build
