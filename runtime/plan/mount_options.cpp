// The option words of a mount (runtime-spec config.md "Linux mount options") as flags. Pure.

#include <linux/mount.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime/plan/rootfs_plan.hpp"

namespace ocirun {
namespace {

/// What a word does. The atime words choose one value out of a field, so they are not plain bits.
enum class Effect {
    set,  // MOUNT_ATTR_*
    clear,
    atime,       // this value of MOUNT_ATTR__ATIME
    not_atime,   // not this value: back to the kernel's default, relatime
    superblock,  // MS_*
    no_superblock,
    propagation,
    member,  // a switch of MountOptions, see set_member
    nothing,
};

struct Word {
    std::string_view name;
    Effect effect;
    std::uint64_t value = 0;
    bool recursive = false;
};

constexpr std::uint64_t shared_flag = MS_SHARED, slave_flag = MS_SLAVE, private_flag = MS_PRIVATE,
                        unbindable_flag = MS_UNBINDABLE, recursive_flag = MS_REC;

constexpr std::array words{
    Word{"acl", Effect::superblock, MS_POSIXACL},
    Word{"async", Effect::no_superblock, MS_SYNCHRONOUS},
    Word{"atime", Effect::not_atime, MOUNT_ATTR_NOATIME},
    Word{"bind", Effect::member},
    Word{"copy-symlink", Effect::member},
    Word{"defaults", Effect::nothing},
    Word{"dest-nofollow", Effect::member},
    Word{"dev", Effect::clear, MOUNT_ATTR_NODEV},
    Word{"diratime", Effect::clear, MOUNT_ATTR_NODIRATIME},
    Word{"dirsync", Effect::superblock, MS_DIRSYNC},
    Word{"exec", Effect::clear, MOUNT_ATTR_NOEXEC},
    Word{"idmap", Effect::member},
    Word{"iversion", Effect::superblock, MS_I_VERSION},
    Word{"lazytime", Effect::superblock, MS_LAZYTIME},
    Word{"loud", Effect::no_superblock, MS_SILENT},
    Word{"mand", Effect::superblock, MS_MANDLOCK},
    Word{"noacl", Effect::no_superblock, MS_POSIXACL},
    Word{"noatime", Effect::atime, MOUNT_ATTR_NOATIME},
    Word{"nodev", Effect::set, MOUNT_ATTR_NODEV},
    Word{"nodiratime", Effect::set, MOUNT_ATTR_NODIRATIME},
    Word{"noexec", Effect::set, MOUNT_ATTR_NOEXEC},
    Word{"noiversion", Effect::no_superblock, MS_I_VERSION},
    Word{"nolazytime", Effect::no_superblock, MS_LAZYTIME},
    Word{"nomand", Effect::no_superblock, MS_MANDLOCK},
    Word{"norelatime", Effect::not_atime, MOUNT_ATTR_RELATIME},
    Word{"nostrictatime", Effect::not_atime, MOUNT_ATTR_STRICTATIME},
    Word{"nosuid", Effect::set, MOUNT_ATTR_NOSUID},
    Word{"nosymfollow", Effect::set, MOUNT_ATTR_NOSYMFOLLOW},
    Word{"private", Effect::propagation, private_flag},
    Word{"rasync", Effect::no_superblock, MS_SYNCHRONOUS},
    Word{"ratime", Effect::not_atime, MOUNT_ATTR_NOATIME, true},
    Word{"rbind", Effect::member},
    Word{"rdev", Effect::clear, MOUNT_ATTR_NODEV, true},
    Word{"rdiratime", Effect::clear, MOUNT_ATTR_NODIRATIME, true},
    Word{"rdirsync", Effect::superblock, MS_DIRSYNC},
    Word{"relatime", Effect::atime, MOUNT_ATTR_RELATIME},
    Word{"remount", Effect::member},
    Word{"rexec", Effect::clear, MOUNT_ATTR_NOEXEC, true},
    Word{"ridmap", Effect::member},
    Word{"rmand", Effect::superblock, MS_MANDLOCK},
    Word{"rnoatime", Effect::atime, MOUNT_ATTR_NOATIME, true},
    Word{"rnodev", Effect::set, MOUNT_ATTR_NODEV, true},
    Word{"rnodiratime", Effect::set, MOUNT_ATTR_NODIRATIME, true},
    Word{"rnoexec", Effect::set, MOUNT_ATTR_NOEXEC, true},
    Word{"rnomand", Effect::no_superblock, MS_MANDLOCK},
    Word{"rnorelatime", Effect::not_atime, MOUNT_ATTR_RELATIME, true},
    Word{"rnostrictatime", Effect::not_atime, MOUNT_ATTR_STRICTATIME, true},
    Word{"rnosuid", Effect::set, MOUNT_ATTR_NOSUID, true},
    Word{"rnosymfollow", Effect::set, MOUNT_ATTR_NOSYMFOLLOW, true},
    Word{"ro", Effect::set, MOUNT_ATTR_RDONLY},
    Word{"rprivate", Effect::propagation, private_flag | recursive_flag},
    Word{"rrelatime", Effect::atime, MOUNT_ATTR_RELATIME, true},
    Word{"rro", Effect::set, MOUNT_ATTR_RDONLY, true},
    Word{"rrw", Effect::clear, MOUNT_ATTR_RDONLY, true},
    Word{"rshared", Effect::propagation, shared_flag | recursive_flag},
    Word{"rslave", Effect::propagation, slave_flag | recursive_flag},
    Word{"rstrictatime", Effect::atime, MOUNT_ATTR_STRICTATIME, true},
    Word{"rsuid", Effect::clear, MOUNT_ATTR_NOSUID, true},
    Word{"rsymfollow", Effect::clear, MOUNT_ATTR_NOSYMFOLLOW, true},
    Word{"rsync", Effect::superblock, MS_SYNCHRONOUS},
    Word{"runbindable", Effect::propagation, unbindable_flag | recursive_flag},
    Word{"rw", Effect::clear, MOUNT_ATTR_RDONLY},
    Word{"shared", Effect::propagation, shared_flag},
    Word{"silent", Effect::superblock, MS_SILENT},
    Word{"slave", Effect::propagation, slave_flag},
    Word{"src-nofollow", Effect::member},
    Word{"strictatime", Effect::atime, MOUNT_ATTR_STRICTATIME},
    Word{"suid", Effect::clear, MOUNT_ATTR_NOSUID},
    Word{"symfollow", Effect::clear, MOUNT_ATTR_NOSYMFOLLOW},
    Word{"sync", Effect::superblock, MS_SYNCHRONOUS},
    Word{"tmpcopyup", Effect::member},
    Word{"unbindable", Effect::propagation, unbindable_flag},
};

const Word* find_word(std::string_view name) {
    const auto* const found =
        std::lower_bound(words.begin(), words.end(), name,
                         [](const Word& word, std::string_view wanted) { return word.name < wanted; });
    return found != words.end() && found->name == name ? &*found : nullptr;
}

void set_member(MountOptions& options, std::string_view name) {
    if (name == "bind") options.bind = true;
    if (name == "rbind") options.bind = options.recursive_bind = true;
    if (name == "remount") options.remount = true;
    if (name == "tmpcopyup") options.copy_up = true;
    if (name == "idmap") options.idmap = true;
    if (name == "ridmap") options.idmap = options.recursive_idmap = true;
    if (name == "src-nofollow") options.source_nofollow = true;
    if (name == "dest-nofollow") options.destination_nofollow = true;
    if (name == "copy-symlink") options.copy_symlink = true;
}

/// mount_setattr(2): an access time is set by clearing the whole field first.
void choose_atime(std::uint64_t& set, std::uint64_t& clear, std::uint64_t value) {
    clear |= MOUNT_ATTR__ATIME;
    set = (set & ~std::uint64_t{MOUNT_ATTR__ATIME}) | value;
}

void change_attributes(MountOptions& options, const Word& word) {
    std::uint64_t& set = word.recursive ? options.recursive_set : options.attributes_set;
    std::uint64_t& clear = word.recursive ? options.recursive_clear : options.attributes_clear;
    const bool chosen = (clear & MOUNT_ATTR__ATIME) != 0;
    if (word.effect == Effect::set) {
        set |= word.value;
        clear &= ~word.value;
    } else if (word.effect == Effect::clear) {
        clear |= word.value;
        set &= ~word.value;
    } else if (word.effect == Effect::atime) {
        choose_atime(set, clear, word.value);
    } else if (!chosen || (set & MOUNT_ATTR__ATIME) == word.value) {
        choose_atime(set, clear, MOUNT_ATTR_RELATIME);
    }
    if (word.recursive || (word.value & MOUNT_ATTR_RDONLY) == 0) return;
    // For a new file system "ro" also means its superblock.
    if (word.effect == Effect::set) options.superblock_flags |= MS_RDONLY;
    if (word.effect == Effect::clear) options.superblock_flags &= ~static_cast<unsigned long>(MS_RDONLY);
}

void apply_word(MountOptions& options, const Word& word) {
    switch (word.effect) {
        case Effect::set:
        case Effect::clear:
        case Effect::atime:
        case Effect::not_atime:
            change_attributes(options, word);
            break;
        case Effect::superblock:
            options.superblock_flags |= word.value;
            break;
        case Effect::no_superblock:
            options.superblock_flags &= ~word.value;
            break;
        case Effect::propagation:
            options.propagation.push_back(word.value);
            break;
        case Effect::member:
            set_member(options, word.name);
            break;
        case Effect::nothing:
            break;
    }
}

/// crun's mapping inside the word: "idmap=uids=...;gids=...".
bool take_idmap_text(MountOptions& options, const std::string& word) {
    const bool recursive = word.rfind("ridmap=", 0) == 0;
    if (!recursive && word.rfind("idmap=", 0) != 0) return false;
    options.idmap = true;
    options.recursive_idmap = options.recursive_idmap || recursive;
    options.idmap_text = word.substr(word.find('=') + 1);
    return true;
}

}  // namespace

MountOptions parse_mount_options(const std::vector<std::string>& option_words) {
    MountOptions options;
    for (const std::string& text : option_words) {
        if (text.empty()) continue;
        if (const Word* word = find_word(text)) {
            apply_word(options, *word);
        } else if (!take_idmap_text(options, text)) {
            options.data += (options.data.empty() ? "" : ",") + text;
        }
    }
    return options;
}

std::vector<std::string> known_mount_options() {
    std::vector<std::string> names;
    names.reserve(words.size());
    for (const Word& word : words) names.emplace_back(word.name);
    return names;
}

}  // namespace ocirun
