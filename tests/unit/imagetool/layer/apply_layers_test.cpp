// What a layer does to the layers below it: replacement, whiteouts, links on the way.

#include <gmock/gmock.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

class Replacement : public LayerTest {};
class Whiteouts : public LayerTest {};
class LinksOnTheWay : public LayerTest {};

TEST_F(Replacement, directory_gives_way_to_a_file) {
    ASSERT_THAT(apply(Archive().directory("x").file("x/a").file("x/b/c")), IsOk());
    ASSERT_THAT(apply(Archive().file("x", "now a file")), IsOk());
    EXPECT_EQ(content("x"), "now a file");
}

TEST_F(Replacement, file_gives_way_to_a_directory) {
    ASSERT_THAT(apply(Archive().file("x")), IsOk());
    ASSERT_THAT(apply(Archive().directory("x").file("x/a", "in it")), IsOk());
    EXPECT_EQ(content("x/a"), "in it");
}

TEST_F(Replacement, file_as_a_parent_gives_way_to_a_directory) {
    ASSERT_THAT(apply(Archive().file("x", "file")), IsOk());
    ASSERT_THAT(apply(Archive().file("x/a", "in it")), IsOk());
    EXPECT_EQ(content("x/a"), "in it");
}

TEST_F(Replacement, directory_gives_way_to_a_symbolic_link) {
    ASSERT_THAT(apply(Archive().directory("x").file("x/a").directory("y")), IsOk());
    ASSERT_THAT(apply(Archive().symlink("x", "y").file("x/b", "through")), IsOk());
    EXPECT_EQ(link("x"), "y");
    EXPECT_EQ(content("y/b"), "through");
    EXPECT_FALSE(exists("y/a"));
}

TEST_F(Replacement, symbolic_link_gives_way_to_a_directory) {
    ASSERT_THAT(apply(Archive().directory("y").file("y/kept").symlink("x", "y")), IsOk());
    ASSERT_THAT(apply(Archive().directory("x", 0700).file("x/new")), IsOk());
    EXPECT_EQ(status("x").st_mode, 0040700U);
    EXPECT_TRUE(exists("x/new"));
    EXPECT_FALSE(exists("y/new"));
    EXPECT_TRUE(exists("y/kept"));
}

TEST_F(Replacement, keep_dirlinks_changes_the_directory_behind_the_link) {
    ASSERT_THAT(apply(Archive().directory("y", 0755).symlink("x", "/y")), IsOk());
    ASSERT_THAT(apply(Archive().directory("x", 0711, 4321).file("x/new"), {.keep_dirlinks = true}), IsOk());
    EXPECT_EQ(link("x"), "/y");
    EXPECT_TRUE(exists("y/new"));
    EXPECT_EQ(status("y").st_mode, 0040711U);
    EXPECT_EQ(status("y").st_mtim.tv_sec, 4321);
}

TEST_F(Replacement, keep_dirlinks_stays_inside_the_root) {
    ASSERT_THAT(apply(Archive().symlink("x", canary())), IsOk());
    ASSERT_THAT(apply(Archive().directory("x", 0711), {.keep_dirlinks = true}), IsOk());
    EXPECT_EQ(status("x").st_mode, 0040711U);
}

TEST_F(Replacement, directory_over_directory_keeps_content_and_replaces_attributes) {
    ASSERT_THAT(apply(Archive()
                          .pax(pax_record("SCHILY.xattr.user.old", "1"))
                          .add({.name = "d", .type = '5', .mode = 0700, .uid = 5, .mtime = 10})
                          .file("d/kept")),
                IsOk());
    ASSERT_THAT(apply(Archive()
                          .pax(pax_record("SCHILY.xattr.user.new", "2"))
                          .add({.name = "d", .type = '5', .mode = 0755, .uid = 6, .mtime = 20})),
                IsOk());
    EXPECT_TRUE(exists("d/kept"));
    EXPECT_EQ(status("d").st_mode, 0040755U);
    EXPECT_EQ(status("d").st_uid, 6U);
    EXPECT_EQ(status("d").st_mtim.tv_sec, 20);
    EXPECT_EQ(xattr("d", "user.old"), "-");
    EXPECT_EQ(xattr("d", "user.new"), "2");
}

TEST_F(Replacement, file_over_a_hard_linked_file_leaves_the_other_name) {
    ASSERT_THAT(apply(Archive().file("a", "old").hardlink("b", "a")), IsOk());
    ASSERT_THAT(apply(Archive().file("a", "new")), IsOk());
    EXPECT_EQ(content("a"), "new");
    EXPECT_EQ(content("b"), "old");
}

