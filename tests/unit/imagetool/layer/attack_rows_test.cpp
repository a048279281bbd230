// The attacks on extractors by the row of the list they stand in: every place a layer can name that leads out
// of its root, with every kind of entry, in one layer and across two. The canaries are checked after each.

#include <gmock/gmock.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
namespace fs = std::filesystem;

class AttackRows : public LayerTest {
protected:
    /// Links of every shape that lead to the canary, by the name "out".
    std::vector<Archive> ways_out() const {
        std::string chain_end = canary();
        Archive chain;
        for (int i = 0; i < 38; ++i) {
            const std::string name = "chain-" + std::to_string(i);
            chain.symlink(name, chain_end);
            chain_end = name;
        }
        return {Archive().symlink("out", canary()),
                Archive().symlink("out", "../canary"),
                Archive().symlink("out", "../../../../../../../.." + canary()),
                Archive().directory("d").symlink("d/up", "../..").symlink("out", "d/up/canary"),
                Archive().symlink("out", "/proc/self/cwd/../canary"),
                Archive().symlink("out", "/proc/self/fd/3/../canary"),
                chain.symlink("out", chain_end)};
    }
    static Archive entry(unsigned kind, Archive archive, const std::string& at) {
        switch (kind) {
            case 0:
                return archive.file(at + "/secret", "overwritten");
            case 1:
                return archive.directory(at + "/directory", 0777, 5);
            case 2:
                return archive.symlink(at + "/secret", "x");
            case 3:
                return archive.file("own", "own").hardlink(at + "/secret", "own");
            case 4:
                return archive.fifo(at + "/secret");
            case 5:
                return archive.device(at + "/secret", 1, 3);
            case 6:
                return archive.file(at + "/.wh.secret");
            case 7:
                return archive.file(at + "/.wh..wh..opq");
            default:
                return archive.file(at + "/directory/deep/er", "x");
        }
    }
    void clear_root() {
        for (const auto& found : fs::directory_iterator(inside(""))) fs::remove_all(found.path());
    }
    [[nodiscard]] std::string canaries() const { return describe_tree(canary(), true); }
};

TEST_F(AttackRows, I01_links_of_the_archive_are_never_followed_out_of_the_root) {
    const std::string before = canaries();
    unsigned shapes = 0;
    for (const Archive& way : ways_out()) {
        for (unsigned kind = 0; kind <= 8; ++kind, shapes += 2) {
            // Refused or made inside the root: nothing outside changes either way.
            const auto once = apply(entry(kind, way, "out"));
            EXPECT_EQ(canaries(), before)
                << "one layer, kind " << kind << (once ? "" : ": " + once.error().text);
            clear_root();
            ASSERT_THAT(apply(way), IsOk());
            const auto across = apply(entry(kind, Archive(), "out"));
            EXPECT_EQ(canaries(), before)
                << "two layers, kind " << kind << (across ? "" : ": " + across.error().text);
            clear_root();
        }
    }
    EXPECT_EQ(shapes, 7U * 9 * 2);  // apply_hostile_test.cpp counts them
}

TEST_F(AttackRows, I02_root_is_never_replaced) {
    for (const char* name : {".", "./", "/", "a/..", "./././"}) {
        EXPECT_THAT(apply(Archive().symlink(name, canary())), FailsWith("the root can only be a directory"));
        EXPECT_THAT(apply(Archive().file(name, "x")), FailsWith("the root can only be a directory"));
        ASSERT_THAT(apply(Archive().file("after", "inside")), IsOk());
        EXPECT_EQ(content("after"), "inside");
    }
}

TEST_F(AttackRows, I03_hard_links_name_files_of_the_root_alone) {
    const std::string old = fs::current_path();
    fs::current_path(canary());
    for (const std::string& target :
         {std::string("secret"), std::string("./secret"), std::string("../canary/secret"),
          canary() + "/secret", std::string("missing"), std::string("/")}) {
        EXPECT_FALSE(apply(Archive().hardlink("hard", target)).has_value()) << target;
        EXPECT_FALSE(exists("hard")) << target;
    }
    fs::current_path(old);
    EXPECT_THAT(apply(Archive().directory("d").hardlink("hard", "d")), FailsWith("it is a directory"));
}

