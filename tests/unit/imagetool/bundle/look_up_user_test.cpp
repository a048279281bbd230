#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.hpp"
#include "imagetool/bundle/unpack_bundle.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

class LookUpUser : public ::testing::Test {
protected:
    LookUpUser() { std::filesystem::create_directory(root_.path("etc")); }

    void write(const std::string& name, std::string_view text) {
        const oci::Fd file = oci::open_file(root_.path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644).value();
        oci::write_all(file, text).value();
    }

    oci::test::TemporaryDirectory root_;
};

TEST_F(LookUpUser, reads_the_images_files) {
    write("etc/passwd", "bob:x:12:34::/:/bin/sh\n");
    write("etc/group", "x:x:56:bob\n");
    const auto user = look_up_user(root_.fd(), "bob");
    ASSERT_THAT(user, IsOk());
    EXPECT_EQ(user->uid, 12U);
    EXPECT_EQ(user->additional_gids, std::vector<std::uint32_t>{56});
}

TEST_F(LookUpUser, absent_files_are_empty) {
    EXPECT_EQ(look_up_user(root_.fd(), "12")->uid, 12U);
    EXPECT_THAT(look_up_user(root_.fd(), "bob"), FailsWith("is not in the image's /etc/passwd"));
}

TEST_F(LookUpUser, fifo_does_not_block) {
    ASSERT_EQ(::mkfifo(root_.path("etc/passwd").c_str(), 0600), 0);
    EXPECT_THAT(look_up_user(root_.fd(), "bob"), FailsWith("/etc/passwd is not a regular file"));
}

TEST_F(LookUpUser, link_and_directory_are_refused) {
    std::filesystem::create_symlink("/etc/passwd", root_.path("etc/passwd"));
    EXPECT_THAT(look_up_user(root_.fd(), "root"), FailsWith("/etc/passwd is not a regular file"));
    std::filesystem::remove(root_.path("etc/passwd"));
    std::filesystem::create_directory(root_.path("etc/passwd"));
    EXPECT_THAT(look_up_user(root_.fd(), "root"), FailsWith("/etc/passwd is not a regular file"));
}

TEST_F(LookUpUser, linked_etc_stays_inside_the_root) {
    std::filesystem::remove(root_.path("etc"));
    std::filesystem::create_symlink("/", root_.path("etc"));
    write("passwd", "bob:x:12:34::/:/bin/sh\n");
    EXPECT_EQ(look_up_user(root_.fd(), "bob")->uid, 12U);
}

TEST_F(LookUpUser, ten_mebibytes_are_the_limit) {
    write("etc/passwd", "bob:x:12:34::/:/bin/sh\n");
    std::filesystem::resize_file(root_.path("etc/passwd"), std::uintmax_t{10} << 20U);
    EXPECT_THAT(look_up_user(root_.fd(), "bob"), IsOk());
    std::filesystem::resize_file(root_.path("etc/passwd"), (std::uintmax_t{10} << 20U) + 1);
    EXPECT_THAT(look_up_user(root_.fd(), "bob"), FailsWith("/etc/passwd"));
}

TEST_F(LookUpUser, ids_need_no_files) {
    ASSERT_EQ(::mkfifo(root_.path("etc/passwd").c_str(), 0600), 0);
    EXPECT_EQ(look_up_user(root_.fd(), "1:2")->gid, 2U);
}

}  // namespace
}  // namespace ocimg
