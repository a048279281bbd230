#include "imagetool/store/image_place.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

const std::string digest = "sha256:" + std::string(64, 'a');

/// Only "there" is the directory of a layout.
oci::Result<ImagePlace> parse(std::string_view text, BareName bare = BareName::store) {
    return parse_image_place(text, bare, [](const std::string& path) { return path == "there"; });
}

struct Expected {
    PlaceKind kind;
    std::string path;
    std::string tag;
    bool has_digest = false;
};

void expect_place(const std::string& text, const Expected& expected, BareName bare = BareName::store) {
    const auto place = parse(text, bare);
    ASSERT_THAT(place, IsOk()) << text;
    EXPECT_EQ(place->kind, expected.kind) << text;
    EXPECT_EQ(place->path, expected.path) << text;
    EXPECT_EQ(place->tag, expected.tag) << text;
    EXPECT_EQ(place->digest.has_value(), expected.has_digest) << text;
    EXPECT_EQ(place->text, text);
}

TEST(ImagePlace, plain_names_are_of_the_store_by_their_full_reference) {
    expect_place("debian", {PlaceKind::store, "", "docker.io/library/debian:latest"});
    expect_place("debian:12", {PlaceKind::store, "", "docker.io/library/debian:12"});
    expect_place("docker.io/library/debian:12", {PlaceKind::store, "", "docker.io/library/debian:12"});
    expect_place("localhost:5000/app:v1", {PlaceKind::store, "", "localhost:5000/app:v1"});
    expect_place("team/app", {PlaceKind::store, "", "docker.io/team/app:latest"});
    expect_place("debian@" + digest, {PlaceKind::store, "", "", true});
    expect_place("debian:12@" + digest, {PlaceKind::store, "", "docker.io/library/debian:12", true});
    expect_place(digest, {PlaceKind::store, "", "", true});
}

TEST(ImagePlace, paths_and_directories_of_layouts_are_layouts) {
    expect_place("./l:tag", {PlaceKind::layout, "./l", "tag"});
    expect_place("../l", {PlaceKind::layout, "../l", ""});
    expect_place(".:tag", {PlaceKind::layout, ".", "tag"});
    expect_place("/a/b:docker.io/library/busybox:1",
                 {PlaceKind::layout, "/a/b", "docker.io/library/busybox:1"});
    expect_place("there:12", {PlaceKind::layout, "there", "12"});
    expect_place("there", {PlaceKind::layout, "there", ""});
    expect_place("there@" + digest, {PlaceKind::layout, "there", "", true});
    expect_place("there:t@" + digest, {PlaceKind::layout, "there", "t", true});
    expect_place("not-there:12", {PlaceKind::store, "", "docker.io/library/not-there:12"});
}

TEST(ImagePlace, an_image_option_reads_bare_names_as_layouts) {
    expect_place("debian:12", {PlaceKind::layout, "debian", "12"}, BareName::layout);
    expect_place("a/l", {PlaceKind::layout, "a/l", ""}, BareName::layout);
    expect_place("docker://debian", {PlaceKind::registry, "", "latest"}, BareName::layout);
}

TEST(ImagePlace, a_transport_decides) {
    expect_place("oci:l:t", {PlaceKind::layout, "l", "t"});
    expect_place("oci:there", {PlaceKind::layout, "there", ""});
    expect_place("oci-archive:a.tar:t", {PlaceKind::oci_archive, "a.tar", "t"});
    expect_place("oci-archive:/x/a.tar", {PlaceKind::oci_archive, "/x/a.tar", ""});
    expect_place("docker-archive:a.tar:busybox:1", {PlaceKind::docker_archive, "a.tar", "busybox:1"});
    expect_place("docker://r.example:5000/a/b:t@" + digest, {PlaceKind::registry, "", "t", true});
    EXPECT_EQ(parse("docker://debian:12")->reference->text(), "docker.io/library/debian:12");
    EXPECT_EQ(parse("docker://debian@" + digest)->tag, "");
}

TEST(ImagePlace, empty_parts_are_refused) {
    for (const BareName bare : {BareName::store, BareName::layout}) {
        EXPECT_THAT(parse("", bare), FailsWith("does not name an image"));
        EXPECT_THAT(parse("there:", bare), FailsWith("expected LAYOUT:TAG"));
        EXPECT_THAT(parse("./l:", bare), FailsWith("expected LAYOUT:TAG"));
        EXPECT_THAT(parse("oci:", bare), FailsWith("expected oci:DIRECTORY[:TAG][@DIGEST]"));
        EXPECT_THAT(parse("oci::t", bare), FailsWith("expected oci:DIRECTORY[:TAG][@DIGEST]"));
        EXPECT_THAT(parse("docker://", bare), FailsWith("expected docker://"));
    }
    EXPECT_THAT(parse(":tag", BareName::layout), FailsWith("expected LAYOUT:TAG"));
    EXPECT_THAT(parse("layout:", BareName::layout), FailsWith("expected LAYOUT:TAG"));
}

TEST(ImagePlace, wrong_names_say_what_is_wrong) {
    EXPECT_THAT(parse("Debian:12"), FailsWith("lower-case letters"));
    EXPECT_THAT(parse("debian:a b"), FailsWith("the tag"));
    EXPECT_THAT(parse("docker://a/../b"), FailsWith("not an image reference"));
    EXPECT_THAT(parse("debian@sha256:12"), FailsWith("not an image reference"));
}

TEST(ImagePlace, familiar_names_are_read_as_the_same_name) {
    EXPECT_EQ(familiar_name("docker.io/library/debian:12"), "debian:12");
    EXPECT_EQ(familiar_name("docker.io/team/app:1"), "team/app:1");
    EXPECT_EQ(familiar_name("quay.io/a/b:1"), "quay.io/a/b:1");
    EXPECT_EQ(familiar_name("docker.io/localhost/app:1"), "docker.io/localhost/app:1");
    EXPECT_EQ(familiar_name("latest"), "latest");
}

TEST(ImagePlace, new_tags_keep_to_the_grammar) {
    EXPECT_THAT(check_new_tag("v1.0"), IsOk());
    EXPECT_THAT(check_new_tag("docker.io/library/a__b:_1"), IsOk());
    EXPECT_THAT(check_new_tag("a b"), FailsWith("cannot be a tag"));
}

TEST(ImagePlace, the_store_is_where_the_environment_says) {
    // NOLINTBEGIN(concurrency-mt-unsafe)
    const char* const before = ::getenv("OCIMG_STORE");
    const std::string saved = before == nullptr ? "" : before;
    ::setenv("OCIMG_STORE", "/some/where", 1);
    EXPECT_EQ(default_store_path().value(), "/some/where");
    ::setenv("OCIMG_STORE", "", 1);
    const bool is_root = ::geteuid() == 0;
    EXPECT_EQ(default_store_path().value() == "/var/lib/ocimg", is_root);
    saved.empty() ? ::unsetenv("OCIMG_STORE") : ::setenv("OCIMG_STORE", saved.c_str(), 1);
    // NOLINTEND(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace ocimg