TEST_F(AttackRows, I04_directory_that_became_a_link_is_not_remembered_as_a_directory) {
    const std::string before = canaries();
    for (const unsigned between : {0U, 1000U}) {
        Archive archive;
        std::string at = "a";
        for (int depth = 0; depth < 5; ++depth, at += "/a") archive.directory(at).file(at + "/1", "x");
        for (unsigned i = 0; i < between; ++i) archive.directory("other-" + std::to_string(i));
        archive.symlink("a/a", canary()).file("a/a/secret", "x").file("a/a/a/a/secret", "x");
        static_cast<void>(apply(archive));
        EXPECT_EQ(canaries(), before);
        clear_root();
    }
}

TEST_F(AttackRows, I05_attributes_of_links_do_not_reach_their_targets) {
    const std::string before = canaries();
    const std::string attribute = pax_record("SCHILY.xattr.user.mark", "x");
    static_cast<void>(apply(Archive()
                                .pax(attribute)
                                .add({.name = "link",
                                      .type = '2',
                                      .link = canary() + "/secret",
                                      .mode = 06777,
                                      .uid = 7,
                                      .gid = 8,
                                      .mtime = 5})
                                .hardlink("hard", "link")
                                .pax(attribute)
                                .hardlink("again", "link")));
    EXPECT_EQ(canaries(), before);
    EXPECT_EQ(link("hard"), canary() + "/secret");
}

TEST_F(AttackRows, I06_whiteouts_remove_nothing_outside) {
    const std::string before = canaries();
    for (const char* name : {".wh.", ".wh..", ".wh...", "a/.wh.", "a/.wh..", "a/.wh..."})
        EXPECT_FALSE(apply(Archive().file(name)).has_value()) << name;
    for (const char* name :
         {"../.wh.canary", "../canary/.wh.secret", "../canary/.wh..wh..opq", "/.wh.x/../secret"}) {
        static_cast<void>(apply(Archive().file(name)));
        EXPECT_EQ(canaries(), before) << name;
    }
    EXPECT_TRUE(fs::exists(inside("")));
}

TEST_F(AttackRows, I08_layers_are_applied_in_their_order) {
    ASSERT_THAT(apply(Archive().file("gone", "x").file("stays", "1")), IsOk());
    ASSERT_THAT(apply(Archive().file(".wh.gone")), IsOk());
    ASSERT_THAT(apply(Archive().file("stays", "3")), IsOk());
    EXPECT_FALSE(exists("gone"));
    EXPECT_EQ(content("stays"), "3");
}

TEST_F(AttackRows, I10_bombs_of_headers_are_refused) {
    const std::string large((std::size_t{1} << 20U) + 1, 'x');
    EXPECT_FALSE(apply(Archive().pax(pax_record("comment", large)).file("x")).has_value());
    EXPECT_FALSE(apply(Archive().gnu_long('L', large).file("x")).has_value());
    EXPECT_FALSE(apply(Archive()
                           .file(std::string(90, 'd') + "/" + std::string(9, '/'), "")
                           .gnu_long('L', std::string(4097, 'n'))
                           .file("x"))
                     .has_value());
}

TEST_F(AttackRows, I11_twice_the_entries_are_no_more_than_twice_the_work) {
    // Counted by what is left to do, not by time: many whiteouts in one directory walk it once.
    Archive lower;
    Archive upper;
    lower.directory("d");
    for (int i = 0; i < 2000; ++i) lower.file("d/file-" + std::to_string(i));
    for (int i = 0; i < 2000; ++i) upper.file("d/.wh..wh..opq").file("d/.wh.file-" + std::to_string(i));
    ASSERT_THAT(apply(lower), IsOk());
    ASSERT_THAT(apply(upper), IsOk());
    EXPECT_TRUE(fs::is_empty(inside("d")));
}

TEST_F(AttackRows, I12_archive_cut_anywhere_ends_with_an_error_or_whole) {
    const std::string whole = Archive()
                                  .directory("d")
                                  .file("d/a", std::string(1500, 'a'))
                                  .symlink("d/l", "a")
                                  .file("z", "z")
                                  .bytes();
    for (std::size_t size = 0; size < whole.size(); size += 256) {
        const auto cut = apply(whole.substr(0, size));
        if (size % 512 != 0) {
            EXPECT_FALSE(cut.has_value()) << size;
        }
        clear_root();
    }
    for (std::size_t place = 0; place < 512; ++place) {
        if (place == 155) continue;  // the blank that ends the checksum: some writers leave a NUL there
        std::string flipped = whole;
        flipped[place] = static_cast<char>(flipped[place] ^ 1);
        EXPECT_FALSE(apply(flipped).has_value()) << "byte " << place;
        clear_root();
    }
}

}  // namespace
}  // namespace ocimg::test
