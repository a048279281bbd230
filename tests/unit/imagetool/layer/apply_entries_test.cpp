// What each kind of entry becomes in the root file system.

#include <gmock/gmock.h>
#include <sys/sysmacros.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using namespace std::string_literals;

class ApplyEntries : public LayerTest {};

TEST_F(ApplyEntries, empty_layers_change_nothing) {
    const std::string before = describe_tree(inside(""), false);
    EXPECT_THAT(apply(std::string(1024, '\0')), IsOk());
    EXPECT_THAT(apply(""s), IsOk());
    EXPECT_EQ(describe_tree(inside(""), false), before);
}

TEST_F(ApplyEntries, file_has_content_owner_mode_and_time) {
    ASSERT_THAT(apply(Archive()
                          .pax(pax_record("mtime", "1234.567891234"))
                          .add({.name = "f", .mode = 0640, .uid = 12, .gid = 34}, "hello")),
                IsOk());
    const struct stat found = status("f");
    EXPECT_EQ(content("f"), "hello");
    EXPECT_EQ(found.st_mode, 0100640U);
    EXPECT_EQ(found.st_uid, 12U);
    EXPECT_EQ(found.st_gid, 34U);
    EXPECT_EQ(found.st_mtim.tv_sec, 1234);
    EXPECT_EQ(found.st_mtim.tv_nsec, 567891234);
}

TEST_F(ApplyEntries, mode_does_not_depend_on_the_umask) {
    ::umask(077);
    const auto result =
        apply(Archive().directory("d", 01777).file("d/f", "", 0666).fifo("p", 0666).file("parent/f"));
    ::umask(022);
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(status("d").st_mode, 0041777U);
    EXPECT_EQ(status("d/f").st_mode, 0100666U);
    EXPECT_EQ(status("p").st_mode, 0010666U);
    EXPECT_EQ(status("parent").st_mode, 0040755U);
}

TEST_F(ApplyEntries, set_user_id_is_kept_after_the_owner_changed) {
    ASSERT_THAT(apply(Archive().add({.name = "su", .mode = 06755, .uid = 5, .gid = 6}, "x")), IsOk());
    EXPECT_EQ(status("su").st_mode, 0106755U);
    EXPECT_EQ(status("su").st_uid, 5U);
}

TEST_F(ApplyEntries, set_group_id_directories_pass_nothing_on) {
    ASSERT_THAT(apply(Archive()
                          .add({.name = "d", .type = '5', .mode = 02775, .gid = 50})
                          .file("d/f")
                          .directory("d/e")
                          .file("d/i/f")),
                IsOk());
    EXPECT_EQ(status("d").st_mode, 0042775U);
    EXPECT_EQ(status("d/f").st_gid, 0U);
    EXPECT_EQ(status("d/e").st_mode, 0040755U);
    EXPECT_EQ(status("d/e").st_gid, 0U);
    EXPECT_EQ(status("d/i").st_mode, 0040755U);
    EXPECT_EQ(status("d/i").st_gid, 0U);
}

TEST_F(ApplyEntries, high_owners) {
    ASSERT_THAT(
        apply(Archive().pax(pax_record("uid", "4294967294") + pax_record("gid", "3000000")).file("f")),
        IsOk());
    EXPECT_EQ(status("f").st_uid, 4294967294U);
    EXPECT_EQ(status("f").st_gid, 3000000U);
}

TEST_F(ApplyEntries, names_are_cleaned_and_kept_inside) {
    ASSERT_THAT(apply(Archive()
                          .file("./a", "1")
                          .file("/b", "2")
                          .file("../c", "3")
                          .file("d//e", "4")
                          .file("f/../g", "5")
                          .file("h/./i/", "6")),
                IsOk());
    EXPECT_EQ(content("a"), "1");
    EXPECT_EQ(content("b"), "2");
    EXPECT_EQ(content("c"), "3");
    EXPECT_EQ(content("d/e"), "4");
    EXPECT_EQ(content("g"), "5");
    EXPECT_EQ(content("h/i"), "6");
    EXPECT_FALSE(exists("f"));
}

TEST_F(ApplyEntries, names_need_not_be_utf8_nor_short) {
    const std::string deep = std::string(255, 'a') + "/" + std::string(255, 'b');
    ASSERT_THAT(apply(Archive()
                          .file("\xff\xfe")
                          .file("\xc3\xbc")
                          .pax(pax_record("path", deep))
                          .file("x")
                          .gnu_long('L', "g/" + std::string(200, 'g'))
                          .file("x")),
                IsOk());
    EXPECT_TRUE(exists("\xff\xfe"));
    EXPECT_TRUE(exists("\xc3\xbc"));
    EXPECT_TRUE(exists(deep));
    EXPECT_TRUE(exists("g/" + std::string(200, 'g')));
}

TEST_F(ApplyEntries, symbolic_link_keeps_its_target_owner_and_time) {
    ASSERT_THAT(
        apply(Archive().add(
            {.name = "l", .type = '2', .link = "/no/where", .mode = 0777, .uid = 3, .gid = 4, .mtime = 77})),
        IsOk());
    EXPECT_EQ(link("l"), "/no/where");
    EXPECT_EQ(status("l").st_uid, 3U);
    EXPECT_EQ(status("l").st_mtim.tv_sec, 77);
}

