#include "spec/image/digest.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using test::FailsWith;
using test::IsOk;

const std::string hex64(64, 'a');

TEST(Digest, sha256_is_split_at_the_colon) {
    const auto digest = Digest::parse("sha256:" + hex64);
    ASSERT_THAT(digest, IsOk());
    EXPECT_EQ(digest->algorithm(), "sha256");
    EXPECT_EQ(digest->encoded(), hex64);
    EXPECT_TRUE(digest->can_be_verified());
}

TEST(Digest, sha512_needs_128_digits) {
    EXPECT_THAT(Digest::parse("sha512:" + hex64 + hex64), IsOk());
    EXPECT_THAT(Digest::parse("sha512:" + hex64), FailsWith("128 lower-case hex digits"));
}

TEST(Digest, upper_case_hex_is_refused) {
    EXPECT_THAT(Digest::parse("sha256:" + std::string(64, 'A')), FailsWith("64 lower-case hex digits"));
}

TEST(Digest, wrong_length_is_refused) {
    EXPECT_THAT(Digest::parse("sha256:" + hex64 + "a"), FailsWith("64 lower-case"));
    EXPECT_THAT(Digest::parse("sha256:abc"), FailsWith("64 lower-case"));
}

TEST(Digest, unregistered_algorithms_pass_but_cannot_be_verified) {
    const auto digest = Digest::parse("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8");
    ASSERT_THAT(digest, IsOk());
    EXPECT_FALSE(digest->can_be_verified());
}

TEST(Digest, paths_cannot_hide_in_a_digest) {
    EXPECT_THAT(Digest::parse("../../etc:passwd"), FailsWith("the algorithm may hold"));
    EXPECT_THAT(Digest::parse("x:../../etc/passwd"), FailsWith("the encoded part"));
    EXPECT_THAT(Digest::parse("x:"), FailsWith("the encoded part"));
    EXPECT_THAT(Digest::parse("a..b:c"), FailsWith("the algorithm may hold"));
}

TEST(Digest, text_without_colon_is_refused) {
    EXPECT_THAT(Digest::parse("sha256"), FailsWith("ALGORITHM:ENCODED"));
    EXPECT_THAT(Digest::parse(""), FailsWith("ALGORITHM:ENCODED"));
}

}  // namespace
}  // namespace oci::spec
