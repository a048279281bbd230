#include "base/path_in_root.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/path_walk.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"

// The same expectations for openat2 and for the walk that replaces it; CTest runs the program a second
// time with OCI_TEST_NO_OPENAT2=1, so that the functions built on top take the walk too.

namespace oci {
namespace {

using test::HasErrno;
using test::IsOk;

/// A root with a file, directories and links that try to leave it, beside a file that must stay alone.
class PathInRoot : public testing::TestWithParam<bool> {
protected:
    PathInRoot() {
        EXPECT_THAT(make_directories(place_.path("root/dir/inner"), 0755), IsOk());
        write("outside", "outside");
        write("root/file", "inside");
        write("root/dir/deep", "deep");
        for (const auto& [name, target] : std::initializer_list<std::pair<const char*, const char*>>{
                 {"up", "../outside"},
                 {"absolute", "/file"},
                 {"absolute_up", "/../../outside"},
                 {"to_dir", "dir"},
                 {"dir/back", "../file"},
                 {"loop", "loop"},
                 {"dangling", "nowhere"},
                 {"magic", "/proc/self/cwd"},
                 {"dir/inner/far", "../../../../../outside"},
                 {"chain", "to_dir/back"}}) {
            EXPECT_EQ(::symlink(target, place_.path("root/" + std::string(name)).c_str()), 0);
        }
        root_ = open_file(place_.path("root"), O_RDONLY | O_DIRECTORY).value();
    }

    void write(const std::string& path, const std::string& text) {
        const Fd file = open_at(place_.fd(), path, O_WRONLY | O_CREAT | O_EXCL, 0644).value();
        EXPECT_THAT(write_all(file, text), IsOk());
    }

    Result<Fd> open(const std::string& path, int flags = O_RDONLY, const Lookup& lookup = {}) {
        return GetParam() ? walk_in_root(root_, path, flags, 0644, lookup)
                          : open_in_root(root_, path, flags, 0644, lookup);
    }

    std::string content(const std::string& path) {
        const auto file = open(path);
        return file ? read_all(*file, 100).value() : "error: " + file.error().text;
    }

