#include "imagetool/stream/compression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/stream/stream_text.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using namespace std::string_literals;

class EveryCompression : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, EveryCompression,
                         testing::Values(Compression::none, Compression::gzip, Compression::zstd),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

TEST_P(EveryCompression, gives_back_what_was_written) {
    const std::string text = sample_text(3'000'000);
    const oci::Result<std::string> result = decompress(GetParam(), compress(GetParam(), text), 70'001);
    ASSERT_THAT(result, IsOk());
    EXPECT_TRUE(*result == text);
}

TEST_P(EveryCompression, carries_an_empty_stream) {
    const oci::Result<std::string> result = decompress(GetParam(), compress(GetParam(), ""));
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(*result, "");
}

TEST_P(EveryCompression, output_does_not_depend_on_how_input_is_cut) {
    const std::string text = sample_text(6'000'000);
    MemorySink sink;
    const std::unique_ptr<Compressor> compressor = open_compressor(GetParam(), sink);
    for (std::size_t i = 0; i < text.size(); i += 777) {
        ASSERT_THAT(compressor->write(bytes_of(std::string_view(text).substr(i, 777))), IsOk());
    }
    ASSERT_THAT(compressor->finish(), IsOk());
    EXPECT_TRUE(sink.data() == compress(GetParam(), text));
}

TEST_P(EveryCompression, is_told_by_its_first_bytes) {
    const std::string blob = compress(GetParam(), "some text");
    EXPECT_EQ(compression_of_magic(bytes_of(blob)), GetParam());
    MemorySource source(blob);
    const auto plain = open_by_magic(source);
    ASSERT_THAT(plain, IsOk());
    EXPECT_EQ(read_text(**plain).value(), "some text");
}

TEST_P(EveryCompression, media_type_names_it) {
    EXPECT_EQ(compression_of_media_type(layer_media_type(GetParam())).value(), GetParam());
}

TEST_P(EveryCompression, every_level_can_be_read_again) {
    const std::string text = sample_text(1'500'000);
    const LevelRange range = levels_of(GetParam());
    for (int level = range.least; level <= range.most; ++level) {
        MemorySink sink;
        const std::unique_ptr<Compressor> compressor = open_compressor(GetParam(), sink, level);
        ASSERT_THAT(compressor->write(bytes_of(text)), IsOk());
        ASSERT_THAT(compressor->finish(), IsOk());
        const oci::Result<std::string> result = decompress(GetParam(), sink.data());
        ASSERT_THAT(result, IsOk()) << "level " << level;
        EXPECT_TRUE(*result == text) << "level " << level;
    }
}

class Compressed : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, Compressed, testing::Values(Compression::gzip, Compression::zstd),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

TEST_P(Compressed, every_truncation_is_an_error) {
    const std::string blob = compress(GetParam(), sample_text(20'000));
    for (std::size_t size = 0; size < blob.size(); ++size) {
        ASSERT_FALSE(decompress(GetParam(), blob.substr(0, size)).has_value()) << "cut at " << size;
    }
}

TEST_P(Compressed, flipped_content_is_an_error) {
    const std::string blob = compress(GetParam(), sample_text(20'000));
    for (std::size_t at = 20; at < blob.size(); at += 97) {
        std::string damaged = blob;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        ASSERT_FALSE(decompress(GetParam(), damaged).has_value()) << "flipped at " << at;
    }
}

TEST_P(Compressed, several_members_are_one_stream_whatever_the_reads) {
    std::string blob;
    std::string text;
    for (const std::size_t size : {0U, 1U, 5U, 70'000U, 0U, 3U}) {
        text += sample_text(size);
        blob += compress(GetParam(), sample_text(size));
    }
    for (const std::size_t step : {1U, 2U, 3U, 7U, 10U, 4096U, 1'000'000U}) {
        const oci::Result<std::string> result = decompress(GetParam(), blob, step);
        ASSERT_THAT(result, IsOk()) << step;
        ASSERT_TRUE(*result == text) << step;
    }
}

TEST_P(Compressed, garbage_after_the_end_is_an_error) {
    EXPECT_FALSE(decompress(GetParam(), compress(GetParam(), "text") + "garbage").has_value());
}

TEST(Gzip, pieces_deflated_side_by_side_are_one_member) {
    constexpr std::size_t piece = 512U << 10U;
    for (const std::size_t size : {piece - 1, piece, piece + 1, 3 * piece, 40 * piece + 5}) {
        const std::string text = sample_text(size);
        const std::string blob = compress(Compression::gzip, text);
        ASSERT_TRUE(decompress(Compression::gzip, blob).value() == text) << size;
        // Threads take the pieces as they come; the bytes must not tell.
        ASSERT_TRUE(compress(Compression::gzip, text) == blob) << size;
        // One member has one trailer, which counts the whole text.
        const std::string count = blob.substr(blob.size() - 4);
        std::size_t said = 0;
        for (std::size_t i = 4; i-- > 0;) said = said << 8U | static_cast<unsigned char>(count[i]);
        ASSERT_EQ(said, size);
    }
}

TEST(Gzip, bytes_do_not_depend_on_where_its_memory_lies) {
    // At the first bytes of a stream ISA-L hashes a register that it never set and that holds the address of
    // its state. In a text this short the hash is that of the first bytes for one place in about a hundred.
    const std::string text = "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz abcdef 0123456789";
    for (int level = 0; level <= 3; ++level) {
        std::set<std::string> blobs;
        std::vector<std::unique_ptr<char[]>> in_between;
        for (int place = 0; place < 1000; ++place) {
            MemorySink sink;
            const std::unique_ptr<Compressor> compressor = open_compressor(Compression::gzip, sink, level);
            ASSERT_THAT(compressor->write(bytes_of(text)), IsOk());
            ASSERT_THAT(compressor->finish(), IsOk());
            blobs.insert(sink.data());
            // Takes the room where the state was, which makes the next one lie elsewhere.
            in_between.push_back(std::make_unique<char[]>(std::size_t{70} << 10U));
        }
        EXPECT_EQ(blobs.size(), 1U) << "level " << level;
    }
}

TEST(Gzip, every_small_size_is_read_again) {
    for (std::size_t size = 0; size < 600; ++size) {
        const std::string text = sample_text(size);
        EXPECT_EQ(decompress(Compression::gzip, compress(Compression::gzip, text)).value(), text) << size;
    }
}

TEST(Gzip, a_sink_dropped_before_its_end_leaves_no_thread_behind) {
    MemorySink sink;
    const std::unique_ptr<Compressor> compressor = open_compressor(Compression::gzip, sink);
    ASSERT_THAT(compressor->write(bytes_of(sample_text(5'000'000))), IsOk());
}

TEST(Gzip, zeros_after_the_last_member_are_ignored) {
    const std::string blob = compress(Compression::gzip, "text");
    EXPECT_EQ(decompress(Compression::gzip, blob + std::string(5000, '\0')).value(), "text");
    EXPECT_THAT(decompress(Compression::gzip, blob + "\0x"s), FailsWith("bytes after its end"));
}

TEST(Gzip, header_has_no_time_and_no_name) {
    EXPECT_EQ(compress(Compression::gzip, "text").substr(0, 8), "\x1f\x8b\x08\x00\x00\x00\x00\x00"s);
}

TEST(Gzip, header_with_every_optional_field_is_read) {
    const std::string plain = compress(Compression::gzip, "the text of the member");
    const std::string header =
        "\x1f\x8b\x08\x1c\x01\x02\x03\x04\x00\x03"s  // FEXTRA, FNAME, FCOMMENT
        "\x06\x00SG\x02\x00xy"s
        "file name\0"s
        "a comment\0"s;
    for (const std::size_t step : {1U, 5U, 1000U}) {
        const auto result = decompress(Compression::gzip, header + plain.substr(10), step);
        ASSERT_THAT(result, IsOk()) << step;
        EXPECT_EQ(*result, "the text of the member");
    }
}

TEST(Gzip, wrong_checksum_is_named) {
    std::string blob = compress(Compression::gzip, "text");
    blob[blob.size() - 6] = static_cast<char>(blob[blob.size() - 6] ^ 1);
    EXPECT_THAT(decompress(Compression::gzip, blob), FailsWith("checksum"));
}

TEST(Zstd, skippable_frames_are_passed_over) {
    const std::string skippable =
        "\x5a\x2a\x4d\x18\x05\x00\x00\x00"s
        "12345"s;
    const std::string one = compress(Compression::zstd, "one ");
    const std::string two = compress(Compression::zstd, "two");
    const std::string blob = skippable + one + skippable + skippable + two + skippable;
    EXPECT_EQ(compression_of_magic(bytes_of(blob)), Compression::zstd);
    for (const std::size_t step : {1U, 3U, 1000U}) {
        EXPECT_EQ(decompress(Compression::zstd, blob, step).value(), "one two");
    }
}

TEST(Zstd, window_above_128_mebibytes_is_refused) {
    // Magic, no single segment, window descriptor 18 << 3 (256 MiB), then an empty last block.
    const std::string blob = "\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00"s;
    EXPECT_THAT(decompress(Compression::zstd, blob), FailsWith("too much memory"));
}

TEST(Compression, docker_media_types_are_known) {
    EXPECT_EQ(compression_of_media_type("application/vnd.docker.image.rootfs.diff.tar.gzip").value(),
              Compression::gzip);
    EXPECT_EQ(
        compression_of_media_type("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd").value(),
        Compression::zstd);
}

TEST(Compression, unknown_media_types_are_refused) {
    for (const char* type : {"", "application/vnd.erofs", "application/vnd.oci.image.layer.v1.tar+xz",
                             "application/vnd.oci.image.config.v1+json"}) {
        EXPECT_THAT(compression_of_media_type(type), FailsWith("is not supported")) << type;
    }
}

TEST(Compression, a_blob_too_short_for_a_magic_is_what_its_media_type_says) {
    MemorySource source("");
    const auto plain = open_by_magic(source, Compression::gzip);
    ASSERT_THAT(plain, IsOk());
    EXPECT_THAT(read_text(**plain), FailsWith("empty"));
}

}  // namespace
}  // namespace ocimg::test
