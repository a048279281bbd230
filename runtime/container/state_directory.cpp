#include "runtime/container/state_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "runtime/container/container_id.hpp"

namespace ocirun {

using oci::Fd;
using oci::Result;

namespace {

constexpr mode_t private_directory = 0700;
constexpr mode_t private_file = 0600;
constexpr std::size_t state_limit = std::size_t{16} << 20U;

/// A socket address by way of /proc, so that the path's length does not matter.
sockaddr_un address_of(oci::BorrowedFd directory, const char* name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(directory.get()) + "/" + name;
    std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
    return address;
}

Result<Fd> seqpacket_socket() {
    Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return oci::last_system_failure("start socket");
    return socket;
}

}  // namespace

Result<StateDirectory> StateDirectory::reserve(const std::string& root, const std::string& id) {
    TRY(check_container_id(id));
    TRY(oci::make_directories(root, private_directory).in("state root"));
    Fd root_fd = TRY(oci::open_file(root, O_RDONLY | O_DIRECTORY).in("state root"));
    if (::mkdirat(root_fd.get(), id.c_str(), private_directory) != 0) {
        if (errno == EEXIST)
            return oci::failure(oci::ErrorCode::exists, "container with given ID already exists: " + id);
        return oci::last_system_failure("state directory " + root + "/" + id);
    }
    Fd directory = TRY(oci::open_at(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    StateDirectory state(std::move(root_fd), id, std::move(directory));
    TRY(state.lock());
    return state;
}

Result<StateDirectory> StateDirectory::open(const std::string& root, const std::string& id) {
    TRY(check_container_id(id));
    const auto absent = [&](const oci::Error& error) -> oci::Error {
        if (error.system_errno != ENOENT) return error;
        return oci::failure(oci::ErrorCode::not_found, "container does not exist: " + id);
    };
    auto root_fd = oci::open_file(root, O_RDONLY | O_DIRECTORY);
    if (!root_fd) return absent(root_fd.error());
    auto directory = oci::open_at(*root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) return absent(directory.error());
    return StateDirectory(std::move(*root_fd), id, std::move(*directory));
}

Result<void> StateDirectory::lock() {
    while (::flock(directory_.get(), LOCK_EX) != 0) {
        if (errno != EINTR) return oci::last_system_failure("lock container " + id_);
    }
    return {};
}

Result<void> StateDirectory::unlock() {
    if (::flock(directory_.get(), LOCK_UN) != 0) return oci::last_system_failure("unlock container " + id_);
    return {};
}

bool StateDirectory::is_removed() const {
    struct stat status {};
    return ::fstat(directory_.get(), &status) == 0 && status.st_nlink == 0;
}

bool StateDirectory::is_locked_elsewhere() const {
    const auto probe = oci::open_at(directory_, ".", O_RDONLY | O_DIRECTORY);
    return probe && ::flock(probe->get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<void> StateDirectory::save(const RecordedState& state) const {
    return write(state_file, to_json(state));
}

Result<RecordedState> StateDirectory::load() const {
    const auto text = read(state_file, state_limit);
    if (!text) {
        if (text.error().system_errno != ENOENT) return text.error().in("container " + id_);
        return oci::failure(oci::ErrorCode::not_found,
                            "container does not exist: " + id_ + " has no " + state_file);
    }
    return parse_recorded_state(*text, id_ + "/" + state_file);
}

Result<void> StateDirectory::write(const std::string& name, std::string_view content) const {
    return oci::replace_file(directory_, name, content, private_file, oci::Durability::atomic_only);
}

Result<void> StateDirectory::append(const std::string& name, std::string_view text) const {
    const Fd file =
        TRY(oci::open_at(directory_, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, private_file));
    return oci::write_all(file, text);
}

Result<std::string> StateDirectory::read(const std::string& name, std::size_t limit) const {
    return oci::read_file(directory_, name, limit);
}

bool StateDirectory::has(const std::string& name) const {
    return oci::exists_at(directory_, name);
}

Result<void> StateDirectory::make_directory(const std::string& name) const {
    TRY(oci::make_directory(directory_, name, 0755));
    if (::fchmodat(directory_.get(), name.c_str(), 0755, 0) != 0) return oci::last_system_failure(name);
    return {};
}

Result<void> StateDirectory::remove_file(const std::string& name) const {
    return oci::remove_file(directory_, name);
}

Result<Fd> StateDirectory::listen_for_start() const {
    Fd socket = TRY(seqpacket_socket());
    const sockaddr_un address = address_of(directory_, start_socket_file);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), 1) != 0) {
        return oci::last_system_failure("start socket");
    }
    return socket;
}

Result<Fd> StateDirectory::connect_to_start() const {
    Fd socket = TRY(seqpacket_socket());
    const sockaddr_un address = address_of(directory_, start_socket_file);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return oci::last_system_failure("connect to the start socket");
    }
    return socket;
}

Result<void> StateDirectory::remove() const {
    return oci::remove_tree(root_, id_).in("remove state of container " + id_);
}

Result<std::optional<NotifySocket>> open_notify_socket(const StateDirectory& directory,
                                                       const std::string& service_manager) {
    if (service_manager.empty() || !directory.has(notify_directory)) return std::optional<NotifySocket>();
    const Fd opened =
        TRY(oci::open_at(directory.fd(), notify_directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    return std::optional(TRY(NotifySocket::bind(opened, service_manager)));
}

Result<std::vector<std::string>> list_containers(const std::string& root) {
    const auto directory = oci::open_file(root, O_RDONLY | O_DIRECTORY);
    if (!directory) {
        if (directory.error().system_errno == ENOENT) return std::vector<std::string>();
        return directory.error();
    }
    std::vector<std::string> ids;
    for (std::string& name : TRY(oci::list_directory(*directory))) {
        const auto status = oci::status_at(*directory, name);
        if (status && S_ISDIR(status->st_mode) && check_container_id(name) && name[0] != '.')
            ids.push_back(std::move(name));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

}  // namespace ocirun
