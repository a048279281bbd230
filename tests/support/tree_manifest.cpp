// Prints one line for every file of a directory tree, complete enough that equal output means equal
// trees: kind, mode, owner, modification time, device, link target, extended attributes, hard-link
// group and content. A test program that runs as root on trees nobody is changing.
//
//   tree_manifest DIRECTORY

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"

namespace {

using oci::Fd;

[[noreturn]] void fail(std::string_view what, const std::string& path) {
    const int error = errno;
    std::fprintf(stderr, "tree_manifest: %.*s %s: %s\n", static_cast<int>(what.size()), what.data(),
                 path.c_str(), strerrordesc_np(error));
    std::exit(1);
}

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

/// Keeps one file on one line: control characters, spaces and the backslash become \xNN.
std::string printable(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte == '\\' || byte == 0x7f) {
            text += "\\x" + hex(std::string_view(&c, 1));
        } else {
            text += c;
        }
    }
    return text;
}

std::string sha256_of(int file, const std::string& path) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    static std::array<char, std::size_t{1} << 18U> buffer;
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    while (true) {
        const ssize_t count = read(file, buffer.data(), buffer.size());
        if (count < 0) fail("cannot read", path);
        if (count == 0) break;
        EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(count));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    EVP_DigestFinal_ex(context.get(), digest.data(), &length);
    return hex({reinterpret_cast<const char*>(digest.data()), length});
}

/// " name=hexvalue" for each attribute, sorted by name. `path` may be any kind of file.
std::string attributes_of(const std::string& path) {
    std::array<char, 65536> names{};
    const ssize_t length = llistxattr(path.c_str(), names.data(), names.size());
    if (length < 0) fail("cannot list the attributes of", path);
    std::vector<std::string> lines;
    for (const char* name = names.data(); name < names.data() + length; name += std::strlen(name) + 1) {
        std::array<char, 65536> value{};
        const ssize_t size = lgetxattr(path.c_str(), name, value.data(), value.size());
        if (size < 0) fail("cannot read an attribute of", path);
        lines.push_back(" " + printable(name) + "=" + hex({value.data(), static_cast<std::size_t>(size)}));
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
}

class Manifest {
public:
    explicit Manifest(std::string root) : root_(std::move(root)) {}

    void print(const std::string& relative) {
        const std::string path = root_ + "/" + relative;
        struct stat status {};
        if (lstat(path.c_str(), &status) != 0) fail("cannot look at", path);
        std::printf("%s %s mode=%04o owner=%u:%u mtime=%lld.%09ld%s%s\n", printable(relative).c_str(),
                    kind_of(status), status.st_mode & 07777U, status.st_uid, status.st_gid,
                    static_cast<long long>(status.st_mtim.tv_sec), status.st_mtim.tv_nsec,
                    content_of(path, relative, status).c_str(), attributes_of(path).c_str());
        if (S_ISDIR(status.st_mode)) print_children(relative);
    }

private:
    static const char* kind_of(const struct stat& status) {
        switch (status.st_mode & S_IFMT) {
            case S_IFREG:
                return "file";
            case S_IFDIR:
                return "directory";
            case S_IFLNK:
                return "link";
            case S_IFCHR:
                return "character";
            case S_IFBLK:
                return "block";
            case S_IFIFO:
                return "fifo";
            case S_IFSOCK:
                return "socket";
            default:
                return "unknown";
        }
    }

    std::string content_of(const std::string& path, const std::string& relative, const struct stat& status) {
        std::string text;
        if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
            // Children come in sorted order, so the group's first name is the same in equal trees.
            const auto group = groups_.try_emplace({status.st_dev, status.st_ino}, relative).first;
            text += " group=" + printable(group->second) + " links=" + std::to_string(status.st_nlink);
        }
        if (S_ISREG(status.st_mode)) {
            const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
            if (file.get() < 0) fail("cannot open", path);
            text += " size=" + std::to_string(status.st_size) + " sha256=" + sha256_of(file.get(), path);
        } else if (S_ISLNK(status.st_mode)) {
            std::array<char, 4096> target{};
            const ssize_t length = readlink(path.c_str(), target.data(), target.size());
            if (length < 0) fail("cannot read the link", path);
            text += " to=" + printable({target.data(), static_cast<std::size_t>(length)});
        } else if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
            text += " device=" + std::to_string(major(status.st_rdev)) + ":" +
                    std::to_string(minor(status.st_rdev));
        }
        return text;
    }

    void print_children(const std::string& relative) {
        const std::string path = root_ + "/" + relative;
        const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), &closedir);
        if (directory == nullptr) fail("cannot list", path);
        std::vector<std::string> names;
        while (const dirent* entry = readdir(directory.get())) {
            const std::string_view name = static_cast<const char*>(entry->d_name);
            if (name != "." && name != "..") names.emplace_back(name);
        }
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) print(relative == "." ? name : relative + "/" + name);
    }

    std::string root_;
    std::map<std::pair<dev_t, ino_t>, std::string> groups_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: tree_manifest DIRECTORY\n", stderr);
        return 2;
    }
    Manifest(argv[1]).print(".");
    if (std::fflush(stdout) != 0) fail("cannot write", "the manifest");
}
