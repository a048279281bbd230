#include "imagetool/look/compare_trees.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace ocimg {

namespace {

std::string owner_text(const Entry& entry) {
    return std::to_string(entry.uid) + ":" + std::to_string(entry.gid);
}

std::string device_text(const Entry& entry) {
    return std::to_string(entry.device_major) + ":" + std::to_string(entry.device_minor);
}

std::string time_text(const Timestamp& time) {
    return std::to_string(time.seconds) +
           (time.nanoseconds == 0 ? "" : "." + std::to_string(1'000'000'000U + time.nanoseconds).substr(1));
}

class Comparison {
public:
    explicit Comparison(const TreeCompareOptions& options) : options_(options) {}

    void compare(const TreeNode& before, const TreeNode& after, const std::string& path) {
        FileDifference difference{.path = path, .change = Change::changed, .aspects = {}};
        describe(before, after, difference.aspects);
        if (!difference.aspects.empty()) found.push_back(std::move(difference));
        std::set<std::string> names;
        for (const auto& [name, child] : before.children) names.insert(name);
        for (const auto& [name, child] : after.children) names.insert(name);
        for (const std::string& name : names) {
            const auto old = before.children.find(name);
            const auto now = after.children.find(name);
            const std::string place = path.empty() ? name : path + "/" + name;
            if (old == before.children.end()) {
                list_all(*now->second, place, Change::added);
            } else if (now == after.children.end()) {
                list_all(*old->second, place, Change::removed);
            } else {
                compare(*old->second, *now->second, place);
            }
        }
    }

    std::vector<FileDifference> found;

private:
    void list_all(const TreeNode& node, const std::string& path, Change change) {
        found.push_back({.path = path, .change = change, .aspects = {}});
        for (const auto& [name, child] : node.children) list_all(*child, path + "/" + name, change);
    }

    static void add(std::vector<Aspect>& aspects, const char* name, std::string before, std::string after) {
        if (before != after) aspects.push_back({name, std::move(before), std::move(after)});
    }

    void describe(const TreeNode& old, const TreeNode& now, std::vector<Aspect>& aspects) const {
        const Entry& a = old.entry;
        const Entry& b = now.entry;
        add(aspects, "kind", std::string(kind_name(a.kind)), std::string(kind_name(b.kind)));
        add(aspects, "mode", mode_text(a.mode), mode_text(b.mode));
        add(aspects, "owner", owner_text(a), owner_text(b));
        if (options_.mtime) add(aspects, "mtime", time_text(a.mtime), time_text(b.mtime));
        compare_xattrs(a, b, aspects);
        if (a.kind != b.kind) return;
        add(aspects, "target", a.link_target, b.link_target);
        add(aspects, "device", device_text(a), device_text(b));
        if (old.content == nullptr || now.content == nullptr) return;
        add(aspects, "size", std::to_string(old.content->size), std::to_string(now.content->size));
        if (old.content->size != now.content->size) return;
        add(aspects, "content", old.content->digest, now.content->digest);
    }

    static void compare_xattrs(const Entry& a, const Entry& b, std::vector<Aspect>& aspects) {
        std::set<std::string> names;
        for (const auto& [name, value] : a.xattrs) names.insert(name);
        for (const auto& [name, value] : b.xattrs) names.insert(name);
        for (const std::string& name : names) {
            const auto old = a.xattrs.find(name);
            const auto now = b.xattrs.find(name);
            const bool both = old != a.xattrs.end() && now != b.xattrs.end();
            if (both && old->second == now->second) continue;
            aspects.push_back({"xattr " + name, old == a.xattrs.end() ? "" : xattr_text(old->second),
                               now == b.xattrs.end() ? "" : xattr_text(now->second)});
        }
    }

    TreeCompareOptions options_;
};

}  // namespace

std::vector<FileDifference> compare_trees(const ImageTree& before, const ImageTree& after,
                                          const TreeCompareOptions& options) {
    Comparison comparison(options);
    comparison.compare(before.root(), after.root(), "");
    return std::move(comparison.found);
}

std::string_view kind_name(EntryKind kind) {
    switch (kind) {
        case EntryKind::file:
            return "file";
        case EntryKind::hard_link:
            return "hard link";
        case EntryKind::symbolic_link:
            return "symbolic link";
        case EntryKind::character_device:
            return "character device";
        case EntryKind::block_device:
            return "block device";
        case EntryKind::directory:
            return "directory";
        case EntryKind::fifo:
            return "fifo";
    }
    return "file";
}

std::string xattr_text(const std::string& value) {
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != '\x7f';
    });
    if (plain && oci::is_utf8(value)) return value;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "0x";
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

std::string mode_text(std::uint32_t mode) {
    std::string text = "0000";
    for (std::size_t i = 0; i < 4; ++i) {
        text[3 - i] = static_cast<char>('0' + static_cast<char>((mode >> (3 * i)) & 7U));
    }
    return text;
}

}  // namespace ocimg