TEST_F(Replacement, every_kind_replaces_every_kind) {
    const auto add = [](Archive& archive, int kind) {
        switch (kind) {
            case 0:
                archive.file("x", "file");
                break;
            case 1:
                archive.directory("x").file("x/inner");
                break;
            case 2:
                archive.symlink("x", "target");
                break;
            case 3:
                archive.fifo("x");
                break;
            case 4:
                archive.device("x", 1, 3);
                break;
            default:
                archive.hardlink("x", "other");
                break;
        }
    };
    const mode_t modes[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFCHR, S_IFREG};
    ASSERT_THAT(apply(Archive().file("other", "o")), IsOk());
    for (int before = 0; before < 6; ++before) {
        for (int after = 0; after < 6; ++after) {
            Archive first;
            Archive second;
            add(first, before);
            add(second, after);
            ASSERT_THAT(apply(first), IsOk()) << before << after;
            ASSERT_THAT(apply(second), IsOk()) << before << after;
            EXPECT_EQ(status("x").st_mode & S_IFMT, modes[after]) << before << after;
        }
    }
}

TEST_F(Whiteouts, hide_files_directories_and_links_of_lower_layers) {
    ASSERT_THAT(apply(Archive().file("f").file("d/a/b").symlink("l", "kept").file("kept")), IsOk());
    ASSERT_THAT(apply(Archive().file(".wh.f").file(".wh.d").file(".wh.l")), IsOk());
    EXPECT_FALSE(exists("f"));
    EXPECT_FALSE(exists("d"));
    EXPECT_FALSE(exists("l"));
    EXPECT_TRUE(exists("kept"));
    EXPECT_FALSE(exists(".wh.f"));
}

TEST_F(Whiteouts, of_nothing_are_fine_and_make_nothing) {
    ASSERT_THAT(apply(Archive().file("f")), IsOk());
    EXPECT_THAT(
        apply(
            Archive().file(".wh.missing").file("no/such/.wh.place").file("no/.wh..wh..opq").file("f/.wh.x")),
        IsOk());
    EXPECT_FALSE(exists("no"));
    EXPECT_TRUE(S_ISREG(status("f").st_mode));
}

TEST_F(Whiteouts, spare_entries_of_the_same_layer_in_either_order) {
    ASSERT_THAT(apply(Archive().file("before", "old").file("after", "old")), IsOk());
    ASSERT_THAT(
        apply(Archive().file(".wh.before").file("before", "new").file("after", "new").file(".wh.after")),
        IsOk());
    EXPECT_EQ(content("before"), "new");
    EXPECT_EQ(content("after"), "new");
}

TEST_F(Whiteouts, of_a_directory_after_its_re_creation_hide_only_the_lower_content) {
    ASSERT_THAT(apply(Archive().file("d/old").file("d/sub/old")), IsOk());
    ASSERT_THAT(apply(Archive().file("d/new").file("d/sub/new").file(".wh.d")), IsOk());
    EXPECT_TRUE(exists("d/new"));
    EXPECT_TRUE(exists("d/sub/new"));
    EXPECT_FALSE(exists("d/old"));
    EXPECT_FALSE(exists("d/sub/old"));
}

TEST_F(Whiteouts, opaque_hides_lower_content_before_and_after_its_siblings) {
    for (const bool first : {true, false}) {
        ASSERT_THAT(apply(Archive().file("d/old").file("d/sub/old").directory("d/gone")), IsOk());
        Archive archive;
        if (first) archive.file("d/.wh..wh..opq");
        archive.directory("d", 0755, 50).file("d/new").directory("d/sub").file("d/sub/new");
        if (!first) archive.file("d/.wh..wh..opq");
        ASSERT_THAT(apply(archive), IsOk());
        EXPECT_TRUE(exists("d/new"));
        EXPECT_TRUE(exists("d/sub/new"));
        EXPECT_FALSE(exists("d/old"));
        EXPECT_FALSE(exists("d/sub/old"));
        EXPECT_FALSE(exists("d/gone"));
        EXPECT_FALSE(exists("d/.wh..wh..opq"));
        EXPECT_EQ(status("d").st_mtim.tv_sec, 50);
        ASSERT_THAT(apply(Archive().file(".wh.d")), IsOk());
    }
}

TEST_F(Whiteouts, opaque_root_hides_all_lower_content) {
    ASSERT_THAT(apply(Archive().file("old").file("d/old")), IsOk());
    ASSERT_THAT(apply(Archive().file("new").file(".wh..wh..opq")), IsOk());
    EXPECT_TRUE(exists("new"));
    EXPECT_FALSE(exists("old"));
    EXPECT_FALSE(exists("d"));
}

TEST_F(Whiteouts, inside_the_first_layer_spare_its_entries) {
    ASSERT_THAT(apply(Archive().file("a").file(".wh.a").file("d/b").file("d/.wh..wh..opq")), IsOk());
    EXPECT_TRUE(exists("a"));
    EXPECT_TRUE(exists("d/b"));
}

TEST_F(Whiteouts, of_a_link_remove_the_link_and_through_a_link_what_it_leads_to) {
    ASSERT_THAT(apply(Archive().file("real/a").file("real/b").symlink("l", "real").symlink("m", "real")),
                IsOk());
    ASSERT_THAT(apply(Archive().file("l/.wh.a").file(".wh.m")), IsOk());
    EXPECT_FALSE(exists("real/a"));
    EXPECT_TRUE(exists("real/b"));
    EXPECT_TRUE(exists("l"));
    EXPECT_FALSE(exists("m"));
}

