#include "imagetool/look/image_tree.hpp"

#include <gtest/gtest.h>

#include "imagetool/look/compare_trees.hpp"
#include "imagetool/look/html.hpp"
#include "imagetool/look/treemap.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

/// A tree and the entries that go into it, by short names.
struct Builder {
    ImageTree tree;
    std::size_t number = 0;

    Builder& layer() {
        tree.begin_layer();
        number = 0;
        return *this;
    }
    oci::Result<void> try_add(Entry entry, const std::string& digest = "") {
        LayerEntry listed;
        listed.number = number++;
        listed.path = entry_path(entry.name).value();
        listed.whiteout = whiteout_of(listed.path).value();
        listed.entry = std::move(entry);
        return tree.add(listed, digest);
    }
    Builder& file(const std::string& name, std::uint64_t size, const std::string& digest = "d") {
        EXPECT_THAT(try_add({.name = name, .kind = EntryKind::file, .mode = 0644, .size = size}, digest),
                    IsOk());
        return *this;
    }
    Builder& directory(const std::string& name, std::uint32_t mode = 0755) {
        EXPECT_THAT(try_add({.name = name, .kind = EntryKind::directory, .mode = mode}), IsOk());
        return *this;
    }
    Builder& link(const std::string& name, const std::string& target,
                  EntryKind kind = EntryKind::symbolic_link) {
        EXPECT_THAT(try_add({.name = name, .link_target = target, .kind = kind, .mode = 0777}), IsOk());
        return *this;
    }
    [[nodiscard]] bool has(const std::string& path) const { return tree.find(path, false).has_value(); }
    [[nodiscard]] std::uint64_t size(const std::string& path) const {
        const auto node = tree.find(path, true);
        return node && (*node)->content != nullptr ? (*node)->content->size : 0;
    }
};

TEST(ImageTree, upper_layers_replace_and_hide) {
    Builder b;
    b.layer().directory("a/").file("a/x", 10).file("a/y", 5).layer().file("a/x", 3);
    EXPECT_EQ(b.size("/a/x"), 3U);
    ASSERT_EQ(b.tree.hidden().size(), 1U);
    EXPECT_EQ(b.tree.hidden()[0].path, "a/x");
    EXPECT_EQ(b.tree.hidden()[0].bytes, 10U);
    EXPECT_EQ(b.tree.hidden()[0].upper, 1U);
    EXPECT_EQ(b.tree.layers()[0].hidden_bytes, 10U);
    EXPECT_EQ(b.tree.layers()[1].changed, 1U);
    EXPECT_EQ(b.tree.layers()[0].added, 3U);
}

TEST(ImageTree, whiteouts_take_away_lower_layers_only) {
    Builder b;
    b.layer().file("a/x", 10).file("a/y", 5).file("b", 1);
    b.layer().file("a/new", 2).file("a/.wh..wh..opq", 0).file(".wh.b", 0);
    EXPECT_FALSE(b.has("a/x"));
    EXPECT_FALSE(b.has("b"));
    EXPECT_TRUE(b.has("a/new"));
    EXPECT_EQ(b.tree.layers()[1].removed, 3U);
    EXPECT_EQ(b.tree.layers()[0].hidden_bytes, 16U);
    EXPECT_EQ(b.tree.hidden()[0].how, Hiding::removed);
    b.layer().file("a/.wh.new", 0).file(".wh.absent", 0).file("none/.wh.x", 0);
    EXPECT_FALSE(b.has("a/new"));
    EXPECT_TRUE(b.has("a"));
    EXPECT_FALSE(b.has("none"));
}

TEST(ImageTree, a_whiteout_spares_what_its_own_layer_made_below) {
    Builder b;
    b.layer().file("d/old", 1).layer().file("d/sub/new", 2).file(".wh.d", 0);
    EXPECT_FALSE(b.has("d/old"));
    EXPECT_TRUE(b.has("d/sub/new"));
}

TEST(ImageTree, links_are_followed_inside_the_image) {
    Builder b;
    b.layer()
        .directory("usr/lib/")
        .link("lib", "usr/lib")
        .link("etc/up", "../../../../usr")
        .link("loop", "loop");
    b.file("lib/x", 7).link("abs", "/lib/x");
    EXPECT_EQ(b.size("usr/lib/x"), 7U);
    EXPECT_EQ(b.size("abs"), 7U);
    EXPECT_EQ(b.size("etc/up/lib/../lib/x"), 7U);
    EXPECT_TRUE(b.has("abs"));
    EXPECT_EQ(b.tree.find("abs", false).value()->entry.link_target, "/lib/x");
    EXPECT_THAT(b.tree.find("loop", true), FailsWith("too many links"));
    EXPECT_THAT(b.tree.find("lib/absent", true), FailsWith("is not in the image"));
    EXPECT_THAT(b.tree.find("lib/x/y", true), FailsWith("is not in the image"));
}

TEST(ImageTree, hard_links_share_their_content) {
    Builder b;
    b.layer().file("x", 9).link("y", "x", EntryKind::hard_link).layer().file("x", 1);
    EXPECT_EQ(b.size("y"), 9U);
    EXPECT_TRUE(b.tree.hidden().empty());  // y still shows the bytes
    b.layer().file(".wh.y", 0);
    EXPECT_EQ(b.tree.layers()[0].hidden_bytes, 9U);
    EXPECT_THAT(b.try_add({.name = "z", .link_target = "absent", .kind = EntryKind::hard_link}),
                FailsWith("hard link to \"absent\""));
}

