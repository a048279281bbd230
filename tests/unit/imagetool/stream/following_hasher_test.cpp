#include "imagetool/stream/following_hasher.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ocimg {
namespace {

using oci::test::FailsWith;

std::string digest_of(const std::string& text) {
    Hasher hasher;
    hasher.update(bytes_of(text));
    return hasher.finish();
}

class FollowingHasherTest : public testing::Test {
protected:
    FollowingHasherTest()
        : file_(oci::open_file(directory_.path() + "/file", O_RDWR | O_CREAT, 0600).value()) {}

    void append(const std::string& text) { ASSERT_TRUE(oci::write_all(file_, text).has_value()); }

    oci::test::TemporaryDirectory directory_;
    oci::Fd file_;
};

TEST_F(FollowingHasherTest, hashes_what_is_written_later) {
    FollowingHasher hasher(file_, HashAlgorithm::sha256);
    std::string all;
    for (char c = 'a'; c <= 'z'; ++c) {
        const std::string piece(300'000, c);
        append(piece);
        all += piece;
        hasher.advance(all.size());
    }
    EXPECT_EQ(hasher.finish().value(), digest_of(all));
}

TEST_F(FollowingHasherTest, needs_no_thread_for_little) {
    append("some text");
    FollowingHasher hasher(file_, HashAlgorithm::sha256);
    hasher.advance(9);
    EXPECT_EQ(hasher.finish().value(), digest_of("some text"));
}

TEST_F(FollowingHasherTest, takes_only_what_it_was_told_of) {
    append("some text");
    FollowingHasher hasher(file_, HashAlgorithm::sha256);
    hasher.advance(4);
    EXPECT_EQ(hasher.finish().value(), digest_of("some"));
}

TEST_F(FollowingHasherTest, leaves_the_position_of_the_file_alone) {
    append("some text");
    FollowingHasher hasher(file_, HashAlgorithm::sha256);
    hasher.advance(9);
    ASSERT_TRUE(hasher.finish().has_value());
    EXPECT_EQ(::lseek(file_.get(), 0, SEEK_CUR), 9);
}

TEST_F(FollowingHasherTest, tells_of_a_file_that_was_cut_short) {
    FollowingHasher hasher(file_, HashAlgorithm::sha256);
    hasher.advance(2'000'000);
    EXPECT_THAT(hasher.finish(), FailsWith("cut short"));
}

TEST_F(FollowingHasherTest, may_be_dropped_in_the_middle) {
    append(std::string(3'000'000, 'x'));
    FollowingHasher hasher(file_, HashAlgorithm::sha256);
    hasher.advance(3'000'000);
}

}  // namespace
}  // namespace ocimg
