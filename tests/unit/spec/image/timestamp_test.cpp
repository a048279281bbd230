#include "spec/image/timestamp.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace oci::spec {
namespace {

using test::FailsWith;
using test::IsOk;

TEST(Timestamp, spec_example_goes_there_and_back) {
    const auto moment = parse_timestamp("2015-10-31T22:22:56.015925234Z");
    ASSERT_THAT(moment, IsOk());
    EXPECT_EQ(moment->seconds, 1446330176);
    EXPECT_EQ(moment->nanoseconds, 15925234U);
    EXPECT_EQ(to_text(*moment), "2015-10-31T22:22:56.015925234Z");
}

TEST(Timestamp, epoch_and_before) {
    EXPECT_EQ(to_text(Timestamp{}), "1970-01-01T00:00:00Z");
    EXPECT_EQ(to_text(Timestamp{.seconds = -1}), "1969-12-31T23:59:59Z");
    EXPECT_EQ(parse_timestamp("0001-01-01T00:00:00Z")->seconds, -62135596800);
}

TEST(Timestamp, offsets_are_taken_off) {
    EXPECT_EQ(parse_timestamp("1970-01-01T01:00:00+01:00")->seconds, 0);
    EXPECT_EQ(parse_timestamp("1969-12-31T18:30:00-05:30")->seconds, 0);
}

TEST(Timestamp, leap_days) {
    EXPECT_THAT(parse_timestamp("2000-02-29T00:00:00Z"), IsOk());
    EXPECT_THAT(parse_timestamp("1900-02-29T00:00:00Z"), FailsWith("RFC 3339"));
    EXPECT_EQ(to_text(*parse_timestamp("2024-02-29T12:00:00.5Z")), "2024-02-29T12:00:00.5Z");
}

TEST(Timestamp, broken_texts_are_refused) {
    for (const char* text :
         {"", "2015", "2015-13-01T00:00:00Z", "2015-01-01 00:00:00Z", "2015-01-01T24:00:00Z",
          "2015-01-01T00:00:00", "2015-01-01T00:00:00.Z", "2015-01-01T00:00:00Zx", "2015-1-01T00:00:00Z",
          "2015-04-31T00:00:00Z", "-015-04-30T00:00:00Z"}) {
        EXPECT_THAT(parse_timestamp(text), FailsWith("RFC 3339")) << text;
    }
}

}  // namespace
}  // namespace oci::spec
