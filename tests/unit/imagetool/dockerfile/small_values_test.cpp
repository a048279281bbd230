// Modes, durations, sizes, ports, names: the small values of flags and words.

#include <gtest/gtest.h>

#include <array>

#include "imagetool/dockerfile/duration.hpp"
#include "imagetool/dockerfile/file_mode.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"
#include "imagetool/dockerfile/port.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

std::uint32_t changed(std::string_view change, std::uint32_t mode, bool is_directory = false) {
    const auto parsed = ModeChange::parse(change);
    EXPECT_THAT(parsed, IsOk()) << change;
    return parsed.has_value() ? parsed->apply(mode, is_directory) : 0xFFFFFFFFU;
}

// Each right-hand side is what chmod(1) with umask 0 makes of the file.
TEST(FileMode, changes_as_chmod_does) {
    EXPECT_EQ(changed("755", 0600), 0755U);
    EXPECT_EQ(changed("04755", 0600), 04755U);
    EXPECT_EQ(changed("0", 0777), 0U);
    EXPECT_EQ(changed("u+x", 0644), 0744U);
    EXPECT_EQ(changed("+x", 0644), 0755U);
    EXPECT_EQ(changed("a-w", 0666), 0444U);
    EXPECT_EQ(changed("go=", 0777), 0700U);
    EXPECT_EQ(changed("u=rwX,go=rX", 0600), 0644U);
    EXPECT_EQ(changed("u=rwX,go=rX", 0700), 0755U);
    EXPECT_EQ(changed("u=rwX,go=rX", 0600, true), 0755U);
    EXPECT_EQ(changed("g=u", 0640), 0660U);
    EXPECT_EQ(changed("o=g", 0654), 0655U);
    EXPECT_EQ(changed("g+u", 0700), 0770U);
    EXPECT_EQ(changed("u+s", 0755), 04755U);
    EXPECT_EQ(changed("g+s", 0755), 02755U);
    EXPECT_EQ(changed("+t", 0755), 01755U);
    EXPECT_EQ(changed("u-s,+t", 06755), 03755U);
    EXPECT_EQ(changed("u+r-w", 0200), 0400U);
    EXPECT_EQ(changed("=r", 0777), 0444U);
    EXPECT_EQ(changed("a=rx", 02755, true), 02555U);
}

TEST(FileMode, anything_else_is_refused) {
    for (const char* text :
         {"", "8", "10000", "u", "rwx", "u=q", "u=rw,", "x+r", "u=ur", "-1", "0x1", "u+r!"})
        EXPECT_THAT(ModeChange::parse(text), FailsWith("is no mode")) << text;
}

TEST(Duration, reads_go_durations) {
    EXPECT_EQ(*parse_duration("0"), 0);
    EXPECT_EQ(*parse_duration("30s"), 30'000'000'000);
    EXPECT_EQ(*parse_duration("1m30s"), 90'000'000'000);
    EXPECT_EQ(*parse_duration("1.5h"), 5'400'000'000'000);
    EXPECT_EQ(*parse_duration("100ms"), 100'000'000);
    EXPECT_EQ(*parse_duration("1us"), 1'000);
    EXPECT_EQ(*parse_duration("2\xC2\xB5s"), 2'000);
    EXPECT_EQ(*parse_duration(".5s"), 500'000'000);
    EXPECT_EQ(*parse_duration("-1s"), -1'000'000'000);
    EXPECT_EQ(*parse_duration("0.000000001s"), 1);
    for (const char* text : {"", "1", "s", "1x", "1s2", ".s", "99999999999h", "1 s", "1.2.3s"})
        EXPECT_THAT(parse_duration(text), FailsWith("is no duration")) << text;
}

TEST(ByteSize, steps_are_1024) {
    EXPECT_EQ(*parse_byte_size("10"), 10);
    EXPECT_EQ(*parse_byte_size("1k"), 1024);
    EXPECT_EQ(*parse_byte_size("1.5MB"), 1572864);
    EXPECT_EQ(*parse_byte_size("2GiB"), std::int64_t{2} << 30);
    EXPECT_EQ(*parse_byte_size("1 kb"), 1024);
    for (const char* text : {"", "k", "1x", "-1", "1.2.3k", "99999999999p"})
        EXPECT_THAT(parse_byte_size(text), FailsWith("is no size")) << text;
}

TEST(Port, ranges_give_every_port) {
    using Ports = std::vector<std::string>;
    EXPECT_EQ(*parse_port("80"), Ports{"80/tcp"});
    EXPECT_EQ(*parse_port("53/udp"), Ports{"53/udp"});
    EXPECT_EQ(*parse_port("53/UDP"), Ports{"53/udp"});
    EXPECT_EQ(*parse_port("7/sctp"), Ports{"7/sctp"});
    EXPECT_EQ(*parse_port("80/"), Ports{"80/tcp"});
    EXPECT_EQ(*parse_port("8000-8002"), (Ports{"8000/tcp", "8001/tcp", "8002/tcp"}));
    EXPECT_EQ(*parse_port("8080:80"), Ports{"80/tcp"});
    EXPECT_EQ(*parse_port("127.0.0.1:8080:80/udp"), Ports{"80/udp"});
    EXPECT_EQ(*parse_port("[::1]:8080:80"), Ports{"80/tcp"});
    EXPECT_EQ(parse_port("0-65535")->size(), 65536U);
}

TEST(Port, anything_else_is_refused) {
    for (const char* text : {"", "x", "80/quic", "70000", "9-8", "1-2-3", "-1", "x:80", "h/st:1:80", ":80:"})
        EXPECT_THAT(parse_port(text), FailsWith("is no port")) << text;
}

TEST(NearestName, is_found_when_it_is_near) {
    constexpr std::array<std::string_view, 4> names = {"FROM", "COPY", "RUN", "HEALTHCHECK"};
    EXPECT_EQ(nearest_name("FORM", names), "FROM");
    EXPECT_EQ(nearest_name("cpy", names), "COPY");
    EXPECT_EQ(nearest_name("HELTHCHEK", names), "HEALTHCHECK");
    EXPECT_EQ(nearest_name("ELEPHANT", names), "");
    EXPECT_EQ(nearest_name("", names), "");
    EXPECT_EQ(nearest_name(std::string(100'000, 'x'), names), "");
}

}  // namespace
}  // namespace ocimg::dockerfile