TEST_F(Whiteouts, entry_through_a_link_is_spared_under_its_real_name) {
    ASSERT_THAT(apply(Archive().file("real/a", "old").symlink("l", "real")), IsOk());
    ASSERT_THAT(apply(Archive().file("l/a", "new").file("real/.wh.a")), IsOk());
    EXPECT_EQ(content("real/a"), "new");
}

TEST_F(Whiteouts, removing_a_directory_forgets_its_times) {
    ASSERT_THAT(apply(Archive().directory("d", 0755, 42).file("d/f")), IsOk());
    ASSERT_THAT(apply(Archive().file("d/.wh.f").file(".wh.d").file("d/n")), IsOk());
    EXPECT_TRUE(exists("d/n"));
    EXPECT_EQ(status("d").st_mtim.tv_sec, 0);
}

TEST_F(Whiteouts, names_that_are_none_are_refused) {
    ASSERT_THAT(apply(Archive().file("kept").file("d/kept")), IsOk());
    for (const char* name : {".wh.", "d/.wh.", ".wh..", ".wh...", "d/.wh...", ".wh.kept/x", ".wh.d/kept"}) {
        EXPECT_FALSE(apply(Archive().file(name)).has_value()) << name;
    }
    EXPECT_TRUE(exists("kept"));
    EXPECT_TRUE(exists("d/kept"));
}

TEST_F(Whiteouts, many_in_one_large_directory_take_no_square_of_time) {
    ASSERT_THAT(apply(Archive().file("d/old").file("d/kept/old")), IsOk());
    Archive archive;
    for (int i = 0; i < 1500; ++i) archive.file("d/f" + std::to_string(i));
    archive.file("d/kept/new");
    for (int i = 0; i < 20'000; ++i) archive.file("d/.wh..wh..opq").file(".wh.d");
    ASSERT_THAT(apply(archive), IsOk());
    EXPECT_TRUE(exists("d/f1499"));
    EXPECT_TRUE(exists("d/kept/new"));
    EXPECT_FALSE(exists("d/old"));
    EXPECT_FALSE(exists("d/kept/old"));
}

TEST_F(Whiteouts, aufs_metadata_is_ignored) {
    ASSERT_THAT(apply(Archive().file("f")), IsOk());
    ASSERT_THAT(apply(Archive().file(".wh..wh.aufs").directory(".wh..wh.plnk").file(".wh..wh.plnk/123")),
                IsOk());
    EXPECT_EQ(describe_tree(inside(""), false).find(".wh."), std::string::npos);
    EXPECT_TRUE(exists("f"));
}

TEST_F(LinksOnTheWay, are_followed_inside_the_root) {
    ASSERT_THAT(apply(Archive()
                          .directory("usr/lib")
                          .symlink("lib", "usr/lib")
                          .symlink("abs", "/usr")
                          .symlink("up", "../../usr")),
                IsOk());
    ASSERT_THAT(apply(Archive().file("lib/a").file("abs/b").file("up/c").file("abs/lib/d")), IsOk());
    for (const char* path : {"usr/lib/a", "usr/b", "usr/c", "usr/lib/d"}) EXPECT_TRUE(exists(path)) << path;
}

TEST_F(LinksOnTheWay, dangling_ones_get_their_target_made) {
    ASSERT_THAT(apply(Archive().symlink("l", "/not/yet").file("l/f", "x")), IsOk());
    EXPECT_EQ(content("not/yet/f"), "x");
    EXPECT_EQ(link("l"), "/not/yet");
}

TEST_F(LinksOnTheWay, chain_of_forty) {
    Archive archive;
    archive.directory("end");
    archive.symlink("l0", "end");
    for (int i = 1; i < 40; ++i) archive.symlink("l" + std::to_string(i), "l" + std::to_string(i - 1));
    ASSERT_THAT(apply(archive.file("l39/f", "x")), IsOk());
    EXPECT_EQ(content("end/f"), "x");
}

TEST_F(LinksOnTheWay, loops_are_errors) {
    EXPECT_THAT(apply(Archive().symlink("a", "b").symlink("b", "a").file("a/f")),
                FailsWith("too many levels"));
    EXPECT_THAT(apply(Archive().symlink("s", "s").file("s/f")), FailsWith("too many levels"));
    EXPECT_THAT(apply(Archive().symlink("g", "g/g").file("g/f")), FailsWith("resolve link"));
}

TEST_F(LinksOnTheWay, a_replaced_directory_is_not_remembered) {
    for (const char* place : {"a", "a/b/c"}) {
        const std::string name = place;
        Archive archive;
        archive.directory(name).file(name + "/1", "x").symlink(name, canary()).file(name + "/2", "y");
        ASSERT_THAT(apply(archive), IsOk());
        EXPECT_EQ(content(canary().substr(1) + "/2"), "y");
    }
}

TEST_F(LinksOnTheWay, times_follow_the_real_directory) {
    ASSERT_THAT(apply(Archive().directory("real", 0755, 11).symlink("l", "real")), IsOk());
    ASSERT_THAT(apply(Archive().file("l/f")), IsOk());
    EXPECT_EQ(status("real").st_mtim.tv_sec, 11);
}

}  // namespace
}  // namespace ocimg::test
