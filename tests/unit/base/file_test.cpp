#include "base/file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "base/file_replace.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"

namespace oci {
namespace {

using test::FailsWith;
using test::HasErrno;
using test::IsOk;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(File, reads_what_was_written) {
    const test::TemporaryDirectory place;
    ASSERT_THAT(replace_file(place.fd(), "f", "content", 0640, Durability::synced), IsOk());
    EXPECT_EQ(*read_file(place.fd(), "f", 100), "content");
    EXPECT_EQ(status_at(place.fd(), "f")->st_mode & 07777U, 0640U);
}

TEST(File, a_file_larger_than_the_limit_is_an_error) {
    const test::TemporaryDirectory place;
    ASSERT_THAT(replace_file(place.fd(), "f", "12345", 0600, Durability::atomic_only), IsOk());
    EXPECT_THAT(read_file(place.fd(), "f", 5), IsOk());
    EXPECT_THAT(read_file(place.fd(), "f", 4), FailsWith("larger than the limit of 4 bytes"));
}

TEST(File, only_regular_files_are_read_and_a_fifo_does_not_block) {
    const test::TemporaryDirectory place;
    ASSERT_EQ(::mkfifo(place.path("fifo").c_str(), 0600), 0);
    EXPECT_THAT(read_file(place.fd(), "fifo", 10), FailsWith("not a regular file"));
    EXPECT_THAT(read_file(place.fd(), ".", 10), HasErrno(EISDIR));
    EXPECT_THAT(read_file(place.fd(), "absent", 10), FailsWith("absent: no such file or directory"));
}

TEST(File, replacing_leaves_no_temporary_file) {
    const test::TemporaryDirectory place;
    ASSERT_THAT(replace_file(place.fd(), "f", "old", 0600, Durability::atomic_only), IsOk());
    ASSERT_THAT(replace_file(place.fd(), "f", "new", 0600, Durability::atomic_only), IsOk());
    EXPECT_EQ(*read_file(place.fd(), "f", 10), "new");
    EXPECT_THAT(*list_directory(place.fd()), ElementsAre("f"));
}

TEST(File, a_replace_that_fails_leaves_the_old_content_and_nothing_else) {
    const test::TemporaryDirectory place;
    ASSERT_THAT(make_directory(place.fd(), "f", 0700), IsOk());
    EXPECT_FALSE(replace_file(place.fd(), "f", "new", 0600, Durability::synced).has_value());
    EXPECT_THAT(*list_directory(place.fd()), ElementsAre("f"));
}

TEST(File, replacing_a_link_does_not_write_through_it) {
    const test::TemporaryDirectory place;
    ASSERT_THAT(replace_file(place.fd(), "target", "kept", 0600, Durability::atomic_only), IsOk());
    ASSERT_EQ(::symlink("target", place.path("link").c_str()), 0);
    ASSERT_THAT(replace_file(place.fd(), "link", "new", 0600, Durability::atomic_only), IsOk());
    EXPECT_EQ(*read_file(place.fd(), "target", 10), "kept");
}

TEST(File, removes_a_tree_of_any_depth_without_following_links) {
    const test::TemporaryDirectory outside;
    ASSERT_THAT(replace_file(outside.fd(), "kept", "x", 0600, Durability::atomic_only), IsOk());
    const test::TemporaryDirectory place;
    ASSERT_THAT(make_directory(place.fd(), "top", 0700), IsOk());
    Fd current = open_at(place.fd(), "top", O_RDONLY | O_DIRECTORY).value();
    for (int depth = 0; depth < 300; ++depth) {
        ASSERT_THAT(make_directory(current, "d", 0700), IsOk());
        ASSERT_EQ(::symlinkat(outside.path().c_str(), current.get(), "link"), 0);
        current = open_at(current, "d", O_RDONLY | O_DIRECTORY).value();
    }
    ASSERT_THAT(remove_tree(place.fd(), "top"), IsOk());
    EXPECT_TRUE(list_directory(place.fd())->empty());
    EXPECT_TRUE(exists_at(outside.fd(), "kept"));
    EXPECT_THAT(remove_tree(place.fd(), "absent"), IsOk());
}

TEST(File, makes_missing_parents) {
    const test::TemporaryDirectory place;
    EXPECT_THAT(make_directories(place.path("a/b//c"), 0750), IsOk());
    EXPECT_THAT(make_directories(place.path("a/b//c"), 0750), IsOk());
    ASSERT_THAT(replace_file(place.fd(), "file", "", 0600, Durability::atomic_only), IsOk());
    EXPECT_FALSE(make_directories(place.path("file/x"), 0750).has_value());
    EXPECT_THAT(make_directories(place.path("file"), 0750), HasErrno(ENOTDIR));
}

TEST(File, lists_names_without_the_dots) {
    const test::TemporaryDirectory place;
    for (const char* name : {"a", ".hidden"})
        ASSERT_THAT(replace_file(place.fd(), name, "", 0600, Durability::atomic_only), IsOk());
    EXPECT_THAT(*list_directory(place.fd()), UnorderedElementsAre("a", ".hidden"));
    EXPECT_THAT(*list_directory(place.fd()), UnorderedElementsAre("a", ".hidden"));
}

TEST(File, cleans_paths_lexically) {
    EXPECT_EQ(clean_path("/a//b/./../c/"), "/a/c");
    EXPECT_EQ(clean_path("/../.."), "/");
    EXPECT_EQ(clean_path("a/../../b"), "../b");
    EXPECT_EQ(clean_path(""), ".");
}

}  // namespace
}  // namespace oci
