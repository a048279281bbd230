#include "runtime/init/terminal.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "runtime/init/attach_copy.hpp"
#include "runtime/protocol/channel.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

Result<void> check_devpts(BorrowedFd file, const char* what) {
    struct statfs status {};
    if (::fstatfs(file.get(), &status) != 0) return oci::last_system_failure(what);
    if (status.f_type != DEVPTS_SUPER_MAGIC)
        return oci::failure(std::string(what) + ": is not on a devpts file system");
    return {};
}

Result<Fd> open_multiplexer(BorrowedFd root) {
    auto opened = oci::open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, {.follow_last = false});
    if (!opened && opened.error().system_errno == ENOENT) {
        return oci::failure("process.terminal: the container has no devpts mounted on /dev/pts");
    }
    if (!opened && opened.error().system_errno == EACCES) {
        // A devpts mounted with ptmxmode=000: /dev/ptmx of the same instance is all there is.
        opened = oci::open_in_root(root, "/dev/ptmx", O_RDWR | O_NOCTTY);
    }
    Fd master = TRY(std::move(opened).in("process.terminal"));
    TRY(check_devpts(master, "/dev/pts/ptmx"));
    const struct stat status = TRY(oci::status_of(master));
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(5, 2))
        return oci::failure("/dev/pts/ptmx is not the terminal multiplexer");
    return master;
}

}  // namespace

Result<Terminal> open_terminal(BorrowedFd root, const ProcessPlan& process) {
    Terminal terminal;
    terminal.master = TRY(open_multiplexer(root));
    int unlocked = 0;
    if (::ioctl(terminal.master.get(), TIOCSPTLCK, &unlocked) != 0)
        return oci::last_system_failure("unlock terminal");
    // By ioctl, not by name: /dev/pts/N may be anything that the container put there.
    terminal.slave = Fd(::ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal.slave.is_open()) return oci::last_system_failure("open terminal");
    TRY(check_devpts(terminal.slave, "terminal"));
    if (process.console_height != 0 || process.console_width != 0) {
        winsize size{};
        size.ws_row = process.console_height;
        size.ws_col = process.console_width;
        if (::ioctl(terminal.slave.get(), TIOCSWINSZ, &size) != 0)
            return oci::last_system_failure("set terminal size");
    }
    return terminal;
}

Result<void> bind_console(const Terminal& terminal, BorrowedFd root) {
    std::string name;
    const Fd parent = TRY(oci::open_parent_in_root(root, "/dev/console", 0755, name));
    const Fd made(::openat(parent.get(), name.c_str(),
                           O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666));
    if (!made.is_open() && errno == ELOOP)
        return oci::failure("/dev/console is a symbolic link in the root file system");
    const Fd place = TRY(oci::open_at(parent, name, O_PATH | O_NOFOLLOW).in("/dev/console"));
    TRY(attach_copy({.directory = terminal.slave}, {place, root, "/dev/console"})
            .in("bind terminal on /dev/console"));
    return {};
}

Result<void> use_terminal(Terminal terminal, BorrowedFd console_socket) {
    const std::string name = TRY(oci::path_of(terminal.master));
    TRY(send_descriptor(console_socket, terminal.master, name).in("console socket"));
    terminal.master.reset();
    if (::ioctl(terminal.slave.get(), TIOCSCTTY, 0) != 0)
        return oci::last_system_failure("set controlling terminal");
    for (int number = 0; number <= 2; ++number) {
        if (::dup3(terminal.slave.get(), number, 0) < 0) return oci::last_system_failure("connect terminal");
    }
    return {};
}

}  // namespace ocirun
