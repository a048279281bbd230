#include "imagetool/build/build_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/stream/hashing.hpp"
#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

constexpr std::size_t record_limit = 64U << 10U;

std::string random_name() {
    std::array<unsigned char, 12> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) < 0) bytes.fill(0);
    std::string name;
    for (const unsigned char byte : bytes) {
        constexpr const char* digits = "0123456789abcdef";
        name.push_back(digits[byte >> 4U]);
        name.push_back(digits[byte & 15U]);
    }
    return name;
}

Result<Fd> open_made(BorrowedFd directory, const std::string& name, mode_t mode) {
    const auto made = oci::make_directory(directory, name, mode);
    if (!made && made.error().code != oci::ErrorCode::exists) return made.error();
    return oci::open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

void mark_used(BorrowedFd directory, const std::string& path) {
    // Only `prune` asks for the time of last use; not being able to set it harms nobody.
    static_cast<void>(::utimensat(directory.get(), path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW));
}

std::string environment(const char* name) {
    const char* const value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Result<std::string> default_cache_path() {
    if (std::string path = environment("OCIMG_CACHE"); !path.empty()) return path;
    if (::geteuid() == 0) return std::string("/var/cache/ocimg");
    if (const std::string home = environment("XDG_CACHE_HOME"); !home.empty()) return home + "/ocimg";
    if (const std::string home = environment("HOME"); !home.empty()) return home + "/.cache/ocimg";
    return oci::failure("there is no place for the build cache: set OCIMG_CACHE, XDG_CACHE_HOME or HOME");
}

WorkDirectory::~WorkDirectory() {
    if (!directory_.is_open()) return;
    // Nobody can be told; the next build tries again.
    static_cast<void>(oci::remove_tree(parent_, name_).has_value());
}

Result<Fd> WorkDirectory::make(const std::string& name, mode_t mode) const {
    return open_made(directory_, name, mode);
}

Result<BuildCache> BuildCache::open(const std::string& path) {
    const std::string absolute = TRY(oci::absolute_path(path));
    TRY(oci::make_directories(absolute, 0700));
    const std::string context = "build cache " + oci::quote(absolute);
    const Fd top = TRY(oci::open_file(absolute, O_RDONLY | O_DIRECTORY).in(context));
    Fd root = TRY(open_made(top, "build", 0700).in(context));
    for (const char* name : {"steps", "layers", "mounts", "work"})
        TRY(open_made(root, name, 0700).in(context));
    Fd lock = TRY(oci::open_at(root, "lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600).in(context));
    while (::flock(lock.get(), LOCK_SH) != 0)
        if (errno != EINTR) return oci::last_system_failure(context + ": lock");
    BuildCache cache(absolute + "/build", std::move(root), std::move(lock));
    TRY(cache.remove_leftovers().in(context));
    return cache;
}

std::optional<StepRecord> BuildCache::find_quietly(const std::string& key) const {
    const std::string path = "steps/" + key;
    const auto text = oci::read_file(root_, path, record_limit);
    if (!text) return std::nullopt;
    auto record = oci::spec::read_json<StepRecord>(*text, path);
    if (!record) return std::nullopt;
    return std::move(*record);
}

std::optional<StepRecord> BuildCache::find(const std::string& key) const {
    auto record = find_quietly(key);
    if (record.has_value()) mark_used(root_, "steps/" + key);
    return record;
}

Result<void> BuildCache::save(const std::string& key, const StepRecord& record) const {
    const Fd steps = TRY(oci::open_at(root_, "steps", O_RDONLY | O_DIRECTORY));
    return oci::replace_file(steps, key, oci::spec::write_json(record) + "\n", 0600,
                             oci::Durability::atomic_only);
}

Fd BuildCache::open_layer(const std::string& key) const {
    auto directory = oci::open_at(root_, "layers/" + key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return directory ? std::move(*directory) : Fd();
}

Result<void> BuildCache::keep_layer(const WorkDirectory& work, const std::string& name,
                                    const std::string& key) const {
    const std::string target = "layers/" + key;
    if (::renameat2(work.fd().get(), name.c_str(), root_.get(), target.c_str(), RENAME_NOREPLACE) == 0)
        return {};
    if (errno == EEXIST) return {};
    return oci::last_system_failure("keep the files of the step");
}

std::string BuildCache::new_key() {
    return random_name();
}

Result<WorkDirectory> BuildCache::make_work() const {
    Fd work = TRY(oci::open_at(root_, "work", O_RDONLY | O_DIRECTORY));
    const std::string name = random_name();
    TRY(oci::make_directory(work, name, 0700));
    Fd directory = TRY(oci::open_at(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (::flock(directory.get(), LOCK_EX) != 0) return oci::last_system_failure("lock");
    std::string path = path_;
    path += "/work/" + name;
    return WorkDirectory(std::move(work), name, std::move(path), std::move(directory));
}

Result<Fd> BuildCache::open_mount(const std::string& id, bool& is_new) const {
    // Never the id itself: it is the Dockerfile's, and could be "../..".
    Hasher hasher;
    hasher.update(bytes_of(id));
    const std::string path = "mounts/" + hasher.finish().substr(7);
    const auto made = oci::make_directory(root_, path, 0755);
    is_new = made.has_value();
    if (!made && made.error().code != oci::ErrorCode::exists) return made.error();
    mark_used(root_, path);
    return oci::open_at(root_, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace ocimg::build
