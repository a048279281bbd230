#pragma once
// A layer cache, and a plain tree to compare with: the same layers applied both ways.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "imagetool/layer/apply_layer.hpp"
#include "imagetool/overlay/layer_cache.hpp"
#include "imagetool/overlay/mount_overlay.hpp"
#include "imagetool/stream/hashing.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/imagetool/tar/archive_builder.hpp"

namespace ocimg::test {

inline std::string sha256_of(std::string_view data) {
    Hasher hasher;
    hasher.update(bytes_of(data));
    return hasher.finish();
}

/// What a reader sees of a tree, but for what an overlay cannot keep: inodes, and how many names they have.
inline std::string tree_text(const std::filesystem::path& top) {
    std::vector<std::filesystem::path> paths = {top / "."};
    for (const auto& found : std::filesystem::recursive_directory_iterator(top / "."))
        paths.push_back(found.path());
    std::sort(paths.begin(), paths.end());
    std::string text;
    for (const std::filesystem::path& path : paths) {
        struct stat status {};
        ::lstat(path.c_str(), &status);
        text += path.string().substr(top.string().size()) + " " + std::to_string(status.st_mode) + " " +
                std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid) + " " +
                std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
        if (S_ISREG(status.st_mode))
            text += " " + oci::read_file(oci::current_directory, path.string(), 1U << 20U).value();
        if (S_ISLNK(status.st_mode)) text += " -> " + std::filesystem::read_symlink(path).string();
        if (S_ISCHR(status.st_mode)) text += " device " + std::to_string(status.st_rdev);
        std::array<char, 4096> names{};
        const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
        std::string list(names.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        std::replace(list.begin(), list.end(), '\0', ' ');
        text += " " + list + "\n";
    }
    return text;
}

class OverlayTest : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "overlay mounts need root";
        ::umask(022);
        std::filesystem::create_directory(temporary_.path("a"));
        std::filesystem::create_directory(temporary_.path("b"));
        const oci::Fd a = oci::open_file(temporary_.path("a"), O_PATH | O_DIRECTORY).value();
        const oci::Fd b = oci::open_file(temporary_.path("b"), O_PATH | O_DIRECTORY).value();
        const auto mounted = mount_overlay({.lowers = {a, b}});
        if (!mounted) GTEST_SKIP() << "no overlay can be mounted here: " << mounted.error().text;
    }

    static LayerToUnpack layer_of(const std::string& tar, const std::string& file) {
        return {.open_blob = [file] { return oci::open_file(file, O_RDONLY); },
                .media_type = "application/vnd.oci.image.layer.v1.tar",
                .digest = sha256_of(tar),
                .size = tar.size(),
                .diff_id = sha256_of(tar)};
    }
    /// The layers as files, described as an image would.
    std::vector<LayerToUnpack> layers_of(const std::vector<Archive>& archives) {
        std::vector<LayerToUnpack> layers;
        for (const Archive& archive : archives) {
            const std::string tar = archive.bytes();
            const std::string file = temporary_.path("blob-" + std::to_string(blobs_++));
            const oci::Fd written = oci::open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0644).value();
            EXPECT_TRUE(oci::write_all(written, tar).has_value());
            layers.push_back(layer_of(tar, file));
        }
        return layers;
    }
    LayerCache cache() { return LayerCache::open(temporary_.path("cache")).value(); }

    /// The text of the tree that all layers make when they are applied to one directory; or the error.
    std::string applied_to_one_tree(const std::vector<Archive>& archives) {
        const std::string root = temporary_.path("plain-" + std::to_string(blobs_++));
        std::filesystem::create_directory(root);
        const oci::Fd fd = oci::open_file(root, O_RDONLY | O_DIRECTORY).value();
        const struct timespec epoch[2] = {{0, 0}, {0, 0}};
        ::futimens(fd.get(), epoch);
        for (const Archive& archive : archives) {
            const std::string tar = archive.bytes();
            MemorySource source(tar);
            const auto applied = apply_layer(source, fd, {});
            if (!applied) {
                last_error_ = applied.error().text;
                return "error";
            }
        }
        return tree_text(root);
    }
    /// The same by a mount of the cached layers.
    std::string mounted_layers(const std::vector<Archive>& archives) {
        const auto layers = layers_of(archives);
        const auto stack = cache().unpack(layers);
        if (!stack) {
            last_error_ = stack.error().text;
            return "error";
        }
        if (stack->directories.size() == 1) return tree_text(path_of_fd(stack->directories.front()));
        const auto mount = mount_overlay({.lowers = stack->borrow()});
        if (!mount) return mount.error().text;
        return tree_text(path_of_fd(*mount));
    }
    static std::string path_of_fd(oci::BorrowedFd fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

    oci::test::TemporaryDirectory temporary_{memory_or_disk()};
    std::string last_error_;

private:
    /// Memory where there is some: the cache syncs each layer.
    static std::filesystem::path memory_or_disk() {
        return std::filesystem::is_directory("/dev/shm") ? "/dev/shm"
                                                         : std::filesystem::temp_directory_path();
    }
    int blobs_ = 0;
};

}  // namespace ocimg::test
