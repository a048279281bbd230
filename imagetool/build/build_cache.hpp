#pragma once
// Results of earlier steps as plain files. Everything in it can be deleted at any time: what is not there is
// done again.
//
//     steps/KEY          one JSON document: what came out of a step (StepRecord)
//     layers/KEY         the files it changed, as the upper directory of an overlay
//     mounts/ID          directories of RUN --mount=type=cache, named by the digest of their id
//     work/NAME          what a running build works in, locked by it

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "spec/json/fields.hpp"

namespace ocimg::build {

/// What came out of a step. Without `same_as` its files are layers/KEY; with it they are that key's: the same
/// content went in, or the step was done anew (--no-cache).
struct StepRecord {
    std::int64_t time = 0;  // of the newest input, seconds since 1970
    std::string same_as;
    // The layer as a blob, once it was written into an image.
    std::string digest;
    std::int64_t size = 0;
    std::string media_type;
    std::string diff_id;

    bool operator==(const StepRecord&) const = default;
};

/// A directory for one process, removed when dropped. What a killed process leaves is removed by the next.
class WorkDirectory {
public:
    WorkDirectory(oci::Fd parent, std::string name, std::string path, oci::Fd directory)
        : parent_(std::move(parent)),
          name_(std::move(name)),
          path_(std::move(path)),
          directory_(std::move(directory)) {}
    ~WorkDirectory();
    WorkDirectory(WorkDirectory&&) = default;
    WorkDirectory& operator=(WorkDirectory&&) = delete;
    WorkDirectory(const WorkDirectory&) = delete;
    WorkDirectory& operator=(const WorkDirectory&) = delete;

    [[nodiscard]] oci::BorrowedFd fd() const { return directory_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    /// A new directory in it, opened for reading.
    [[nodiscard]] oci::Result<oci::Fd> make(const std::string& name, mode_t mode = 0700) const;
    [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }

private:
    oci::Fd parent_;
    std::string name_;
    std::string path_;
    oci::Fd directory_;
};

/// One entry as `ocimg cache ls` shows it.
struct CacheEntry {
    std::string kind;  // "step" or "mount"
    std::string name;
    std::uint64_t size = 0;      // of its files, bytes
    std::int64_t last_used = 0;  // seconds since 1970
};

class BuildCache {
public:
    /// Opens the directory, which is made when it is not there (0700).
    static oci::Result<BuildCache> open(const std::string& path);

    /// What is known of a step. A record that cannot be read counts as none.
    [[nodiscard]] std::optional<StepRecord> find(const std::string& key) const;
    [[nodiscard]] oci::Result<void> save(const std::string& key, const StepRecord& record) const;

    /// The files of a step, opened for reading; not open when they are not there.
    [[nodiscard]] oci::Fd open_layer(const std::string& key) const;
    /// Makes the directory `name` of `work` the files of a result. Another build may have been faster: its
    /// files stay.
    [[nodiscard]] oci::Result<void> keep_layer(const WorkDirectory& work, const std::string& name,
                                               const std::string& key) const;
    /// A key that no other result has: of a step that was done anew although it was known.
    [[nodiscard]] static std::string new_key();

    [[nodiscard]] oci::Result<WorkDirectory> make_work() const;

    /// The directory of a cache mount. `is_new` says that it was just made.
    [[nodiscard]] oci::Result<oci::Fd> open_mount(const std::string& id, bool& is_new) const;

    [[nodiscard]] oci::Result<std::vector<CacheEntry>> list() const;
    /// Removes what was not used since `before` (seconds since 1970). Fails while a build runs.
    [[nodiscard]] oci::Result<std::vector<CacheEntry>> prune(std::int64_t before) const;

private:
    BuildCache(std::string path, oci::Fd root, oci::Fd lock)
        : path_(std::move(path)), root_(std::move(root)), lock_(std::move(lock)) {}
    [[nodiscard]] std::optional<StepRecord> find_quietly(const std::string& key) const;
    [[nodiscard]] oci::Result<void> remove_leftovers() const;
    [[nodiscard]] oci::Result<void> remove_orphans() const;

    std::string path_;
    oci::Fd root_;
    oci::Fd lock_;  // shared by builds, alone for prune
};

/// OCIMG_CACHE, else /var/cache/ocimg for root, else $XDG_CACHE_HOME/ocimg, else $HOME/.cache/ocimg.
oci::Result<std::string> default_cache_path();

}  // namespace ocimg::build

template <>
struct oci::spec::FieldsOf<ocimg::build::StepRecord> {
    static constexpr const char* section = "build cache";
    static void list(auto& fields, auto& self) {
        fields.required("time", self.time);
        fields.optional("sameAs", self.same_as);
        fields.optional("digest", self.digest);
        fields.optional("size", self.size);
        fields.optional("mediaType", self.media_type);
        fields.optional("diffId", self.diff_id);
    }
};
