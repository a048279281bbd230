#pragma once
// Files by (directory fd, relative path): open, read and write in full, with EINTR inside.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace oci {

/// openat(2) with O_CLOEXEC added. Errors name `path`.
Result<Fd> open_at(BorrowedFd directory, const std::string& path, int flags, mode_t mode = 0);
/// open_at on an absolute path or one relative to the current directory.
Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0);

/// The whole content from the current position; more than `limit` bytes is an error.
Result<std::string> read_all(BorrowedFd file, std::size_t limit);
/// The whole content of a regular file, opened without blocking on fifos. Anything but a regular
/// file (a directory, a fifo, a device) is an error.
Result<std::string> read_file(BorrowedFd directory, const std::string& path, std::size_t limit);
/// The same for what a caller names: a pipe is read to its end, as `<(command)` of a shell asks.
Result<std::string> read_input_file(const std::string& path, std::size_t limit);
/// A small file of procfs, sysfs or cgroupfs, at most 1 MiB.
Result<std::string> read_kernel_file(const std::string& path);

/// All of `data`, however many write(2) calls it takes.
Result<void> write_all(BorrowedFd file, std::string_view data);
/// Opens an existing file for writing and writes `data` by one write(2), as kernel files ask.
Result<void> write_kernel_file(BorrowedFd directory, const std::string& path, std::string_view data);

/// fstat(2).
Result<struct stat> status_of(BorrowedFd file);
/// fstatat(2) without following a final symbolic link.
Result<struct stat> status_at(BorrowedFd directory, const std::string& path);
/// Whether the path exists, links not followed. Any error but "not there" counts as existing.
bool exists_at(BorrowedFd directory, const std::string& path);

/// mkdirat(2). An existing directory is an error of code `exists`.
Result<void> make_directory(BorrowedFd directory, const std::string& path, mode_t mode);
/// Creates an absolute or relative host path and its missing parents.
Result<void> make_directories(const std::string& path, mode_t mode);
/// unlinkat(2); a file that is already gone is not an error.
Result<void> remove_file(BorrowedFd directory, const std::string& path);
/// The names in a directory, "." and ".." left out, in no particular order.
Result<std::vector<std::string>> list_directory(BorrowedFd directory);
/// Duplicates the descriptor with O_CLOEXEC set.
Result<Fd> duplicate(BorrowedFd file);
/// Marks every descriptor from `first` on to close at execve: close_range(2), or one by one as `proc`, an
/// open /proc, lists them on kernels before 5.11.
Result<void> close_at_execve(int first, BorrowedFd proc);
/// The path of an open file, read from /proc/self/fd.
Result<std::string> path_of(BorrowedFd file);
/// An absolute form of `path` with the current directory in front, "." and ".." removed lexically.
Result<std::string> absolute_path(const std::string& path);
/// `path` with empty and "." components dropped and ".." resolved lexically ("/a/../.." is "/").
std::string clean_path(std::string_view path);

}  // namespace oci
