// The list of edges, continued: layers over layers, whiteouts, and the shapes of whole blobs. One test each,
// named after the edge.

#include <gmock/gmock.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"
#include "tests/unit/imagetool/stream/stream_text.hpp"

namespace ocimg::test {
namespace {

using namespace std::string_literals;
using oci::test::FailsWith;
using oci::test::IsOk;

class EdgeListLayers : public LayerTest {
protected:
    void layers(const std::vector<Archive>& archives, const ApplyOptions& options = {}) {
        for (const Archive& archive : archives) ASSERT_THAT(apply(archive, options), IsOk());
    }
    [[nodiscard]] std::string names(const std::string& path = "") const {
        std::vector<std::string> found;
        for (const auto& one : std::filesystem::directory_iterator(inside(path)))
            found.push_back(one.path().filename());
        std::sort(found.begin(), found.end());
        std::string text;
        for (const std::string& name : found) text += name + " ";
        return text;
    }
};

TEST_F(EdgeListLayers, directory_to_file) {
    layers({Archive().file("x/a/b"), Archive().file("x", "file")});
    EXPECT_EQ(content("x"), "file");
}

TEST_F(EdgeListLayers, file_to_directory) {
    layers({Archive().file("x"), Archive().directory("x").file("x/a", "1")});
    EXPECT_EQ(content("x/a"), "1");
}

TEST_F(EdgeListLayers, directory_to_symbolic_link) {
    layers({Archive().file("x/a").directory("y"), Archive().symlink("x", "y")});
    EXPECT_EQ(link("x"), "y");
    EXPECT_EQ(names("y"), "");
}

TEST_F(EdgeListLayers, symbolic_link_to_directory) {
    layers({Archive().file("y/kept").symlink("x", "y"), Archive().directory("x").file("x/a")});
    EXPECT_TRUE(S_ISDIR(status("x").st_mode));
    EXPECT_EQ(names("y"), "kept ");
}

TEST_F(EdgeListLayers, symbolic_link_to_directory_with_keep_dirlinks) {
    layers({Archive().file("y/kept").symlink("x", "y"), Archive().directory("x").file("x/a")},
           {.keep_dirlinks = true});
    EXPECT_EQ(link("x"), "y");
    EXPECT_EQ(names("y"), "a kept ");
}

TEST_F(EdgeListLayers, directory_over_directory_gets_new_attributes_and_no_old_ones) {
    layers({Archive().pax(pax_record("SCHILY.xattr.user.old", "1")).directory("d", 0700).file("d/f"),
            Archive().pax(pax_record("SCHILY.xattr.user.new", "2")).directory("d", 0755, 7)});
    EXPECT_EQ(xattr("d", "user.old") + xattr("d", "user.new"), "-2");
    EXPECT_EQ(status("d").st_mode, 0040755U);
    EXPECT_EQ(names("d"), "f ");
}

TEST_F(EdgeListLayers, entry_under_what_is_no_directory) {
    layers({Archive().file("f").fifo("p"), Archive().file("f/a", "1").file("p/b", "2")});
    EXPECT_EQ(content("f/a") + content("p/b"), "12");
}

TEST_F(EdgeListLayers, whiteout_hides_only_lower_layers) {
    layers({Archive().file("a", "lower"), Archive().file("a", "upper").file(".wh.a")});
    EXPECT_EQ(content("a"), "upper");
}

TEST_F(EdgeListLayers, whiteout_before_re_creation_in_its_layer) {
    layers({Archive().file("d/a").file("d/b"), Archive().file(".wh.d").file("d/c")});
    EXPECT_EQ(names("d"), "c ");
}

TEST_F(EdgeListLayers, whiteout_after_re_creation_in_its_layer) {
    layers({Archive().file("d/a").file("d/b"), Archive().file("d/c").file(".wh.d")});
    EXPECT_EQ(names("d"), "c ");
}

TEST_F(EdgeListLayers, whiteout_of_a_symbolic_link) {
    layers({Archive().file("y/f").symlink("x", "y"), Archive().file(".wh.x")});
    EXPECT_EQ(names(), "y ");
    EXPECT_EQ(names("y"), "f ");
}

TEST_F(EdgeListLayers, whiteout_through_a_symbolic_link) {
    layers({Archive().file("y/f").file("y/g").symlink("x", "y"), Archive().file("x/.wh.f")});
    EXPECT_EQ(names("y"), "g ");
    EXPECT_EQ(link("x"), "y");
}

TEST_F(EdgeListLayers, whiteout_of_what_is_not_there) {
    layers({Archive().file("a"), Archive().file(".wh.b").file("c/.wh.d")});
    EXPECT_EQ(names(), "a ");
}

TEST_F(EdgeListLayers, opaque_directory_in_any_order) {
    layers(
        {Archive().file("d/a").file("d/e/b"), Archive().file("d/new").file("d/.wh..wh..opq").file("d/late")});
    EXPECT_EQ(names("d"), "late new ");
}

TEST_F(EdgeListLayers, opaque_on_a_missing_directory) {
    layers({Archive().file("a"), Archive().file("missing/.wh..wh..opq").file("missing/f")});
    EXPECT_EQ(names(), "a missing ");
    EXPECT_EQ(names("missing"), "f ");
}

TEST_F(EdgeListLayers, opaque_on_the_root) {
    layers({Archive().file("a").file("d/b"), Archive().file(".wh..wh..opq").file("d/c")});
    EXPECT_EQ(names(), "d ");
    EXPECT_EQ(names("d"), "c ");
}

TEST_F(EdgeListLayers, whiteout_without_a_name) {
    EXPECT_FALSE(apply(Archive().file("d/.wh.")).has_value());
}

TEST_F(EdgeListLayers, whiteout_of_dot_and_dot_dot) {
    ASSERT_THAT(apply(Archive().file("d/f")), IsOk());
    EXPECT_FALSE(apply(Archive().file("d/.wh..")).has_value());
    EXPECT_FALSE(apply(Archive().file("d/.wh...")).has_value());
    EXPECT_EQ(names("d"), "f ");
}

TEST_F(EdgeListLayers, other_names_of_aufs_mean_nothing) {
    layers({Archive().file("f", "x"),
            Archive().directory(".wh..wh.plnk").file(".wh..wh.plnk/1.2").file(".wh..wh.aufs")});
    EXPECT_EQ(names(), "f ");
}

TEST_F(EdgeListLayers, no_whiteout_is_seen_afterwards) {
    layers({Archive().file("a").file("d/b"),
            Archive().file(".wh.a").file("d/.wh.b").file("d/.wh..wh..opq").file("e/.wh.x")});
    for (const auto& found : std::filesystem::recursive_directory_iterator(inside("")))
        EXPECT_FALSE(found.path().filename().string().starts_with(".wh.")) << found.path();
}

// --- blobs ---------------------------------------------------------------------------------------------

class EdgeListBlobs : public LayerTest {
protected:
    oci::Result<void> apply_as(const std::string& blob, const std::string& tar, Compression compression,
                               const std::function<void(LayerSource&)>& change = {}) {
        std::filesystem::create_directories(temporary_.path("scratch"));
        write_host_file("scratch/blob", blob);
        const oci::Fd file = oci::open_file(scratch("blob"), O_RDONLY).value();
        LayerSource layer{file, std::string(layer_media_type(compression)), digest_of(blob), blob.size(),
                          digest_of(tar)};
        if (change) change(layer);
        return apply_layer_blob(layer, root_, {});
    }
    std::string tar_ = Archive().file("f", sample_text(50'000)).bytes();
};

TEST_F(EdgeListBlobs, gzip_of_several_members) {
    const std::string blob = compress(Compression::gzip, tar_.substr(0, 777)) +
                             compress(Compression::gzip, "") + compress(Compression::gzip, tar_.substr(777));
    ASSERT_THAT(apply_as(blob, tar_, Compression::gzip), IsOk());
    EXPECT_EQ(content("f"), sample_text(50'000));
}

TEST_F(EdgeListBlobs, zstd_of_several_frames_with_skippable_ones_as_zstd_chunked_has) {
    const std::string skippable = "\x50\x2a\x4d\x18\x04\0\0\0toc!"s;
    const std::string blob = skippable + compress(Compression::zstd, tar_.substr(0, 777)) + skippable +
                             compress(Compression::zstd, tar_.substr(777)) + skippable;
    ASSERT_THAT(apply_as(blob, tar_, Compression::zstd), IsOk());
    EXPECT_EQ(content("f"), sample_text(50'000));
}

TEST_F(EdgeListBlobs, zeros_after_the_end_of_the_blob) {
    EXPECT_THAT(apply_as(compress(Compression::gzip, tar_) + std::string(512, '\0'), tar_, Compression::gzip),
                IsOk());
}

TEST_F(EdgeListBlobs, zeros_after_the_end_of_the_archive_count_for_the_diff_id) {
    const std::string longer = tar_ + std::string(10240, '\0');
    EXPECT_THAT(apply_as(compress(Compression::gzip, longer), longer, Compression::gzip), IsOk());
    EXPECT_THAT(apply_as(compress(Compression::gzip, longer), tar_, Compression::gzip),
                FailsWith("image config says"));
}

TEST_F(EdgeListBlobs, trailing_junk_counts_for_the_diff_id) {
    const std::string longer = tar_ + "junk";
    EXPECT_THAT(apply_as(longer, longer, Compression::none), IsOk());
    EXPECT_THAT(apply_as(longer, tar_, Compression::none), FailsWith("image config says"));
}

TEST_F(EdgeListBlobs, empty_layers) {
    for (const std::string& empty :
         {""s, std::string(512, '\0'), std::string(1024, '\0'), std::string(10240, '\0')}) {
        EXPECT_THAT(apply_as(compress(Compression::gzip, empty), empty, Compression::gzip), IsOk());
        EXPECT_THAT(apply_as(empty, empty, Compression::none), IsOk());
    }
}

TEST_F(EdgeListBlobs, uncompressed_layer) {
    ASSERT_THAT(apply_as(tar_, tar_, Compression::none), IsOk());
    EXPECT_EQ(content("f"), sample_text(50'000));
}

TEST_F(EdgeListBlobs, diff_id_of_another_content) {
    EXPECT_THAT(apply_as(compress(Compression::gzip, tar_), "another", Compression::gzip),
                FailsWith("image config says"));
}

TEST_F(EdgeListBlobs, descriptor_of_another_size) {
    const std::string blob = compress(Compression::gzip, tar_);
    EXPECT_THAT(apply_as(blob, tar_, Compression::gzip, [](LayerSource& layer) { layer.size += 1; }),
                FailsWith("has only"));
    EXPECT_THAT(apply_as(blob, tar_, Compression::gzip, [](LayerSource& layer) { layer.size -= 1; }),
                FailsWith("longer than"));
}

TEST_F(EdgeListBlobs, stream_longer_than_its_descriptor) {
    const std::string blob = compress(Compression::gzip, tar_);
    EXPECT_THAT(apply_as(blob + compress(Compression::gzip, "more"), tar_, Compression::gzip,
                         [&](LayerSource& layer) {
                             layer.size = blob.size();
                             layer.digest = digest_of(blob);
                         }),
                FailsWith("longer than"));
}

TEST_F(EdgeListBlobs, media_types_of_docker_and_of_layers_not_to_be_distributed) {
    for (const char* type :
         {"application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.docker.image.rootfs.diff.tar",
          "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
          "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
          "application/vnd.oci.image.layer.v1.tar+zstd"}) {
        EXPECT_THAT(apply_as(compress(Compression::gzip, tar_), tar_, Compression::gzip,
                             [&](LayerSource& layer) { layer.media_type = type; }),
                    IsOk())
            << type;
    }
}

TEST_F(EdgeListBlobs, I23_file_systems_are_never_given_to_the_kernel) {
    const std::string erofs = std::string(1024, '\0') + "\xe2\xe1\xf5\xe0" + std::string(3068, '\0');
    const std::string squashfs = "hsqs" + std::string(4092, '\0');
    for (const std::string& blob : {erofs, squashfs}) {
        for (const char* type :
             {"application/vnd.erofs", "application/vnd.erofs.layer.v1",
              "application/vnd.oci.image.layer.v1.erofs", "application/vnd.oci.image.layer.squashfs",
              "application/vnd.stacker.image.layer.squashfs+zstd+verity"}) {
            EXPECT_THAT(
                apply_as(blob, blob, Compression::none, [&](LayerSource& layer) { layer.media_type = type; }),
                FailsWith("not supported"))
                << type;
        }
        // Under a tar's media type it is a broken archive, or the zeros at its start are an empty one.
        EXPECT_EQ(apply_as(blob, blob, Compression::none).has_value(), blob == erofs);
    }
    EXPECT_TRUE(std::filesystem::is_empty(inside("")));
}

}  // namespace
}  // namespace ocimg::test
