#include "runtime/cli/amounts.hpp"

#include "gtest/gtest.h"

namespace ocirun {
namespace {

TEST(ParseBytes, takes_plain_numbers_and_units_of_1024) {
    EXPECT_EQ(parse_bytes("-1"), -1);
    EXPECT_EQ(parse_bytes("0"), 0);
    EXPECT_EQ(parse_bytes("1048576"), 1048576);
    EXPECT_EQ(parse_bytes("512k"), 512 * 1024);
    EXPECT_EQ(parse_bytes("1.5g"), 1610612736);
    EXPECT_EQ(parse_bytes("64MiB"), 64 * 1024 * 1024);
    EXPECT_EQ(parse_bytes("3 GB"), std::int64_t{3} << 30);
    EXPECT_EQ(parse_bytes("7b"), 7);
}

TEST(ParseBytes, refuses_other_text) {
    for (const char* text : {"", "-2", "m", "1x", "1.2.3k", "1kk", "1 k b", "99999999999999999999p", "."})
        EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
}

TEST(ParseDuration, adds_up_what_go_writes) {
    EXPECT_EQ(parse_duration("5s"), 5'000'000'000);
    EXPECT_EQ(parse_duration("1m30s"), 90'000'000'000);
    EXPECT_EQ(parse_duration("250ms"), 250'000'000);
    EXPECT_EQ(parse_duration("1.5h"), 5'400'000'000'000);
    EXPECT_EQ(parse_duration("0"), 0);
}

TEST(ParseDuration, refuses_other_text) {
    for (const char* text : {"", "5", "s", "5 s", "-1s", "5x", "1.2.3s", "999999999h"})
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

}  // namespace
}  // namespace ocirun
