#include "imagetool/archive/docker_archive.hpp"

#include <gmock/gmock.h>

#include "base/file.hpp"
#include "imagetool/archive/archive_file.hpp"
#include "imagetool/archive/archive_writer.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ocimg {
namespace {

using ::testing::HasSubstr;

TEST(DockerArchive, images_are_found_by_any_spelling) {
    const auto images = parse_saved_images(
                            R"([{"Config": "a.json", "RepoTags": ["busybox:1"], "Layers": ["x/layer.tar"]},
            {"Config": "b.json", "RepoTags": null, "Layers": []}])",
                            "manifest.json")
                            .value();
    EXPECT_EQ(choose_saved_image(images, "docker.io/library/busybox:1").value().config, "a.json");
    EXPECT_THAT(choose_saved_image(images, "other:1").error().text, HasSubstr("busybox:1"));
    EXPECT_THAT(choose_saved_image(images, "").error().text, HasSubstr("2 images"));
    EXPECT_FALSE(parse_saved_images("{}", "manifest.json").has_value());
    EXPECT_EQ(parse_saved_images(saved_images_to_json(images), "again").value()[0].layers[0], "x/layer.tar");
}

TEST(ArchiveFile, members_are_read_in_any_order) {
    const oci::test::TemporaryDirectory directory;
    const std::string path = directory.path() + "/a.tar";
    auto writer = ArchiveWriter::create(path).value();
    ASSERT_TRUE(writer->add_directory("d").has_value());
    ASSERT_TRUE(writer->add_text("d/one", "first").has_value());
    ASSERT_TRUE(writer->add_text("two", std::string(5000, 'x')).has_value());
    EXPECT_FALSE(oci::exists_at(oci::current_directory, path));
    ASSERT_TRUE(writer->commit().has_value());
    const ArchiveFile archive = ArchiveFile::open(path).value();
    EXPECT_EQ(archive.read("two").value(), std::string(5000, 'x'));
    EXPECT_EQ(archive.read("./d//one").value(), "first");
    EXPECT_EQ(archive.read("none").error().code, oci::ErrorCode::not_found);
    std::array<std::byte, 10> buffer{};
    const auto rest = archive.open_member(archive.find("d/one").value(), 3);
    EXPECT_EQ(rest->read(buffer).value(), 2U);
}

}  // namespace
}  // namespace ocimg
