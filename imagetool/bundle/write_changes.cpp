#include "imagetool/bundle/write_changes.hpp"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/layer/scan_tree.hpp"
#include "imagetool/layer/whiteout.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// Texts that compare as paths stand in a layer: a NUL ends each name, and whiteouts have the lower mark.
std::string order_key(const ChangedPath& path) {
    if (path.path.empty()) return {};
    std::string key;
    const std::vector<std::string> names = oci::split(path.path, '/');
    for (std::size_t i = 0; i < names.size(); ++i) {
        key += path.is_removed && i + 1 == names.size() ? '\1' : '\2';
        key += names[i];
        key += '\0';
    }
    return key;
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

TreeRecord record_of(const OpenedEntry& opened) {
    const Entry& entry = opened.entry;
    return {.kind = entry.kind,
            .mode = entry.mode,
            .uid = entry.uid,
            .gid = entry.gid,
            .size = entry.size,
            .mtime = entry.mtime,
            .inode = opened.status.st_ino,
            .device = ::makedev(entry.device_major, entry.device_minor),
            .xattrs = xattr_fingerprint(entry.xattrs),
            .link_target = entry.link_target};
}

class ChangeWriter {
public:
    ChangeWriter(BorrowedFd root, LayerWriter& writer, const Owners* owners, const WroteEntry& wrote)
        : root_(root), writer_(writer), owners_(owners), wrote_(wrote) {}

    Result<void> write(const ChangedPath& changed) {
        if (changed.path.empty()) return write_root();
        const std::string name = name_of(changed.path);
        if (is_whiteout_name(name)) {
            return oci::failure(oci::ErrorCode::invalid,
                                "it cannot be stored in a layer: names that start with .wh. mark deletions");
        }
        if (changed.is_removed) return write_whiteout(changed.path, name);
        TRY(enter(parent_of(changed.path)));
        OpenedEntry opened = TRY(open_entry(parent_, name, changed.path));
        if (opened.is_socket) return {};
        TreeRecord record = record_of(opened);
        record.number = number_++;
        if (owners_ != nullptr) TRY(owners_->restore(opened.entry));
        if (opened.status.st_nlink > 1 && opened.entry.kind != EntryKind::directory) {
            const auto [first, is_first] =
                names_.try_emplace({opened.status.st_dev, opened.status.st_ino}, changed.path, record.number);
            if (!is_first) {
                opened.entry.kind = EntryKind::hard_link;
                opened.entry.link_target = first->second.first;
                opened.entry.size = 0;
                opened.entry.xattrs.clear();
                opened.content.reset();
                record.number = first->second.second;
            }
        }
        if (wrote_) wrote_(changed.path, record);
        return writer_.add(std::move(opened.entry), opened.content);
    }

private:
    Result<void> write_root() {
        OpenedEntry opened = TRY(open_entry(root_, ".", "."));
        opened.entry.name = "./";
        TreeRecord record = record_of(opened);
        record.number = number_++;
        if (owners_ != nullptr) TRY(owners_->restore(opened.entry));
        if (wrote_) wrote_("", record);
        return writer_.add(std::move(opened.entry));
    }

    Result<void> write_whiteout(const std::string& path, const std::string& name) {
        Entry entry;
        const std::string parent = parent_of(path);
        entry.name = (parent.empty() ? "" : parent + "/") + std::string(whiteout_prefix) + name;
        ++number_;
        return writer_.add(std::move(entry));
    }

    Result<void> enter(const std::string& directory) {
        if (parent_.is_open() && directory == parent_path_) return {};
        parent_ = TRY(oci::open_in_root(root_, directory.empty() ? "." : directory, O_RDONLY | O_DIRECTORY, 0,
                                        {.follow_last = false, .no_symlinks = true}));
        parent_path_ = directory;
        return {};
    }

    BorrowedFd root_;
    LayerWriter& writer_;
    const Owners* owners_;
    const WroteEntry& wrote_;
    Fd parent_;
    std::string parent_path_;
    std::uint64_t number_ = 0;
    std::map<std::pair<dev_t, ino_t>, std::pair<std::string, std::uint64_t>> names_;
};

}  // namespace

std::vector<ChangedPath> in_layer_order(const TreeChanges& changes) {
    std::vector<std::pair<std::string, ChangedPath>> keyed;
    const auto add = [&](const std::string& path, bool is_removed) {
        ChangedPath changed{path, is_removed};
        keyed.emplace_back(order_key(changed), std::move(changed));
    };
    for (const std::string& path : changes.changed) add(path, false);
    for (const std::string& path : changes.removed) add(path, true);
    std::sort(keyed.begin(), keyed.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
    std::vector<ChangedPath> ordered;
    ordered.reserve(keyed.size());
    for (auto& [key, path] : keyed) ordered.push_back(std::move(path));
    return ordered;
}

Result<void> write_changes(BorrowedFd root, const std::vector<ChangedPath>& paths, LayerWriter& writer,
                           const Owners* owners, const WroteEntry& wrote) {
    ChangeWriter changes(root, writer, owners, wrote);
    for (const ChangedPath& path : paths) TRY(changes.write(path).in(oci::quote(path.path)));
    return {};
}

}  // namespace ocimg
