#include "imagetool/stream/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imagetool/stream/hashing.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/stream/stream_text.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

/// Gives `good` bytes, then fails.
class FailingSource final : public ByteSource {
public:
    explicit FailingSource(std::size_t good) : left_(good) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        if (left_ == 0) return oci::failure("the disk is gone");
        const std::size_t count = std::min(left_, buffer.size());
        left_ -= count;
        return count;
    }

private:
    std::size_t left_;
};

class EndlessSource final : public ByteSource {
public:
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return buffer.size(); }
};

class FailingSink final : public ByteSink {
public:
    oci::Result<void> write(std::span<const std::byte>) override { return oci::failure("the disk is full"); }
};

TEST(ReadAhead, gives_the_same_bytes) {
    for (const std::size_t size : {0U, 1U, 262'144U, 262'145U, 3'000'000U}) {
        const std::string text = sample_text(size);
        MemorySource source(text);
        ReadAheadSource ahead(source);
        EXPECT_TRUE(read_text(ahead, 100'003).value() == text) << size;
    }
}

TEST(ReadAhead, blocks_and_reads_can_be_mixed) {
    const std::string text = sample_text(1'000'000);
    MemorySource source(text);
    ReadAheadSource ahead(source);
    std::string seen;
    std::vector<std::byte> buffer(1000);
    for (;;) {
        const std::size_t count = ahead.read(buffer).value();
        seen.append(text_of(std::span(buffer).first(count)));
        const auto block = ahead.next_block().value();
        seen.append(text_of(block));
        if (block.empty() && count == 0) break;
    }
    EXPECT_TRUE(seen == text);
}

TEST(ReadAhead, hands_on_an_error_after_the_bytes_before_it) {
    FailingSource source(600'000);
    ReadAheadSource ahead(source);
    EXPECT_THAT(read_text(ahead), FailsWith("the disk is gone"));
}

TEST(ReadAhead, can_be_dropped_in_the_middle) {
    EndlessSource source;
    ReadAheadSource ahead(source);
    EXPECT_FALSE(ahead.next_block().value().empty());
}

TEST(WriteBehind, writes_the_same_bytes) {
    const std::string text = sample_text(2'000'000);
    MemorySink sink;
    {
        WriteBehindSink behind(sink);
        for (std::size_t i = 0; i < text.size(); i += 999) {
            ASSERT_THAT(behind.write(bytes_of(std::string_view(text).substr(i, 999))), IsOk());
        }
        ASSERT_THAT(behind.finish(), IsOk());
    }
    EXPECT_TRUE(sink.data() == text);
}

TEST(WriteBehind, tells_of_an_error_and_does_not_block) {
    FailingSink sink;
    WriteBehindSink behind(sink);
    const std::string text = sample_text(10'000'000);
    const oci::Result<void> written = behind.write(bytes_of(text));
    EXPECT_THAT(written, FailsWith("the disk is full"));
    EXPECT_THAT(behind.finish(), FailsWith("the disk is full"));
}

TEST(Hasher, computes_known_digests) {
    Hasher sha256(HashAlgorithm::sha256);
    sha256.update(bytes_of("abc"));
    EXPECT_EQ(sha256.finish(), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Hasher sha512(HashAlgorithm::sha512);
    EXPECT_EQ(sha512.finish(),
              "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
              "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
}

TEST(Digest, only_well_formed_ones_are_accepted) {
    const std::string hex(64, 'a');
    EXPECT_THAT(algorithm_of("sha256:" + hex), IsOk());
    EXPECT_THAT(algorithm_of("sha512:" + hex + hex), IsOk());
    for (const std::string& digest :
         {std::string(), hex, "sha256:" + hex + "a", "sha256:" + hex.substr(1),
          "sha256:" + std::string(64, 'A'), "md5:" + hex, std::string("sha256:../../canary"), "sha512:" + hex,
          "sha256:" + hex.substr(1) + "?"}) {
        EXPECT_THAT(algorithm_of(digest), FailsWith("digest")) << digest;
    }
}

oci::Result<std::string> verify(const std::string& text, const std::string& digest, std::uint64_t size) {
    MemorySource source(text);
    const std::unique_ptr<VerifyingSource> verifying = TRY(VerifyingSource::open(source, digest, size));
    return read_text(*verifying);
}

constexpr const char* abc_digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Verifying, passes_the_expected_blob) {
    EXPECT_EQ(verify("abc", abc_digest, 3).value(), "abc");
}

TEST(Verifying, refuses_other_sizes_and_other_content) {
    EXPECT_THAT(verify("abc", abc_digest, 4), FailsWith("only 3 of the 4 bytes"));
    EXPECT_THAT(verify("abc", abc_digest, 2), FailsWith("longer than the 2 bytes"));
    EXPECT_THAT(verify("abc", abc_digest, 0), FailsWith("longer than the 0 bytes"));
    EXPECT_THAT(verify("abd", abc_digest, 3), FailsWith("is damaged"));
    EXPECT_THAT(verify("abc", "sha256:abc", 3), FailsWith("neither"));
}

TEST(Verifying, repeats_its_refusal) {
    MemorySource source("abd");
    const auto verifying = VerifyingSource::open(source, abc_digest, 3).value();
    EXPECT_THAT(read_text(*verifying), FailsWith("is damaged"));
    EXPECT_THAT(verifying->verify_rest(), FailsWith("is damaged"));
}

}  // namespace
}  // namespace ocimg::test
