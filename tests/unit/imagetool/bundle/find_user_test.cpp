#include "imagetool/bundle/find_user.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# comment\n"
    "broken line\n"
    "short:x:7:7\n"
    "alice:x:1000:100:Alice:/home/alice:/bin/sh\n"
    "1000:x:0:0:trap:/:/bin/sh\n"
    "-1:x:0:0:trap:/:/bin/sh\n"
    "4294967296:x:0:0:trap:/:/bin/sh\n"
    "minus:x:-5:0:bad id:/:/bin/sh\n"
    "last:x:2000:2000::/:/bin/sh";
constexpr std::string_view group =
    "root:x:0:\n"
    "users:x:100:alice\n"
    "audio:x:29:bob,alice\n"
    "video:x:44:alice,carol\n"
    "again:x:29:alice\n"
    "broken:x:nan:alice\n";

oci::Result<oci::spec::User> look(std::string_view user) {
    return find_user(user, passwd, group);
}

TEST(FindUser, nothing_is_root) {
    const auto user = look("");
    EXPECT_EQ(user->uid, 0U);
    EXPECT_EQ(user->gid, 0U);
    EXPECT_TRUE(user->additional_gids.empty());
}

TEST(FindUser, name_has_its_group_and_memberships) {
    const auto user = look("alice");
    ASSERT_THAT(user, IsOk());
    EXPECT_EQ(user->uid, 1000U);
    EXPECT_EQ(user->gid, 100U);
    EXPECT_EQ(user->additional_gids, (std::vector<std::uint32_t>{29, 44}));
}

TEST(FindUser, group_given_means_no_memberships) {
    const auto user = look("alice:video");
    EXPECT_EQ(user->gid, 44U);
    EXPECT_TRUE(user->additional_gids.empty());
    EXPECT_EQ(look("alice:5")->gid, 5U);
    EXPECT_EQ(look("7:audio")->gid, 29U);
}

TEST(FindUser, digits_are_an_id_even_where_a_name_looks_the_same) {
    const auto user = look("1000");
    EXPECT_EQ(user->uid, 1000U);
    EXPECT_EQ(user->gid, 100U);
    EXPECT_TRUE(user->additional_gids.empty());
}

TEST(FindUser, unknown_id_is_taken_with_group_0) {
    const auto user = look("31337");
    EXPECT_EQ(user->uid, 31337U);
    EXPECT_EQ(user->gid, 0U);
}

TEST(FindUser, last_line_needs_no_line_end) {
    EXPECT_EQ(look("last")->uid, 2000U);
}

TEST(FindUser, unknown_names_are_errors) {
    EXPECT_THAT(look("mallory"), FailsWith("user \"mallory\" is not in the image's /etc/passwd"));
    EXPECT_THAT(look("alice:mallory"), FailsWith("group \"mallory\" is not in the image's /etc/group"));
    EXPECT_THAT(look("short"), FailsWith("is not in"));
    EXPECT_THAT(look("minus"), FailsWith("is not in"));
    EXPECT_THAT(look("alice:broken"), FailsWith("is not in"));
}

TEST(FindUser, texts_that_are_no_user_never_become_root) {
    for (const char* text : {":",
                             "1:",
                             ":1",
                             "-1",
                             "+1",
                             "01",
                             "00",
                             " 1",
                             "1 ",
                             "0x0 ",
                             "2147483648",
                             "4294967295",
                             "4294967296",
                             "9223372036854775808",
                             "1000:4294967296",
                             "1:2:3",
                             "root\n",
                             "a/b",
                             "alice:",
                             "-alice"}) {
        EXPECT_FALSE(look(text).has_value()) << text;
    }
}

TEST(FindUser, files_are_needed_only_for_names_and_lone_ids) {
    EXPECT_FALSE(needs_user_files(""));
    EXPECT_FALSE(needs_user_files("1:2"));
    EXPECT_TRUE(needs_user_files("1"));
    EXPECT_TRUE(needs_user_files("a:2"));
    EXPECT_TRUE(needs_user_files("1:b"));
}

}  // namespace
}  // namespace ocimg
