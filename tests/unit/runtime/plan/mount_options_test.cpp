#include <gtest/gtest.h>
#include <linux/mount.h>
#include <sys/mount.h>

#include <algorithm>
#include <map>
#include <set>

#include "runtime/plan/rootfs_plan.hpp"

namespace ocirun {
namespace {

struct Expected {
    std::uint64_t set = 0;
    std::uint64_t clear = 0;
    unsigned long superblock = 0;
    bool recursive = false;
};

/// One word alone, for every word that means attributes or superblock flags.
const std::map<std::string, Expected>& flag_words() {
    constexpr std::uint64_t atime_field = MOUNT_ATTR__ATIME;
    static const std::map<std::string, Expected> words{
        {"ro", {MOUNT_ATTR_RDONLY, 0, MS_RDONLY}},
        {"rw", {0, MOUNT_ATTR_RDONLY}},
        {"nosuid", {MOUNT_ATTR_NOSUID}},
        {"suid", {0, MOUNT_ATTR_NOSUID}},
        {"nodev", {MOUNT_ATTR_NODEV}},
        {"dev", {0, MOUNT_ATTR_NODEV}},
        {"noexec", {MOUNT_ATTR_NOEXEC}},
        {"exec", {0, MOUNT_ATTR_NOEXEC}},
        {"nodiratime", {MOUNT_ATTR_NODIRATIME}},
        {"diratime", {0, MOUNT_ATTR_NODIRATIME}},
        {"nosymfollow", {MOUNT_ATTR_NOSYMFOLLOW}},
        {"symfollow", {0, MOUNT_ATTR_NOSYMFOLLOW}},
        {"noatime", {MOUNT_ATTR_NOATIME, atime_field}},
        {"atime", {0, atime_field}},
        {"relatime", {0, atime_field}},
        {"norelatime", {0, atime_field}},
        {"strictatime", {MOUNT_ATTR_STRICTATIME, atime_field}},
        {"nostrictatime", {0, atime_field}},
        {"rro", {MOUNT_ATTR_RDONLY, 0, 0, true}},
        {"rrw", {0, MOUNT_ATTR_RDONLY, 0, true}},
        {"rnosuid", {MOUNT_ATTR_NOSUID, 0, 0, true}},
        {"rsuid", {0, MOUNT_ATTR_NOSUID, 0, true}},
        {"rnodev", {MOUNT_ATTR_NODEV, 0, 0, true}},
        {"rdev", {0, MOUNT_ATTR_NODEV, 0, true}},
        {"rnoexec", {MOUNT_ATTR_NOEXEC, 0, 0, true}},
        {"rexec", {0, MOUNT_ATTR_NOEXEC, 0, true}},
        {"rnodiratime", {MOUNT_ATTR_NODIRATIME, 0, 0, true}},
        {"rdiratime", {0, MOUNT_ATTR_NODIRATIME, 0, true}},
        {"rnosymfollow", {MOUNT_ATTR_NOSYMFOLLOW, 0, 0, true}},
        {"rsymfollow", {0, MOUNT_ATTR_NOSYMFOLLOW, 0, true}},
        {"rnoatime", {MOUNT_ATTR_NOATIME, atime_field, 0, true}},
        {"ratime", {0, atime_field, 0, true}},
        {"rrelatime", {0, atime_field, 0, true}},
        {"rnorelatime", {0, atime_field, 0, true}},
        {"rstrictatime", {MOUNT_ATTR_STRICTATIME, atime_field, 0, true}},
        {"rnostrictatime", {0, atime_field, 0, true}},
        {"sync", {0, 0, MS_SYNCHRONOUS}},
        {"rsync", {0, 0, MS_SYNCHRONOUS}},
        {"async", {}},
        {"rasync", {}},
        {"dirsync", {0, 0, MS_DIRSYNC}},
        {"rdirsync", {0, 0, MS_DIRSYNC}},
        {"mand", {0, 0, MS_MANDLOCK}},
        {"rmand", {0, 0, MS_MANDLOCK}},
        {"nomand", {}},
        {"rnomand", {}},
        {"lazytime", {0, 0, MS_LAZYTIME}},
        {"nolazytime", {}},
        {"silent", {0, 0, MS_SILENT}},
        {"loud", {}},
        {"iversion", {0, 0, MS_I_VERSION}},
        {"noiversion", {}},
        {"acl", {0, 0, MS_POSIXACL}},
        {"noacl", {}},
        {"defaults", {}},
    };
    return words;
}

const std::map<std::string, unsigned long>& propagation_words() {
    static const std::map<std::string, unsigned long> words{
        {"shared", MS_SHARED},         {"rshared", 0UL + MS_SHARED + MS_REC},
        {"slave", MS_SLAVE},           {"rslave", 0UL + MS_SLAVE + MS_REC},
        {"private", MS_PRIVATE},       {"rprivate", 0UL + MS_PRIVATE + MS_REC},
        {"unbindable", MS_UNBINDABLE}, {"runbindable", 0UL + MS_UNBINDABLE + MS_REC},
    };
    return words;
}

const std::set<std::string>& switch_words() {
    static const std::set<std::string> words{"bind",         "rbind",         "remount",
                                             "tmpcopyup",    "idmap",         "ridmap",
                                             "src-nofollow", "dest-nofollow", "copy-symlink"};
    return words;
}

TEST(MountOptions, every_flag_word_alone_means_what_the_table_says) {
    for (const auto& [word, expected] : flag_words()) {
        const MountOptions options = parse_mount_options({word});
        EXPECT_EQ(expected.recursive ? options.recursive_set : options.attributes_set, expected.set) << word;
        EXPECT_EQ(expected.recursive ? options.recursive_clear : options.attributes_clear, expected.clear)
            << word;
        EXPECT_EQ(expected.recursive ? options.attributes_set : options.recursive_set, 0U) << word;
        EXPECT_EQ(expected.recursive ? options.attributes_clear : options.recursive_clear, 0U) << word;
        EXPECT_EQ(options.superblock_flags, expected.superblock) << word;
        EXPECT_EQ(options.data, "") << word;
    }
}

TEST(MountOptions, every_propagation_word_is_kept_in_order) {
    for (const auto& [word, flags] : propagation_words())
        EXPECT_EQ(parse_mount_options({word}).propagation, std::vector<unsigned long>{flags}) << word;
    const auto both = parse_mount_options({"rslave", "shared"}).propagation;
    EXPECT_EQ(both, (std::vector<unsigned long>{0UL + MS_SLAVE + MS_REC, MS_SHARED}));
}

TEST(MountOptions, switches_set_their_member) {
    EXPECT_TRUE(parse_mount_options({"bind"}).bind);
    EXPECT_FALSE(parse_mount_options({"bind"}).recursive_bind);
    EXPECT_TRUE(parse_mount_options({"rbind"}).bind);
    EXPECT_TRUE(parse_mount_options({"rbind"}).recursive_bind);
    EXPECT_TRUE(parse_mount_options({"remount"}).remount);
    EXPECT_TRUE(parse_mount_options({"tmpcopyup"}).copy_up);
    EXPECT_TRUE(parse_mount_options({"idmap"}).idmap);
    EXPECT_FALSE(parse_mount_options({"idmap"}).recursive_idmap);
    EXPECT_TRUE(parse_mount_options({"ridmap"}).recursive_idmap);
    EXPECT_TRUE(parse_mount_options({"src-nofollow"}).source_nofollow);
    EXPECT_TRUE(parse_mount_options({"dest-nofollow"}).destination_nofollow);
    EXPECT_TRUE(parse_mount_options({"copy-symlink"}).copy_symlink);
}

TEST(MountOptions, known_words_are_exactly_the_tested_ones) {
    std::set<std::string> tested = switch_words();
    for (const auto& [word, expected] : flag_words()) tested.insert(word);
    for (const auto& [word, flags] : propagation_words()) tested.insert(word);
    const std::vector<std::string> known = known_mount_options();
    EXPECT_EQ(std::set<std::string>(known.begin(), known.end()), tested);
    EXPECT_TRUE(std::is_sorted(known.begin(), known.end()));
}

TEST(MountOptions, a_later_word_overrides_an_earlier_one) {
    const MountOptions writable = parse_mount_options({"ro", "rw"});
    EXPECT_EQ(writable.attributes_set, 0U);
    EXPECT_EQ(writable.attributes_clear, std::uint64_t{MOUNT_ATTR_RDONLY});
    EXPECT_EQ(writable.superblock_flags, 0U);
    const MountOptions readonly = parse_mount_options({"rw", "ro"});
    EXPECT_EQ(readonly.attributes_set, std::uint64_t{MOUNT_ATTR_RDONLY});
    EXPECT_EQ(readonly.attributes_clear, 0U);
    EXPECT_EQ(parse_mount_options({"sync", "async"}).superblock_flags, 0U);
    EXPECT_EQ(parse_mount_options({"silent", "loud"}).superblock_flags, 0U);
}

TEST(MountOptions, the_last_access_time_word_wins) {
    EXPECT_EQ(parse_mount_options({"noatime", "strictatime"}).attributes_set,
              std::uint64_t{MOUNT_ATTR_STRICTATIME});
    EXPECT_EQ(parse_mount_options({"strictatime", "nostrictatime"}).attributes_set, 0U);
    EXPECT_EQ(parse_mount_options({"noatime", "atime"}).attributes_set, 0U);
}

TEST(MountOptions, a_negative_access_time_word_leaves_other_choices_alone) {
    EXPECT_EQ(parse_mount_options({"strictatime", "norelatime"}).attributes_set,
              std::uint64_t{MOUNT_ATTR_STRICTATIME});
    EXPECT_EQ(parse_mount_options({"noatime", "nostrictatime"}).attributes_set,
              std::uint64_t{MOUNT_ATTR_NOATIME});
}

TEST(MountOptions, attributes_next_to_an_access_time_survive) {
    const MountOptions options = parse_mount_options({"nosuid", "noatime", "nodev"});
    EXPECT_EQ(options.attributes_set,
              std::uint64_t{MOUNT_ATTR_NOSUID} | MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODEV);
}

TEST(MountOptions, unknown_words_become_data_in_order) {
    EXPECT_EQ(parse_mount_options({"mode=755", "nosuid", "size=64k", "", "Ro"}).data, "mode=755,size=64k,Ro");
}

TEST(MountOptions, an_id_map_inside_the_word_is_kept) {
    const MountOptions options = parse_mount_options({"ridmap=uids=0-1-2;gids=0-3-4"});
    EXPECT_TRUE(options.idmap);
    EXPECT_TRUE(options.recursive_idmap);
    EXPECT_EQ(options.idmap_text, "uids=0-1-2;gids=0-3-4");
    EXPECT_EQ(options.data, "");
}

}  // namespace
}  // namespace ocirun
