// The list of edges that extractors get wrong, one test each, named after the edge: what an entry is called,
// whose it is and when, and what stands at its place already. Shapes of whole blobs are in
// edge_list_blobs_test.cpp; entries of ordinary users in tests/integration/ocimg_rootless.sh.

#include <gmock/gmock.h>
#include <sys/sysmacros.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"

namespace ocimg::test {
namespace {

using namespace std::string_literals;
using oci::test::FailsWith;
using oci::test::IsOk;

class EdgeList : public LayerTest {
protected:
    void layers(const std::vector<Archive>& archives, const ApplyOptions& options = {}) {
        for (const Archive& archive : archives) ASSERT_THAT(apply(archive, options), IsOk());
    }
};

// --- names ---------------------------------------------------------------------------------------------

TEST_F(EdgeList, prefix_dot_slash) {
    layers({Archive().directory("./d").file("./d/f", "x").file("././g", "y")});
    EXPECT_EQ(content("d/f") + content("g"), "xy");
}

TEST_F(EdgeList, prefix_slash) {
    layers({Archive().directory("/d").file("/d/f", "x").hardlink("/h", "/d/f")});
    EXPECT_EQ(content("h"), "x");
}

TEST_F(EdgeList, prefix_dot_dot_slash_is_the_root) {
    layers({Archive().file("../f", "x").file("a/../../g", "y")});
    EXPECT_EQ(content("f") + content("g"), "xy");
}

TEST_F(EdgeList, double_slash_in_a_name) {
    layers({Archive().file("a//b", "x").directory("c///d/")});
    EXPECT_EQ(content("a/b"), "x");
    EXPECT_TRUE(exists("c/d"));
}

TEST_F(EdgeList, pax_long_path_and_link_path) {
    const std::string name = std::string(120, 'a') + "/" + std::string(200, 'b');
    const std::string target = std::string(3000, 't');
    layers({Archive()
                .pax(pax_record("path", name))
                .file("x", "deep")
                .pax(pax_record("path", "link") + pax_record("linkpath", target))
                .symlink("x", "y")});
    EXPECT_EQ(content(name), "deep");
    EXPECT_EQ(link("link"), target);
}

TEST_F(EdgeList, gnu_long_name_and_long_link) {
    const std::string name(250, 'n');
    const std::string target(300, 't');
    layers({Archive().gnu_long('L', name).file("x", "long").gnu_long('K', target).symlink("link", "y")});
    EXPECT_EQ(content(name), "long");
    EXPECT_EQ(link("link"), target);
}

TEST_F(EdgeList, utf_8_and_other_bytes_in_names) {
    layers({Archive().pax(pax_record("path", "ünïcödé/日本")).file("x", "1").file("latin-\xe9", "2")});
    EXPECT_EQ(content("ünïcödé/日本") + content("latin-\xe9"), "12");
}

TEST_F(EdgeList, pax_global_header_is_not_an_entry) {
    layers({Archive().pax(pax_record("mtime", "1234567890"), 'g').file("f", "x").file("g", "y")});
    EXPECT_EQ(status("f").st_mtim.tv_sec, 1234567890);
    EXPECT_EQ(status("g").st_mtim.tv_sec, 1234567890);
    EXPECT_FALSE(exists("PaxHeaders"));
}

// --- whose and when ------------------------------------------------------------------------------------

TEST_F(EdgeList, ids_above_2_to_the_21st_in_base_256) {
    std::string block = header_block({.name = "f", .gnu = true});
    put_field(block, 108, "\x80\0\0\0\0\x2d\xc6\xc0"s);
    put_field(block, 116, "\x80\0\0\0\xff\xff\xff\xfe"s);
    layers({Archive().raw(with_checksum(block))});
    EXPECT_EQ(status("f").st_uid, 3000000U);
    EXPECT_EQ(status("f").st_gid, 4294967294U);
}

TEST_F(EdgeList, ids_above_2_to_the_21st_in_pax) {
    layers({Archive().pax(pax_record("uid", "3000000") + pax_record("gid", "4000000")).file("f")});
    EXPECT_EQ(status("f").st_uid, 3000000U);
    EXPECT_EQ(status("f").st_gid, 4000000U);
}

TEST_F(EdgeList, names_of_users_do_not_count) {
    layers({Archive()
                .pax(pax_record("uname", "daemon") + pax_record("gname", "daemon"))
                .add({.name = "f", .uid = 77, .gid = 78})});
    EXPECT_EQ(status("f").st_uid, 77U);
    EXPECT_EQ(status("f").st_gid, 78U);
}

TEST_F(EdgeList, negative_time) {
    layers({Archive().pax(pax_record("mtime", "-1000.25")).file("f")});
    EXPECT_EQ(status("f").st_mtim.tv_sec, -1001);
    EXPECT_EQ(status("f").st_mtim.tv_nsec, 750000000);
}

TEST_F(EdgeList, time_below_a_second) {
    layers({Archive().pax(pax_record("mtime", "1.000000001")).file("f")});
    EXPECT_EQ(status("f").st_mtim.tv_sec, 1);
    EXPECT_EQ(status("f").st_mtim.tv_nsec, 1);
}

TEST_F(EdgeList, time_of_a_directory_that_files_come_into_later) {
    layers({Archive().directory("d", 0755, 1234).file("d/f").directory("d/e", 0755, 5).file("d/e/g"),
            Archive().file("d/e/h")});
    EXPECT_EQ(status("d").st_mtim.tv_sec, 1234);
    EXPECT_EQ(status("d/e").st_mtim.tv_sec, 5);
}

TEST_F(EdgeList, root_entry_gives_the_root_its_attributes) {
    layers({Archive().file("f").directory("./", 0711, 99)});
    EXPECT_EQ(status(".").st_mode, 0040711U);
    EXPECT_EQ(status(".").st_mtim.tv_sec, 99);
}

TEST_F(EdgeList, missing_parents_are_made) {
    layers({Archive().file("a/b/c", "x")});
    EXPECT_EQ(status("a/b").st_mode, 0040755U);
    EXPECT_EQ(status("a").st_mtim.tv_sec, 0);
}

TEST_F(EdgeList, set_user_id_outlives_the_change_of_owner) {
    layers({Archive().add({.name = "s", .mode = 06755, .uid = 1000, .gid = 1000}, "x")});
    EXPECT_EQ(status("s").st_mode, 0106755U);
    EXPECT_EQ(status("s").st_uid, 1000U);
}

TEST_F(EdgeList, mode_000) {
    layers({Archive().directory("d", 0).file("d/f", "x", 0), Archive().file("d/f", "again", 0)});
    EXPECT_EQ(status("d").st_mode, 0040000U);
    EXPECT_EQ(status("d/f").st_mode, 0100000U);
    EXPECT_EQ(content("d/f"), "again");
}

TEST_F(EdgeList, extended_attributes_are_kept_but_for_those_of_the_host) {
    layers({Archive()
                .pax(pax_record("SCHILY.xattr.user.kept", "1") +
                     pax_record("SCHILY.xattr.security.selinux", "system_u:object_r:etc_t:s0") +
                     pax_record("SCHILY.xattr.system.nfs4_acl", "x"))
                .file("f", "x")});
    EXPECT_EQ(xattr("f", "user.kept"), "1");
    EXPECT_EQ(xattr("f", "security.selinux"), "-");
}

TEST_F(EdgeList, capabilities_outlive_owner_and_mode) {
    const std::string capabilities = "\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s;
    layers({Archive()
                .pax(pax_record("SCHILY.xattr.security.capability", capabilities))
                .add({.name = "c", .mode = 0755, .uid = 5, .gid = 6}, "x")});
    EXPECT_EQ(xattr("c", "security.capability"), capabilities);
}

// --- kinds ---------------------------------------------------------------------------------------------

TEST_F(EdgeList, fifo) {
    layers({Archive().fifo("p", 0640)});
    EXPECT_EQ(status("p").st_mode, S_IFIFO | 0640U);
}

TEST_F(EdgeList, device_nodes) {
    layers({Archive().device("null", 1, 3)});
    EXPECT_EQ(status("null").st_mode, S_IFCHR | 0666U);
    EXPECT_EQ(status("null").st_rdev, makedev(1, 3));
}

TEST_F(EdgeList, character_device_0_0_is_refused) {
    EXPECT_THAT(apply(Archive().device("w", 0, 0)), FailsWith("device 0:0 is refused"));
}

TEST_F(EdgeList, old_gnu_sparse_file) {
    std::string block = header_block({.name = "s", .type = 'S', .size = 3, .gnu = true});
    put_field(block, 386, octal(4096, 11) + std::string(1, '\0') + octal(3, 11));
    put_field(block, 483, octal(8192, 11));
    layers({Archive().raw(with_checksum(block) + padded("abc"))});
    EXPECT_EQ(status("s").st_size, 8192);
    EXPECT_EQ(content("s").substr(4095, 5), "\0abc\0"s);
}

TEST_F(EdgeList, duplicates_the_last_wins) {
    layers({Archive().file("f", "1").file("f", "2", 0600).file("./f", "3", 0640)});
    EXPECT_EQ(content("f"), "3");
    EXPECT_EQ(status("f").st_mode, 0100640U);
}

TEST_F(EdgeList, hard_link_to_a_symbolic_link) {
    layers({Archive().symlink("l", "nowhere").hardlink("h", "l")});
    EXPECT_EQ(link("h"), "nowhere");
    EXPECT_EQ(status("h").st_ino, status("l").st_ino);
}

TEST_F(EdgeList, hard_link_across_layers) {
    layers({Archive().file("a", "x"), Archive().hardlink("b", "a")});
    EXPECT_EQ(status("b").st_ino, status("a").st_ino);
}

TEST_F(EdgeList, hard_link_whose_target_was_removed_outlives_it) {
    layers({Archive().file("a", "x").hardlink("b", "a"), Archive().file(".wh.a")});
    EXPECT_FALSE(exists("a"));
    EXPECT_EQ(content("b"), "x");
    EXPECT_THAT(apply(Archive().hardlink("c", "a")), FailsWith("it is not in the root file system"));
}

TEST_F(EdgeList, hard_link_before_its_target) {
    EXPECT_THAT(apply(Archive().hardlink("h", "later").file("later")), FailsWith("it is not in the root"));
}

}  // namespace
}  // namespace ocimg::test
