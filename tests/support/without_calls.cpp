// Runs a command as an older kernel would: some system calls are not there.
// Usage: without_calls CALL[,CALL...] COMMAND ARGUMENT...
// A CALL is the name of a system call, or CLONE_INTO_CGROUP for that flag of clone3 alone.

#include <linux/sched.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"

namespace {

constexpr const char* cgroup_flag = "CLONE_INTO_CGROUP";

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(125);
}

/// The filter in force; the descriptor that tells of clone3 when its flags are looked at, else -1.
int load_filter(const std::vector<std::string>& calls) {
    scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
    ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    bool told = false;
    for (const std::string& call : calls) {
        told = told || call == cgroup_flag;
        const int number = ::seccomp_syscall_resolve_name(call == cgroup_flag ? "clone3" : call.c_str());
        const std::uint32_t action = call == cgroup_flag ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(ENOSYS);
        if (number == __NR_SCMP_ERROR || ::seccomp_rule_add(filter, action, number, 0) != 0) {
            std::fprintf(stderr, "without_calls: %s is not a system call\n", call.c_str());
            std::exit(125);
        }
    }
    if (::seccomp_load(filter) != 0) give_up("without_calls: load filter");
    return told ? ::seccomp_notify_fd(filter) : -1;
}

void send_number(int socket, int number) {
    char byte = 'n';
    iovec data{.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof number)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof number);
    std::memcpy(CMSG_DATA(header), &number, sizeof number);
    if (::sendmsg(socket, &message, 0) < 0) give_up("without_calls: sendmsg");
}

int receive_number(int socket) {
    char byte = 0;
    iovec data{.iov_base = &byte, .iov_len = 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    int number = -1;
    if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0) return -1;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header != nullptr) std::memcpy(&number, CMSG_DATA(header), sizeof number);
    return number;
}

/// Whether a process asks clone3 for the flag.
bool wants_cgroup(const seccomp_notif& call) {
    const auto memory = oci::open_file("/proc/" + std::to_string(call.pid) + "/mem", O_RDONLY);
    std::uint64_t flags = 0;
    if (!memory || ::pread(memory->get(), &flags, sizeof flags, static_cast<off_t>(call.data.args[0])) !=
                       static_cast<ssize_t>(sizeof flags))
        return false;
    return (flags & CLONE_INTO_CGROUP) != 0;
}

void answer_one(int listener, seccomp_notif* call, seccomp_notif_resp* answer) {
    std::memset(call, 0, sizeof *call);
    if (::seccomp_notify_receive(listener, call) != 0) return;
    std::memset(answer, 0, sizeof *answer);
    answer->id = call->id;
    if (wants_cgroup(*call)) {
        answer->error = -ENOSYS;
    } else {
        answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    }
    ::seccomp_notify_respond(listener, answer);
}

/// Answers until the command has ended.
int serve(int listener, pid_t child) {
    seccomp_notif* call = nullptr;
    seccomp_notif_resp* answer = nullptr;
    if (listener >= 0 && ::seccomp_notify_alloc(&call, &answer) != 0) give_up("without_calls: notify");
    int status = 0;
    while (listener >= 0) {
        pollfd entry{.fd = listener, .events = POLLIN, .revents = 0};
        ::poll(&entry, 1, 100);
        if ((entry.revents & POLLIN) != 0) answer_one(listener, call, answer);
        if (::waitpid(child, &status, WNOHANG) == child) return status;
    }
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: without_calls CALL[,CALL...] COMMAND ARGUMENT...\n");
        return 125;
    }
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) give_up("without_calls: socketpair");
    const pid_t child = ::fork();
    if (child < 0) give_up("without_calls: fork");
    if (child == 0) {
        ::close(ends[0]);
        const int listener = load_filter(oci::split(argv[1], ','));
        if (listener >= 0) send_number(ends[1], listener);
        if (listener >= 0) ::close(listener);
        ::execvp(argv[2], argv + 2);
        give_up(argv[2]);
    }
    ::close(ends[1]);
    const int status = serve(receive_number(ends[0]), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