TEST(ImageTree, kinds_change) {
    Builder b;
    b.layer().directory("d/").file("d/x", 4).file("f", 2);
    b.layer().file("d", 1).file("f/inside", 3);
    EXPECT_EQ(b.size("d"), 1U);
    EXPECT_EQ(b.size("f/inside"), 3U);
    EXPECT_EQ(b.tree.layers()[0].hidden_bytes, 6U);
    EXPECT_THAT(b.try_add({.name = "/", .kind = EntryKind::file}), FailsWith("root directory"));
}

TEST(ImageTree, nesting_without_end_is_refused) {
    Builder b;
    b.layer();
    std::string path;
    for (int i = 0; i < 1500; ++i) path += "d/";
    b.directory(path).link("a", path);
    EXPECT_THAT(b.try_add({.name = "a/" + path, .kind = EntryKind::directory}),
                FailsWith("more than 2048 deep"));
}

TEST(ImageTree, many_whiteouts_in_one_directory_are_no_more_work_than_few) {
    Builder b;
    b.layer().file("d/old", 1).layer();
    for (int i = 0; i < 20000; ++i) b.file("d/f" + std::to_string(i), 1);
    for (int i = 0; i < 20000; ++i) b.file(i % 2 == 0 ? "d/.wh..wh..opq" : ".wh.d", 0);
    EXPECT_FALSE(b.has("d/old"));
    EXPECT_TRUE(b.has("d/f19999"));
}

TEST(CompareTrees, every_aspect_is_told) {
    Builder a;
    Builder b;
    a.layer()
        .file("same", 1)
        .file("gone/x", 1)
        .file("size", 1)
        .file("content", 1, "d1")
        .link("l", "a")
        .file("kind", 1);
    b.layer()
        .file("same", 1)
        .file("new", 1)
        .file("size", 2)
        .file("content", 1, "d2")
        .link("l", "b")
        .directory("kind/");
    Entry entry{.name = "same", .kind = EntryKind::file, .mode = 04755, .uid = 1, .gid = 2, .size = 1};
    entry.mtime.seconds = 5;
    entry.xattrs["user.x"] = std::string("\0\xff", 2);
    ASSERT_THAT(b.layer().try_add(entry, "d"), IsOk());
    std::string text;
    for (const FileDifference& difference : compare_trees(a.tree, b.tree, {.mtime = true})) {
        text += difference.path + "=" + std::to_string(static_cast<int>(difference.change));
        for (const Aspect& aspect : difference.aspects) {
            text += " " + aspect.name + ":" + aspect.before + ":" + aspect.after;
        }
        text += "\n";
    }
    EXPECT_EQ(text,
              "content=2 content:d1:d2\n"
              "gone=1\ngone/x=1\n"
              "kind=2 kind:file:directory mode:0644:0755\n"
              "l=2 target:a:b\n"
              "new=0\n"
              "same=2 mode:0644:4755 owner:0:0:1:2 mtime:0:5 xattr user.x::0x00ff\n"
              "size=2 size:1:2\n");
    EXPECT_TRUE(compare_trees(a.tree, a.tree, {.mtime = true}).empty());
}

TEST(Treemap, rectangles_fill_the_area_and_keep_its_bounds) {
    const std::vector<double> sizes{6, 6, 4, 3, 2, 2, 1};
    const auto places = squarify(sizes, {0, 0, 6, 4});
    ASSERT_EQ(places.size(), sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_NEAR(places[i].width * places[i].height, sizes[i], 1e-9);
        EXPECT_GE(places[i].x, -1e-9);
        EXPECT_LE(places[i].x + places[i].width, 6 + 1e-9);
        EXPECT_LE(places[i].y + places[i].height, 4 + 1e-9);
    }
    EXPECT_NEAR(places[0].width, 3, 1e-9);  // the published example
    EXPECT_NEAR(places[0].height, 2, 1e-9);
}

TEST(Treemap, a_file_with_two_names_counts_once) {
    Builder b;
    b.layer().file("x", 9).link("y", "x", EntryKind::hard_link).layer().file("z", 4).file("z", 5);
    EXPECT_EQ(map_of_paths(b.tree).size, 14U);
    EXPECT_EQ(map_of_layers(b.tree).size, 18U);  // the first z is stored, though hidden
}

TEST(Html, nothing_of_an_image_becomes_markup) {
    EXPECT_EQ(html_text("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    EXPECT_EQ(html_text("a\" onload=\"b&"), "a&quot; onload=&quot;b&amp;");
    EXPECT_EQ(html_text("\xff\x1b[0m"), "\xef\xbf\xbd\xef\xbf\xbd[0m");
    EXPECT_EQ(html_text("evil\xe2\x80\xaegnp.exe"), "evil\xef\xbf\xbdgnp.exe");
    EXPECT_EQ(html_text("caf\xc3\xa9"), "caf\xc3\xa9");
}

}  // namespace
}  // namespace ocimg
