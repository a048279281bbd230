// runtime-spec config-linux.md "Seccomp" listenerPath and "The Container Process State".

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "conformance/harness/container.hpp"

using conformance::Bundle;
using conformance::Json;

namespace {

oci::Fd listen_at(const std::string& path) {
    oci::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
    if (::listen(listener.get(), 4) != 0) return {};
    return listener;
}

struct Received {
    std::string text;
    std::vector<oci::Fd> descriptors;
    bool late_descriptors = false;
    bool closed = false;
};

/// Everything that one connection carries, up to its end.
Received receive_all(int connection) {
    Received received;
    while (true) {
        char text[16384];
        alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {};
        iovec part{text, sizeof text};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const ssize_t got = ::recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
        for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
             header = CMSG_NXTHDR(&message, header)) {
            received.late_descriptors = received.late_descriptors || !received.text.empty();
            const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t i = 0; i < count; ++i) {
                int number = -1;
                std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
                received.descriptors.emplace_back(number);
            }
        }
        if (got <= 0) {
            received.closed = got == 0;
            return received;
        }
        received.text.append(text, static_cast<std::size_t>(got));
    }
}

}  // namespace

RUNTIME_CASE("seccomp/listener") {
    Bundle bundle = c.bundle();
    const std::string path = c.path("listener.sock");
    const oci::Fd listener = listen_at(path);
    c.need(listener.is_open(), "a listening socket");
    bundle.set("/linux/seccomp", R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "of the case",
        "syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_NOTIFY"}]})");
    bundle.set("/linux/seccomp/listenerPath", Json::text(path)).ask({"syscall=getpgid,0"});
    conformance::Container container(c, bundle);
    c.need(container.create(), "create succeeds");
    c.need(container.start(), "start succeeds");
    const oci::Fd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    c.need(connection.is_open(), "the runtime connects");
    Received received = receive_all(connection.get());
    c.check(received.closed, "the connection is closed after the state");
    c.check(!received.late_descriptors, "descriptors come with the first message only");
    const Json state = Json::of(received.text);
    c.need(state.is_object(), "the payload is one JSON object", received.text);
    c.check(state["ociVersion"].is_string(), "ociVersion is there", received.text);
    c.check(state["fds"].has("seccompFd"), "fds names seccompFd", state["fds"].dump());
    c.equal("as many descriptors as names", std::to_string(received.descriptors.size()),
            std::to_string(state["fds"].size()));
    c.check(state["pid"].integer() > 0, "pid is a process", state["pid"].dump());
    c.equal("metadata", state["metadata"].str(), "of the case");
    c.equal("id in the state", state["state"]["id"].str(), container.id());
    c.equal("bundle in the state", state["state"]["bundle"].str(), bundle.path());
    // Without a listener the call that waits for its answer gets ENOSYS.
    received.descriptors.clear();
    c.need(container.wait_until_stopped(), "the container ends");
    container.output();
    c.equal("errno of a call whose listener is gone", container.facts()["syscall=getpgid,0"]["errno"].str(),
            "ENOSYS");
}
