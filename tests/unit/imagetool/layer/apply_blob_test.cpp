// Blobs: compression, sizes, digests and diff ids.

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"
#include "tests/unit/imagetool/stream/stream_text.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

class ApplyBlob : public LayerTest {
protected:
    void SetUp() override {
        LayerTest::SetUp();
        std::filesystem::create_directory(temporary_.path("scratch"));
    }

    /// A layer whose descriptor and diff id are right, until a test changes them.
    LayerSource layer_of(const std::string& blob, const std::string& tar, Compression compression) {
        write_host_file("scratch/blob", blob);
        file_ = oci::open_file(scratch("blob"), O_RDONLY).value();
        return {file_, std::string(layer_media_type(compression)), digest_of(blob), blob.size(),
                digest_of(tar)};
    }
    oci::Result<void> apply_layer_of(const LayerSource& layer) { return apply_layer_blob(layer, root_, {}); }

    std::string tar_ = Archive().file("f", sample_text(700'000)).directory("d").bytes();

private:
    oci::Fd file_;
};

TEST_F(ApplyBlob, every_compression) {
    for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd}) {
        ASSERT_THAT(apply_layer_of(layer_of(compress(compression, tar_), tar_, compression)), IsOk());
        EXPECT_TRUE(content("f") == sample_text(700'000));
        std::filesystem::remove(inside("f"));
    }
}

TEST_F(ApplyBlob, docker_media_type_and_wrong_compression_label) {
    LayerSource layer = layer_of(compress(Compression::zstd, tar_), tar_, Compression::gzip);
    layer.media_type = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    EXPECT_THAT(apply_layer_of(layer), IsOk());
}

TEST_F(ApplyBlob, sha512_digests) {
    LayerSource layer = layer_of(tar_, tar_, Compression::none);
    Hasher hasher(HashAlgorithm::sha512);
    hasher.update(bytes_of(tar_));
    layer.digest = hasher.finish();
    layer.diff_id = layer.digest;
    EXPECT_THAT(apply_layer_of(layer), IsOk());
}

TEST_F(ApplyBlob, members_padding_and_empty_layers) {
    const std::string members = compress(Compression::gzip, tar_.substr(0, 5000)) +
                                compress(Compression::gzip, tar_.substr(5000)) + std::string(100, '\0');
    EXPECT_THAT(apply_layer_of(layer_of(members, tar_, Compression::gzip)), IsOk());
    const std::string empty(1024, '\0');
    EXPECT_THAT(apply_layer_of(layer_of(compress(Compression::gzip, empty), empty, Compression::gzip)),
                IsOk());
    EXPECT_THAT(apply_layer_of(layer_of("", "", Compression::none)), IsOk());
}

TEST_F(ApplyBlob, bytes_after_the_archive_count_for_the_diff_id) {
    const std::string longer = tar_ + "trailing bytes";
    EXPECT_THAT(apply_layer_of(layer_of(compress(Compression::gzip, longer), longer, Compression::gzip)),
                IsOk());
    EXPECT_THAT(apply_layer_of(layer_of(compress(Compression::gzip, longer), tar_, Compression::gzip)),
                FailsWith("image config says"));
}

TEST_F(ApplyBlob, wrong_size_digest_and_diff_id) {
    const std::string blob = compress(Compression::gzip, tar_);
    const LayerSource good = layer_of(blob, tar_, Compression::gzip);
    const auto with = [&](auto change) {
        LayerSource layer = layer_of(blob, tar_, Compression::gzip);
        change(layer);
        return apply_layer_of(layer);
    };
    EXPECT_THAT(with([](LayerSource& l) { l.size += 1; }), FailsWith("has only"));
    EXPECT_THAT(with([](LayerSource& l) { l.size -= 1; }), FailsWith("longer than"));
    EXPECT_THAT(with([](LayerSource& l) { l.size = 0; }), FailsWith("longer than"));
    EXPECT_THAT(with([](LayerSource& l) { l.size = ~std::uint64_t{0}; }), FailsWith("has only"));
    EXPECT_THAT(with([](LayerSource& l) { l.digest = l.diff_id; }), FailsWith("is damaged"));
    EXPECT_THAT(with([](LayerSource& l) { l.diff_id = l.digest; }), FailsWith("image config says"));
    EXPECT_THAT(with([](LayerSource& l) { l.digest = "sha256:../../canary"; }), FailsWith("neither"));
    EXPECT_THAT(with([](LayerSource& l) { l.diff_id = "md5:0"; }), FailsWith("diff id"));
    EXPECT_THAT(with([](LayerSource& l) { l.media_type = "application/vnd.erofs"; }),
                FailsWith("not supported"));
    EXPECT_THAT(with([](LayerSource&) {}), IsOk());
    EXPECT_THAT(with([](LayerSource& l) { l.diff_id.clear(); }), IsOk());
}

TEST_F(ApplyBlob, blobs_cut_or_flipped_anywhere_are_named_as_damaged) {
    const std::string tar = Archive().file("f", sample_text(3000)).bytes();
    for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd}) {
        const std::string blob = compress(compression, tar);
        for (std::size_t at = 0; at < blob.size(); at += 37) {
            std::string flipped = blob;
            flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
            LayerSource layer = layer_of(flipped, tar, compression);
            layer.digest = digest_of(blob);
            ASSERT_THAT(apply_layer_of(layer), FailsWith("is damaged")) << name_of(compression) << at;
            LayerSource cut = layer_of(blob.substr(0, at), tar, compression);
            cut.size = blob.size();
            ASSERT_THAT(apply_layer_of(cut), FailsWith("has only")) << name_of(compression) << at;
        }
    }
}

TEST_F(ApplyBlob, a_blob_whose_descriptor_fits_its_damage_is_an_error_still) {
    const std::string tar = Archive().file("f", sample_text(3000)).bytes();
    for (const Compression compression : {Compression::gzip, Compression::zstd}) {
        const std::string blob = compress(compression, tar);
        for (std::size_t size = 0; size < blob.size(); size += 41) {
            ASSERT_FALSE(apply_layer_of(layer_of(blob.substr(0, size), tar, compression)).has_value())
                << size;
        }
        EXPECT_FALSE(apply_layer_of(layer_of(blob + "x", tar, compression)).has_value());
    }
}

long peak_memory_kib() {
    struct rusage usage {};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

TEST_F(ApplyBlob, memory_does_not_grow_with_what_a_small_blob_holds) {
    constexpr std::size_t member_size = 4U << 20U;
    constexpr unsigned member_count = 32;
    std::string blob =
        compress(Compression::gzip, header_block({.name = "zeros", .size = member_size * member_count}));
    const std::string member = compress(Compression::gzip, std::string(member_size, '\0'));
    for (unsigned i = 0; i < member_count; ++i) blob += member;
    LayerSource layer = layer_of(blob, "", Compression::gzip);
    layer.diff_id.clear();
    const long before = peak_memory_kib();
    ASSERT_THAT(apply_layer_of(layer), IsOk());
    EXPECT_EQ(status("zeros").st_size, static_cast<off_t>(member_size * member_count));
    EXPECT_LT(peak_memory_kib() - before, 32 << 10);
}

}  // namespace
}  // namespace ocimg::test
