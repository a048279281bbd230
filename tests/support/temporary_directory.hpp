#pragma once
// A directory that lives as long as the test and is removed with everything in it.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/fd.hpp"
#include "base/file.hpp"

namespace oci::test {

class TemporaryDirectory {
public:
    explicit TemporaryDirectory(
        const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
        std::string pattern = (parent / "oci-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
        fd_ = open_file(path_, O_RDONLY | O_DIRECTORY).value();
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] BorrowedFd fd() const { return fd_; }

private:
    std::string path_;
    Fd fd_;
};

}  // namespace oci::test
