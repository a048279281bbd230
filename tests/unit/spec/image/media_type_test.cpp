#include "spec/image/media_type.hpp"

#include <gtest/gtest.h>

namespace oci::spec {
namespace {

TEST(MediaType, both_families_name_the_same_kinds) {
    EXPECT_EQ(media_kind(media_type::manifest), MediaKind::manifest);
    EXPECT_EQ(media_kind(media_type::docker_manifest), MediaKind::manifest);
    EXPECT_EQ(media_kind(media_type::index), MediaKind::index);
    EXPECT_EQ(media_kind(media_type::docker_index), MediaKind::index);
    EXPECT_EQ(media_kind(media_type::docker_config), MediaKind::config);
    EXPECT_EQ(media_kind("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), MediaKind::layer);
    EXPECT_EQ(media_kind("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"), MediaKind::layer);
}

TEST(MediaType, parameters_and_case_do_not_count) {
    EXPECT_EQ(media_kind("Application/vnd.oci.image.manifest.v1+JSON; charset=utf-8"), MediaKind::manifest);
}

TEST(MediaType, unknown_is_other) {
    EXPECT_EQ(media_kind("application/xml"), MediaKind::other);
    EXPECT_EQ(media_kind(""), MediaKind::other);
}

TEST(MediaType, docker_is_told_apart) {
    EXPECT_TRUE(is_docker_media_type(media_type::docker_layer_gzip));
    EXPECT_FALSE(is_docker_media_type(media_type::layer_tar_gzip));
}

TEST(MediaType, shape_is_type_slash_subtype) {
    EXPECT_TRUE(is_media_type("application/vnd.example+json"));
    EXPECT_FALSE(is_media_type("application"));
    EXPECT_FALSE(is_media_type("/json"));
    EXPECT_FALSE(is_media_type("application/a/b"));
    EXPECT_FALSE(is_media_type("appli cation/json"));
}

}  // namespace
}  // namespace oci::spec
