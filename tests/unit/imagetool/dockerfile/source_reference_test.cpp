#include "imagetool/dockerfile/source_reference.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

GitReference git_of(std::string_view source) {
    const auto git = parse_git_reference(source);
    EXPECT_THAT(git, IsOk()) << source;
    return git.has_value() && git->has_value() ? **git : GitReference{};
}

TEST(GitSource, fragments_name_ref_and_directory) {
    EXPECT_EQ(git_of("https://h/r.git"), (GitReference{.remote = "https://h/r.git"}));
    EXPECT_EQ(git_of("https://h/r.git#v1:a/b"),
              (GitReference{.remote = "https://h/r.git", .ref = "v1", .subdir = "a/b"}));
    EXPECT_EQ(git_of("https://h/r.git#:/a//./b/"),
              (GitReference{.remote = "https://h/r.git", .subdir = "a/b"}));
    EXPECT_EQ(git_of("git@h:o/r.git#main").remote, "git@h:o/r.git");
    EXPECT_EQ(git_of("git@h:o/r.git#main").ref, "main");
    EXPECT_EQ(git_of("ssh://git@h:2222/o/r").remote, "ssh://git@h:2222/o/r");
    EXPECT_EQ(git_of("git://h/r").remote, "git://h/r");
}

TEST(GitSource, queries_have_every_key) {
    const GitReference git = git_of(
        "https://h/"
        "r.git?branch=dev&subdir=x%2Fy&checksum=0123ABC&keep-git-dir=1&submodules=false&mtime=commit"
        "&fetch-by-commit");
    EXPECT_EQ(git.remote, "https://h/r.git");
    EXPECT_EQ(git.ref, "refs/heads/dev");
    EXPECT_EQ(git.subdir, "x/y");
    EXPECT_EQ(git.checksum, "0123abc");
    EXPECT_EQ(git.keep_git_dir, true);
    EXPECT_EQ(git.submodules, false);
    EXPECT_EQ(git.mtime, "commit");
    EXPECT_TRUE(git.fetch_by_commit);
    EXPECT_EQ(git_of("https://h/r.git?tag=v1").ref, "refs/tags/v1");
    EXPECT_THAT(parse_git_reference("https://h/r.git?ref=a&tag=b"), FailsWith("two refs"));
    EXPECT_THAT(parse_git_reference("https://h/r.git?ref=a#b"), FailsWith("two refs"));
    EXPECT_THAT(parse_git_reference("https://h/r.git?depth=1"), FailsWith("is no key"));
    EXPECT_THAT(parse_git_reference("https://h/r.git?checksum=xyz"), FailsWith("is no commit"));
}

TEST(GitSource, paths_and_downloads_are_none) {
    for (const char* source :
         {"a/b", "./x.git", "https://h/x.tar.gz", "dir:name", "a@b", "/abs/p", "http://h/r.git/x"}) {
        const auto git = parse_git_reference(source);
        ASSERT_THAT(git, IsOk()) << source;
        EXPECT_FALSE(git->has_value()) << source;
    }
    EXPECT_TRUE(is_url("https://h/x.tar.gz"));
    EXPECT_TRUE(is_url("HTTP://h/x"));
    EXPECT_FALSE(is_url("https://h/r.git#x"));
    EXPECT_FALSE(is_url("a/http://x"));
}

TEST(GitSource, B09_nothing_reads_as_an_option_of_git_or_ssh) {
    EXPECT_THAT(parse_git_reference("https://h/r.git#--upload-pack=touch x"),
                FailsWith("cannot be a git branch"));
    EXPECT_THAT(parse_git_reference("https://h/r.git#-x"), FailsWith("cannot be a git branch"));
    EXPECT_THAT(parse_git_reference("https://h/r.git?ref=--exec=x"), FailsWith("cannot be a git branch"));
    EXPECT_THAT(parse_git_reference("ssh://-oProxyCommand=id/r"), FailsWith("cannot be the host"));
    EXPECT_THAT(parse_git_reference("ssh://-o@h/r"), FailsWith("cannot begin with '-'"));
    EXPECT_THAT(parse_git_reference("git@-h:r"), FailsWith("cannot be the host"));
    EXPECT_THAT(parse_git_reference("git@h:-r"), FailsWith("cannot be the path"));
    EXPECT_THAT(parse_git_reference("ssh://%2doProxy/r"), FailsWith("cannot be the host"));
    EXPECT_THAT(parse_git_reference("https://h/r.git#a..b"), FailsWith("cannot be a git branch"));
    EXPECT_THAT(parse_git_reference("https://h/r.git#a b"), FailsWith("cannot be a git branch"));
    EXPECT_THAT(parse_git_reference("https://h/a b.git"), FailsWith("blank or a control character"));
}

TEST(GitSource, B09_other_transports_are_refused) {
    EXPECT_THAT(parse_git_reference("ext::sh -c touch% x"), FailsWith("over https, http, ssh and git only"));
    EXPECT_THAT(parse_git_reference("fd::17/x"), FailsWith("over https, http, ssh and git only"));
    EXPECT_THAT(parse_git_reference("file:///etc/r.git"), FailsWith("over https, http, ssh and git only"));
    EXPECT_THAT(parse_git_reference("git+ssh://h/r"), FailsWith("over https, http, ssh and git only"));
}

TEST(GitSource, B08_a_subdirectory_stays_in_the_tree) {
    EXPECT_THAT(parse_git_reference("https://h/r.git#:../.."), FailsWith("must stay inside"));
    EXPECT_THAT(parse_git_reference("https://h/r.git#main:a/../../b"), FailsWith("must stay inside"));
    EXPECT_THAT(parse_git_reference("https://h/r.git?subdir=..%2Fx"), FailsWith("must stay inside"));
}

TEST(UrlSource, B11_file_names_are_plain) {
    EXPECT_EQ(*url_file_name("https://h/d/x.tar?q=/y#f"), "x.tar");
    EXPECT_EQ(*url_file_name("https://h/a%20b"), "a b");
    for (const char* url : {"https://h", "https://h/", "https://h/d/..", "https://h/..%2Fx", "https://h/%00",
                            "https://h/.", "https://h/d/?x=y", "https://h/a%2"})
        EXPECT_FALSE(url_file_name(url).has_value()) << url;
    EXPECT_THAT(plain_file_name("../../x"), FailsWith("cannot be the name of a file"));
}

TEST(UrlSource, B14_credentials_do_not_show) {
    EXPECT_EQ(without_credentials("https://user:TOKEN@h:1/a@b"), "https://h:1/a@b");
    EXPECT_EQ(without_credentials("https://h/a"), "https://h/a");
    EXPECT_EQ(without_credentials("plain@path"), "plain@path");
    const auto error = url_file_name("https://u:TOKEN@h/");
    ASSERT_FALSE(error.has_value());
    EXPECT_EQ(error.error().text.find("TOKEN"), std::string::npos);
    EXPECT_EQ(parse_git_reference("https://u:TOKEN@-h/r.git").error().text.find("TOKEN"), std::string::npos);
}

}  // namespace
}  // namespace ocimg::dockerfile
