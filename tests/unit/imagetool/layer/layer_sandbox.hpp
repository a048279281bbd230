#pragma once
// A root file system and, beside it, a canary directory that no layer may touch.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "base/file.hpp"
#include "base/process.hpp"
#include "imagetool/layer/apply_layer.hpp"
#include "imagetool/stream/hashing.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/imagetool/tar/archive_builder.hpp"

namespace ocimg::test {

/// Everything about a tree that a layer could change, as text.
inline std::string describe_tree(const std::filesystem::path& top, bool with_change_times) {
    std::vector<std::filesystem::path> paths = {top};
    for (const auto& found : std::filesystem::recursive_directory_iterator(top))
        paths.push_back(found.path());
    std::sort(paths.begin(), paths.end());
    std::string text;
    for (const std::filesystem::path& path : paths) {
        struct stat status {};
        ::lstat(path.c_str(), &status);
        text += std::filesystem::relative(path, top).string() + " " + std::to_string(status.st_mode) + " " +
                std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid) + " " +
                std::to_string(status.st_nlink) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
                std::to_string(status.st_mtim.tv_nsec);
        if (with_change_times) {
            text +=
                " " + std::to_string(status.st_ctim.tv_sec) + "." + std::to_string(status.st_ctim.tv_nsec);
        }
        if (S_ISREG(status.st_mode)) {
            text += " " + oci::read_file(oci::current_directory, path.string(), 100U << 20U).value();
        }
        if (S_ISLNK(status.st_mode)) text += " -> " + std::filesystem::read_symlink(path).string();
        std::array<char, 4096> names{};
        const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
        for (ssize_t i = 0; i < size; ++i)
            text +=
                names.at(static_cast<std::size_t>(i)) == '\0' ? ' ' : names.at(static_cast<std::size_t>(i));
        text += "\n";
    }
    return text;
}

class LayerTest : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "applying layers changes owners and makes devices: needs root";
        ::umask(022);
        std::filesystem::create_directories(temporary_.path("canary/directory"));
        write_host_file("canary/secret", "the host's secret");
        write_host_file("canary/directory/file", "another file");
        std::filesystem::create_directory(temporary_.path("root"));
        root_ = oci::open_file(temporary_.path("root"), O_RDONLY | O_DIRECTORY).value();
        canary_before_ = describe_tree(temporary_.path("canary"), true);
    }
    void TearDown() override {
        if (::geteuid() != 0) return;
        EXPECT_EQ(describe_tree(temporary_.path("canary"), true), canary_before_)
            << "the layer left its root";
        std::vector<std::string> names;
        for (const auto& found : std::filesystem::directory_iterator(temporary_.path()))
            names.push_back(found.path().filename());
        std::sort(names.begin(), names.end());
        names.erase(std::remove(names.begin(), names.end(), "scratch"), names.end());
        EXPECT_EQ(names, (std::vector<std::string>{"canary", "root"})) << "the layer left its root";
    }

    oci::Result<void> apply(const std::string& tar, const ApplyOptions& options = {}) {
        MemorySource source(tar);
        return apply_layer(source, root_, options);
    }
    oci::Result<void> apply(const Archive& archive, const ApplyOptions& options = {}) {
        return apply(archive.bytes(), options);
    }

    [[nodiscard]] std::string canary() const { return temporary_.path("canary"); }
    [[nodiscard]] std::string inside(const std::string& path) const {
        return temporary_.path("root/" + path);
    }
    [[nodiscard]] std::string scratch(const std::string& path) const {
        return temporary_.path("scratch/" + path);
    }

    /// lstat of a path below the root; st_mode 0 when there is nothing.
    [[nodiscard]] struct stat status(const std::string& path) const {
        struct stat result {};
        if (::lstat(inside(path).c_str(), &result) != 0) result.st_mode = 0;
        return result;
    }
    [[nodiscard]] bool exists(const std::string& path) const { return status(path).st_mode != 0; }
    [[nodiscard]] std::string content(const std::string& path) const {
        return oci::read_file(root_, path, 100U << 20U).value();
    }
    [[nodiscard]] std::string link(const std::string& path) const {
        return std::filesystem::read_symlink(inside(path)).string();
    }
    /// The value of an extended attribute, "-" when there is none.
    [[nodiscard]] std::string xattr(const std::string& path, const char* name) const {
        std::array<char, 4096> value{};
        const ssize_t size = ::lgetxattr(inside(path).c_str(), name, value.data(), value.size());
        return size < 0 ? "-" : std::string(value.data(), static_cast<std::size_t>(size));
    }
    void write_host_file(const std::string& path, const std::string& text) const {
        const oci::Fd file =
            oci::open_file(temporary_.path(path), O_WRONLY | O_CREAT | O_TRUNC, 0644).value();
        ASSERT_TRUE(oci::write_all(file, text).has_value());
    }
    void run(const std::vector<std::string>& arguments, const std::string& directory) const {
        std::vector<std::string> words = {"/usr/bin/env", "-C", directory};
        words.insert(words.end(), arguments.begin(), arguments.end());
        auto child = oci::spawn(
            {.path = "/usr/bin/env", .arguments = words, .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"}});
        ASSERT_TRUE(child.has_value()) << child.error().text;
        EXPECT_EQ(child->wait().value().shell_code(), 0) << arguments.front();
    }

    oci::test::TemporaryDirectory temporary_;
    oci::Fd root_;

private:
    std::string canary_before_;
};

inline std::string digest_of(std::string_view data) {
    Hasher hasher;
    hasher.update(bytes_of(data));
    return hasher.finish();
}

}  // namespace ocimg::test