TEST_F(ApplyEntries, fifo_and_devices) {
    ASSERT_THAT(apply(Archive()
                          .fifo("p", 0600)
                          .device("null", 1, 3)
                          .add({.name = "b", .type = '4', .mode = 0660, .gid = 6, .major = 8, .minor = 300})),
                IsOk());
    EXPECT_EQ(status("p").st_mode, 0010600U);
    EXPECT_EQ(status("null").st_mode, 0020666U);
    EXPECT_EQ(status("null").st_rdev, makedev(1, 3));
    EXPECT_EQ(status("b").st_rdev, makedev(8, 300));
    EXPECT_EQ(status("b").st_gid, 6U);
    EXPECT_EQ(status("b").st_mtim.tv_sec, 1'000'000'000);
}

TEST_F(ApplyEntries, hard_links_share_their_file) {
    ASSERT_THAT(apply(Archive().file("d/a", "x").hardlink("b", "d/a").hardlink("e/c", "/d/../d/a")), IsOk());
    EXPECT_EQ(status("b").st_ino, status("d/a").st_ino);
    EXPECT_EQ(status("e/c").st_ino, status("d/a").st_ino);
    EXPECT_EQ(status("b").st_nlink, 3U);
}

TEST_F(ApplyEntries, hard_link_to_a_symbolic_link_is_a_link_to_it) {
    ASSERT_THAT(apply(Archive().file("f").symlink("s", "f").hardlink("h", "s")), IsOk());
    EXPECT_EQ(status("h").st_ino, status("s").st_ino);
    EXPECT_TRUE(S_ISLNK(status("h").st_mode));
}

TEST_F(ApplyEntries, hard_link_to_a_file_of_a_lower_layer) {
    ASSERT_THAT(apply(Archive().file("a", "lower")), IsOk());
    ASSERT_THAT(apply(Archive().hardlink("b", "a")), IsOk());
    EXPECT_EQ(status("b").st_ino, status("a").st_ino);
}

TEST_F(ApplyEntries, hard_link_after_its_target_was_removed_is_an_error) {
    ASSERT_THAT(apply(Archive().file("a", "lower")), IsOk());
    EXPECT_THAT(apply(Archive().file(".wh.a").hardlink("b", "a")), FailsWith("not in the root file system"));
}

TEST_F(ApplyEntries, hard_link_to_itself_keeps_the_file) {
    ASSERT_THAT(apply(Archive().file("a", "x").hardlink("a", "./a")), IsOk());
    EXPECT_EQ(content("a"), "x");
}

TEST_F(ApplyEntries, the_last_of_equal_names_wins) {
    ASSERT_THAT(apply(Archive().file("a", "first").file("a", "second").symlink("b", "x").file("b", "third")),
                IsOk());
    EXPECT_EQ(content("a"), "second");
    EXPECT_EQ(content("b"), "third");
}

TEST_F(ApplyEntries, missing_parents_are_made) {
    ASSERT_THAT(apply(Archive().file("a/b/c", "x")), IsOk());
    EXPECT_EQ(status("a/b").st_mode, 0040755U);
    EXPECT_EQ(status("a/b").st_uid, 0U);
    EXPECT_EQ(status("a").st_mtim.tv_sec, 0);
    EXPECT_EQ(status("a/b").st_mtim.tv_sec, 0);
}

TEST_F(ApplyEntries, directory_times_are_those_of_the_archive_whatever_came_after) {
    ASSERT_THAT(apply(Archive()
                          .directory("d", 0755, 111)
                          .file("d/f")
                          .directory("d/e", 0755, 222)
                          .file("d/e/f")
                          .directory("./", 0700, 333)),
                IsOk());
    EXPECT_EQ(status("d").st_mtim.tv_sec, 111);
    EXPECT_EQ(status("d/e").st_mtim.tv_sec, 222);
    EXPECT_EQ(status("").st_mtim.tv_sec, 333);
    EXPECT_EQ(status("").st_mode, 0040700U);
}

TEST_F(ApplyEntries, directories_that_a_layer_does_not_list_keep_their_time) {
    ASSERT_THAT(apply(Archive().directory(".", 0755, 100).directory("d", 0755, 111).file("d/old")), IsOk());
    ASSERT_THAT(apply(Archive().file("d/new").file("d/.wh.old").file("top")), IsOk());
    EXPECT_EQ(status("d").st_mtim.tv_sec, 111);
    EXPECT_EQ(status("").st_mtim.tv_sec, 100);
}

TEST_F(ApplyEntries, negative_times) {
    ASSERT_THAT(apply(Archive()
                          .pax(pax_record("mtime", "-1.5"))
                          .file("f")
                          .pax(pax_record("mtime", "-10"))
                          .directory("d")),
                IsOk());
    EXPECT_EQ(status("f").st_mtim.tv_sec, -2);
    EXPECT_EQ(status("f").st_mtim.tv_nsec, 500'000'000);
    EXPECT_EQ(status("d").st_mtim.tv_sec, -10);
}

TEST_F(ApplyEntries, sparse_files_are_whole_and_sparse) {
    const std::string records =
        pax_record("GNU.sparse.size", "10000000") + pax_record("GNU.sparse.map", "5000000,3");
    ASSERT_THAT(apply(Archive().pax(records).file("s", "abc")), IsOk());
    const std::string text = content("s");
    ASSERT_EQ(text.size(), 10'000'000U);
    EXPECT_EQ(text.substr(5'000'000, 4), "abc\0"s);
    EXPECT_LT(status("s").st_blocks * 512, 1'000'000);
}

TEST_F(ApplyEntries, xattrs_and_capabilities) {
    const std::string capability =
        "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"s;
    const std::string records = pax_record("SCHILY.xattr.security.capability", capability) +
                                pax_record("SCHILY.xattr.user.k", "v\0w"s);
    ASSERT_THAT(apply(Archive()
                          .pax(records)
                          .add({.name = "f", .mode = 0755, .uid = 7}, "x")
                          .pax(pax_record("SCHILY.xattr.trusted.t", "1"))
                          .directory("d")
                          .pax(pax_record("SCHILY.xattr.trusted.t", "2"))
                          .symlink("l", "f")),
                IsOk());
    EXPECT_EQ(xattr("f", "security.capability"), capability);
    EXPECT_EQ(xattr("f", "user.k"), "v\0w"s);
    EXPECT_EQ(xattr("d", "trusted.t"), "1");
    EXPECT_EQ(xattr("l", "trusted.t"), "2");
}

TEST_F(ApplyEntries, xattrs_that_cannot_be_stored_are_an_error) {
    EXPECT_THAT(apply(Archive().pax(pax_record("SCHILY.xattr.nonsense.k", "v")).file("f")),
                FailsWith("nonsense.k"));
}

TEST_F(ApplyEntries, user_xattrs_of_links_and_fifos_are_passed_over) {
    ASSERT_THAT(apply(Archive()
                          .pax(pax_record("SCHILY.xattr.user.k", "v"))
                          .symlink("l", "x")
                          .pax(pax_record("SCHILY.xattr.user.k", "v"))
                          .fifo("p")),
                IsOk());
    EXPECT_TRUE(exists("l"));
    EXPECT_TRUE(exists("p"));
}

TEST_F(ApplyEntries, overlay_and_host_xattrs_are_dropped) {
    std::string records;
    for (const char* name : {"trusted.overlay.opaque", "trusted.overlay.redirect", "trusted.overlay.metacopy",
                             "user.overlay.opaque", "security.selinux", "system.nfs4_acl"}) {
        records += pax_record("SCHILY.xattr."s + name, "y");
    }
    ASSERT_THAT(apply(Archive().pax(records).directory("d").pax(records).file("f")), IsOk());
    for (const char* path : {"d", "f"}) {
        EXPECT_EQ(xattr(path, "trusted.overlay.opaque"), "-");
        EXPECT_EQ(xattr(path, "trusted.overlay.redirect"), "-");
        EXPECT_EQ(xattr(path, "user.overlay.opaque"), "-");
    }
}

TEST_F(ApplyEntries, default_acls_of_a_directory_do_not_leak_into_its_files) {
    // Version 2; user::rwx, user:1:rwx, group::r-x, mask::rwx, other::r-x.
    const std::string acl =
        "\x02\0\0\0\x01\0\x07\0\xff\xff\xff\xff\x02\0\x07\0\x01\0\0\0\x04\0\x05\0\xff\xff\xff\xff\x10\0\x07\0\xff\xff\xff\xff\x20\0\x05\0\xff\xff\xff\xff"s;
    const auto result = apply(Archive()
                                  .pax(pax_record("SCHILY.xattr.system.posix_acl_default", acl))
                                  .directory("d")
                                  .file("d/f", "", 0644)
                                  .directory("d/e", 0755));
    if (!result.has_value() && result.error().system_errno == ENOTSUP)
        GTEST_SKIP() << "no ACLs on this file system";
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(xattr("d", "system.posix_acl_default"), acl);
    EXPECT_EQ(xattr("d/f", "system.posix_acl_access"), "-");
    EXPECT_EQ(xattr("d/e", "system.posix_acl_default"), "-");
    EXPECT_EQ(status("d/f").st_mode, 0100644U);
}

TEST_F(ApplyEntries, two_thousand_files_in_many_directories) {
    Archive archive;
    for (int i = 0; i < 2000; ++i) {
        const std::string directory = "d" + std::to_string(i % 700) + "/s" + std::to_string(i % 3);
        archive.file(directory + "/f" + std::to_string(i), std::to_string(i));
    }
    ASSERT_THAT(apply(archive), IsOk());
    for (int i = 0; i < 2000; i += 97) {
        EXPECT_EQ(
            content("d" + std::to_string(i % 700) + "/s" + std::to_string(i % 3) + "/f" + std::to_string(i)),
            std::to_string(i));
    }
}

}  // namespace
}  // namespace ocimg::test
