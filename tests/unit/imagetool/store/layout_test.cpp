#include "imagetool/store/layout.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "spec/image/media_type.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/store/test_layout.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using test::TestLayout;

constexpr const char* text_type = "text/plain";

TEST(Layout, new_one_can_be_opened_and_is_empty) {
    TestLayout made;
    const auto opened = Layout::open(made.layout.path());
    ASSERT_THAT(opened, IsOk());
    EXPECT_TRUE(opened->index()->manifests.empty());
}

TEST(Layout, create_refuses_a_directory_with_content) {
    TestLayout made;
    EXPECT_THAT(Layout::create(made.layout.path()), FailsWith("exists and is not empty"));
}

TEST(Layout, create_uses_an_empty_directory) {
    const oci::test::TemporaryDirectory directory;
    EXPECT_THAT(Layout::create(directory.path()), IsOk());
}

TEST(Layout, create_without_a_parent_directory_fails) {
    EXPECT_THAT(Layout::create("/does/not/exist"), FailsWith("no such file or directory"));
}

TEST(Layout, open_or_create_does_both) {
    const oci::test::TemporaryDirectory directory;
    EXPECT_THAT(Layout::open_or_create(directory.path("l")), IsOk());
    EXPECT_THAT(Layout::open_or_create(directory.path("l")), IsOk());
}

TEST(Layout, open_or_create_refuses_another_directory) {
    const oci::test::TemporaryDirectory directory;
    std::filesystem::create_directory(directory.path("x"));
    EXPECT_THAT(Layout::open_or_create(directory.path()), FailsWith("is not an OCI image layout"));
}

TEST(Layout, open_names_what_is_missing) {
    const oci::test::TemporaryDirectory directory;
    EXPECT_THAT(Layout::open(directory.path("x")), FailsWith("no such file or directory"));
    EXPECT_THAT(Layout::open(directory.path()), FailsWith("no file \"oci-layout\""));
}

TEST(Layout, unknown_version_is_refused) {
    TestLayout made;
    made.write("oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
    EXPECT_THAT(Layout::open(made.layout.path()), FailsWith("found \"2.0.0\", supported is 1.x"));
}

TEST(Layout, missing_index_is_an_error) {
    TestLayout made;
    std::filesystem::remove(made.path("index.json"));
    EXPECT_THAT(made.layout.index(), FailsWith("index.json"));
}

TEST(Layout, broken_index_has_line_and_column) {
    TestLayout made;
    made.write("index.json", "{\n \"schemaVersion\": 2,\n]");
    EXPECT_THAT(made.layout.index(), FailsWith("index.json:3:1"));
}

TEST(Layout, huge_index_is_refused) {
    TestLayout made;
    made.write("index.json", "{}");
    std::filesystem::resize_file(made.path("index.json"), document_limit + 1);
    EXPECT_THAT(made.layout.index(), FailsWith("index.json"));
}

TEST(Layout, links_are_not_followed) {
    TestLayout made;
    std::filesystem::rename(made.path("index.json"), made.path("elsewhere"));
    std::filesystem::create_symlink("elsewhere", made.path("index.json"));
    EXPECT_THAT(made.layout.index(), FailsWith("index.json"));
}

TEST(Layout, linked_blob_directory_is_not_followed) {
    TestLayout made;
    const auto blob = made.layout.write_blob("text", text_type).value();
    std::filesystem::rename(made.path("blobs"), made.path("elsewhere"));
    std::filesystem::create_symlink("elsewhere", made.path("blobs"));
    EXPECT_THAT(made.layout.read_blob(blob), FailsWith("symbolic link"));
}

TEST(Layout, fifo_does_not_block) {
    TestLayout made;
    std::filesystem::remove(made.path("index.json"));
    ASSERT_EQ(::mkfifo(made.path("index.json").c_str(), 0600), 0);
    EXPECT_THAT(made.layout.index(), FailsWith("not a regular file"));
}

TEST(Layout, blob_comes_back_as_it_was) {
    TestLayout made;
    const auto blob = made.layout.write_blob("text", text_type).value();
    EXPECT_EQ(blob.size, 4);
    EXPECT_EQ(blob.digest, "sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1");
    EXPECT_EQ(made.layout.read_blob(blob).value(), "text");
}

TEST(Layout, blob_of_another_content_is_damaged) {
    TestLayout made;
    const auto blob = made.layout.write_blob("text", text_type).value();
    made.write(TestLayout::blob(blob.digest), "tent");
    EXPECT_THAT(made.layout.read_blob(blob), FailsWith("is damaged"));
}

TEST(Layout, blob_of_another_size_is_named_with_both_sizes) {
    TestLayout made;
    const auto blob = made.layout.write_blob("text", text_type).value();
    made.write(TestLayout::blob(blob.digest), "tex");
    EXPECT_THAT(made.layout.read_blob(blob),
                FailsWith("is truncated: it has 3 bytes, its descriptor says 4"));
    made.write(TestLayout::blob(blob.digest), "texts");
    EXPECT_THAT(made.layout.read_blob(blob), FailsWith("is too long: it has 5 bytes, its descriptor says 4"));
}

TEST(Layout, missing_blob_is_named) {
    TestLayout made;
    const auto blob = made.layout.write_blob("text", text_type).value();
    std::filesystem::remove(made.path(TestLayout::blob(blob.digest)));
    EXPECT_THAT(made.layout.read_blob(blob), FailsWith("blob " + blob.digest + " is missing"));
}

TEST(Layout, document_above_the_budget_is_not_read) {
    TestLayout made;
    auto blob = made.layout.write_blob("text", text_type).value();
    blob.size = static_cast<std::int64_t>(document_limit) + 1;
    EXPECT_THAT(made.layout.read_blob(blob), FailsWith("a document may have 4194304"));
}

TEST(Layout, digests_never_become_other_paths) {
    TestLayout made;
    oci::spec::Descriptor blob;
    blob.digest = "sha256:../../index.json";
    EXPECT_THAT(made.layout.open_blob(blob), FailsWith("is not a digest"));
    blob.digest = "md5:0";
    EXPECT_THAT(made.layout.open_blob(blob), FailsWith("cannot be checked"));
}

TEST(Layout, writing_a_damaged_blob_again_heals_it) {
    TestLayout made;
    const auto blob = made.layout.write_blob("text", text_type).value();
    made.write(TestLayout::blob(blob.digest), "tent");
    ASSERT_THAT(made.layout.write_blob("text", text_type), IsOk());
    EXPECT_EQ(made.layout.read_blob(blob).value(), "text");
}

TEST(Layout, unfinished_blob_leaves_nothing) {
    TestLayout made;
    {
        BlobWriter writer = made.layout.write_blob().value();
        ASSERT_THAT(writer.write(bytes_of("text")), IsOk());
    }
    EXPECT_TRUE(std::filesystem::is_empty(made.path("blobs/sha256")));
}

TEST(Layout, only_blobs_stay_after_writing) {
    TestLayout made;
    ASSERT_THAT(made.layout.write_blob("text", text_type), IsOk());
    ASSERT_THAT(made.layout.write_blob("text", text_type), IsOk());
    const std::filesystem::directory_iterator all(made.path("blobs/sha256"));
    EXPECT_EQ(std::distance(begin(all), end(all)), 1);
}

}  // namespace
}  // namespace ocimg