    test::TemporaryDirectory place_;
    Fd root_;
};

TEST_P(PathInRoot, opens_what_is_inside) {
    EXPECT_EQ(content("file"), "inside");
    EXPECT_EQ(content("/file"), "inside");
    EXPECT_EQ(content("dir/../dir/./deep"), "deep");
    EXPECT_EQ(content("to_dir/deep"), "deep");
    EXPECT_EQ(content("chain"), "inside");
    EXPECT_EQ(content("absolute"), "inside");
}

TEST_P(PathInRoot, dots_stop_at_the_root) {
    EXPECT_EQ(content("../../file"), "inside");
    EXPECT_EQ(content("../root/file").substr(0, 6), "error:");
}

TEST_P(PathInRoot, links_cannot_leave) {
    for (const char* path : {"up", "absolute_up", "dir/inner/far"})
        EXPECT_THAT(open(path), HasErrno(ENOENT)) << path;
}

TEST_P(PathInRoot, loops_and_dangling_links_are_errors) {
    EXPECT_THAT(open("loop"), HasErrno(ELOOP));
    EXPECT_THAT(open("dangling"), HasErrno(ENOENT));
    EXPECT_THAT(open("file/x"), HasErrno(ENOTDIR));
    EXPECT_THAT(open("dir/absent/x"), HasErrno(ENOENT));
}

TEST_P(PathInRoot, a_link_itself_can_be_opened) {
    const auto link = open("up", O_PATH, {.follow_last = false});
    ASSERT_THAT(link, IsOk());
    EXPECT_TRUE(S_ISLNK(status_of(*link)->st_mode));
}

TEST_P(PathInRoot, links_can_be_forbidden) {
    EXPECT_THAT(open("to_dir/deep", O_RDONLY, {.no_symlinks = true}), HasErrno(ELOOP));
    EXPECT_THAT(open("dir/deep", O_RDONLY, {.no_symlinks = true}), IsOk());
}

TEST_P(PathInRoot, creates_a_missing_last_component_inside) {
    ASSERT_THAT(open("dir/new", O_WRONLY | O_CREAT), IsOk());
    EXPECT_TRUE(exists_at(root_, "dir/new"));
    ASSERT_THAT(open("to_dir/new2", O_WRONLY | O_CREAT), IsOk());
    EXPECT_TRUE(exists_at(root_, "dir/new2"));
}

TEST_P(PathInRoot, creating_through_a_link_out_changes_nothing_outside) {
    static_cast<void>(open("up", O_WRONLY | O_CREAT | O_TRUNC).has_value());
    EXPECT_EQ(*read_file(place_.fd(), "outside", 100), "outside");
}

INSTANTIATE_TEST_SUITE_P(Openat2, PathInRoot, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Walk, PathInRoot, testing::Values(true));

class MakeInRoot : public PathInRoot {};

TEST_P(MakeInRoot, makes_directories_through_links_inside_only) {
    ASSERT_THAT(make_directories_in_root(root_, "/to_dir/x/y", 0755), IsOk());
    EXPECT_TRUE(exists_at(root_, "dir/x/y"));
    EXPECT_FALSE(make_directories_in_root(root_, "file/x", 0755).has_value());
    EXPECT_FALSE(make_directories_in_root(root_, "loop/x", 0755).has_value());
}

TEST_P(MakeInRoot, makes_a_file_with_its_parents_once) {
    ASSERT_THAT(make_file_in_root(root_, "new/place/f", 0755, 0600), IsOk());
    EXPECT_EQ(status_at(root_, "new/place/f")->st_size, 0);
    ASSERT_THAT(make_file_in_root(root_, "file", 0755, 0600), IsOk());
    EXPECT_EQ(content("file"), "inside");
    EXPECT_FALSE(make_file_in_root(root_, "loop", 0755, 0600).has_value());
}

TEST_P(MakeInRoot, makes_what_a_dangling_link_leads_to_inside) {
    ASSERT_EQ(::symlinkat("../../../../far/away", root_.get(), "dir/out"), 0);
    ASSERT_EQ(::symlinkat("../dir/out", root_.get(), "dir/twice"), 0);
    ASSERT_EQ(::symlinkat("/abs/place", root_.get(), "dir/absolute"), 0);
    ASSERT_THAT(make_file_in_root(root_, "dangling", 0755, 0600), IsOk());
    EXPECT_TRUE(S_ISREG(status_at(root_, "nowhere")->st_mode));
    ASSERT_THAT(make_directories_in_root(root_, "to_dir/twice/x", 0755), IsOk());
    EXPECT_TRUE(exists_at(root_, "far/away/x"));
    ASSERT_THAT(make_file_in_root(root_, "/dir/absolute", 0755, 0600), IsOk());
    EXPECT_TRUE(S_ISREG(status_at(root_, "abs/place")->st_mode));
    ASSERT_THAT(make_directories_in_root(root_, "dir/absolute2", 0755), IsOk());
    for (const char* outside : {"nowhere", "far", "abs"}) EXPECT_FALSE(exists_at(place_.fd(), outside));
}

TEST_P(MakeInRoot, the_parent_of_nothing_is_an_error) {
    std::string last;
    for (const char* path : {"", "/", "a/..", ".."})
        EXPECT_FALSE(open_parent_in_root(root_, path, 0755, last).has_value()) << path;
    ASSERT_THAT(open_parent_in_root(root_, "dir/name", 0755, last), IsOk());
    EXPECT_EQ(last, "name");
}

INSTANTIATE_TEST_SUITE_P(AsTheKernelAllows, MakeInRoot, testing::Values(false));

TEST(PathInRootOfProc, magic_links_are_never_followed) {
    const Fd proc = open_file("/proc", O_PATH | O_DIRECTORY).value();
    for (const char* path : {"self/cwd", "self/exe", "self/root/etc", "self/fd/0"}) {
        EXPECT_THAT(open_in_root(proc, path, O_PATH), HasErrno(ELOOP)) << path;
        EXPECT_THAT(walk_in_root(proc, path, O_PATH, 0, {}), HasErrno(ELOOP)) << path;
    }
}

TEST(PathInRootOfProc, mount_points_can_be_forbidden) {
    const Fd root = open_file("/", O_PATH | O_DIRECTORY).value();
    EXPECT_THAT(open_in_root(root, "proc/version", O_RDONLY, 0, {.no_crossing = true}), HasErrno(EXDEV));
    EXPECT_THAT(walk_in_root(root, "proc/version", O_RDONLY, 0, {.no_crossing = true}), HasErrno(EXDEV));
}

}  // namespace
}  // namespace oci
