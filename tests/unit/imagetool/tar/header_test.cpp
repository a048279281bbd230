#include "imagetool/tar/header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/tar/pax.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/tar/archive_builder.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using namespace std::string_literals;

oci::Result<RawHeader> parse(const std::string& block) {
    return parse_header(bytes_of(block));
}

TEST(TarNumber, octal_with_blanks_around_it) {
    EXPECT_EQ(parse_number("0000644\0"s).value(), 0644);
    EXPECT_EQ(parse_number("   644 \0"s).value(), 0644);
    EXPECT_EQ(parse_number("77777777777\0"s).value(), 077777777777);
    EXPECT_EQ(parse_number("77777777"s).value(), 077777777);
    EXPECT_EQ(parse_number(std::string(8, '\0')).value(), 0);
    EXPECT_EQ(parse_number("").value(), 0);
}

TEST(TarNumber, other_text_is_an_error) {
    for (const char* text : {"0000688", "-000001", "+1", "0x10", "12a"}) {
        EXPECT_THAT(parse_number(text), FailsWith("octal")) << text;
    }
}

TEST(TarNumber, base_256_of_both_signs) {
    EXPECT_EQ(parse_number("\x80\0\0\0\x01\x02\x03\x04"s).value(), 0x01020304);
    EXPECT_EQ(parse_number("\xff\xff\xff\xff\xff\xff\xff\xff"s).value(), -1);
    EXPECT_EQ(parse_number("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"s).value(), -2);
    EXPECT_EQ(parse_number("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"s).value(), 0x7fffffffffffffff);
}

TEST(TarNumber, base_256_beyond_64_bits_is_an_error) {
    EXPECT_THAT(parse_number("\x80\0\0\0\x80\0\0\0\0\0\0\0"s), FailsWith("64 bits"));
    EXPECT_THAT(parse_number("\x80\0\0\1\0\0\0\0\0\0\0\0"s), FailsWith("64 bits"));
    EXPECT_THAT(parse_number("\xc0\0\0\0\0\0\0\0\0\0\0\0"s), FailsWith("64 bits"));
}

TEST(TarHeader, fields_are_read) {
    const RawHeader header = parse(header_block({.name = "dev/x",
                                                 .type = '3',
                                                 .mode = 04755,
                                                 .uid = 7,
                                                 .gid = 8,
                                                 .size = 0,
                                                 .mtime = 99,
                                                 .major = 5,
                                                 .minor = 6}))
                                 .value();
    EXPECT_EQ(header.name, "dev/x");
    EXPECT_EQ(header.type, '3');
    EXPECT_EQ(header.mode, 04755U);
    EXPECT_EQ(header.uid, 7);
    EXPECT_EQ(header.gid, 8);
    EXPECT_EQ(header.mtime, 99);
    EXPECT_EQ(header.device_major, 5);
    EXPECT_EQ(header.device_minor, 6);
}

TEST(TarHeader, prefix_goes_in_front_in_ustar_only) {
    std::string block = header_block({.name = "file"});
    put_field(block, 345, "a/long/way");
    EXPECT_EQ(parse(with_checksum(block)).value().name, "a/long/way/file");
    std::string gnu = header_block({.name = "file", .gnu = true});
    put_field(gnu, 345, "12345670123");  // GNU keeps the access time there
    EXPECT_EQ(parse(with_checksum(gnu)).value().name, "file");
}

TEST(TarHeader, wrong_checksum_is_an_error) {
    std::string block = header_block({.name = "file"});
    block[0] = 'F';
    EXPECT_THAT(parse(block), FailsWith("checksum"));
}

TEST(TarHeader, checksum_of_signed_bytes_is_accepted) {
    std::string block = header_block({.name = "f\xc3\xbc"});
    put_field(block, 148, "        ");
    int sum = 0;
    for (const char c : block) sum += static_cast<signed char>(c);
    put_field(block, 148, octal(static_cast<std::uint64_t>(sum), 6) + std::string(1, '\0'));
    EXPECT_THAT(parse(block), IsOk());
}

TEST(TarHeader, every_flipped_byte_before_the_padding_is_noticed_or_harmless) {
    const std::string good = header_block({.name = "file"});
    for (std::size_t i = 0; i < 500; ++i) {
        std::string block = good;
        block[i] = static_cast<char>(block[i] ^ 0x01);
        if (i >= 148 && i < 156) continue;  // the checksum field itself
        EXPECT_FALSE(parse(block).has_value()) << i;
    }
}

TEST(PaxTime, fractions_of_both_signs) {
    EXPECT_EQ(parse_pax_time("12.5").value(), (Timestamp{12, 500'000'000}));
    EXPECT_EQ(parse_pax_time("-1.5").value(), (Timestamp{-2, 500'000'000}));
    EXPECT_EQ(parse_pax_time("-0.25").value(), (Timestamp{-1, 750'000'000}));
    EXPECT_EQ(parse_pax_time("7.1234567899").value(), (Timestamp{7, 123'456'789}));
    EXPECT_EQ(parse_pax_time("-3").value(), (Timestamp{-3, 0}));
    for (const char* text : {"", ".", "1.x", "1e3", "99999999999999999999", "1.-5"}) {
        EXPECT_FALSE(parse_pax_time(text).has_value()) << text;
    }
}

TEST(PaxTime, is_written_as_it_is_read) {
    for (const Timestamp time : {Timestamp{0, 1}, Timestamp{12, 500'000'000}, Timestamp{-2, 500'000'000},
                                 Timestamp{-1, 999'999'999}, Timestamp{-5, 0}, Timestamp{-1, 750'000'000}}) {
        EXPECT_EQ(parse_pax_time(format_pax_time(time)).value(), time) << format_pax_time(time);
    }
}

TEST(PaxRecord, length_counts_itself) {
    std::string text;
    append_pax_record(text, "path", "x");
    EXPECT_EQ(text, "9 path=x\n");
    for (std::size_t size = 0; size < 1200; ++size) {
        std::string record;
        append_pax_record(record, "k", std::string(size, 'v'));
        ASSERT_EQ(std::stoul(record), record.size());
    }
}

TEST(PaxRecord, malformed_ones_are_errors) {
    for (const std::string& text :
         {"x"s, "10 path=x"s, "11 path=x\n"s, "8 path=x\n"s, "-1 path=x\n"s, "7 path\n"s, "6 =xx\n"s,
          "99999999999999999999 path=x\n"s, " path=x\n"s, "3 \n"s, "10 path=x\n0"s, "13 path=a\0b\n"s,
          "12 mtime=xx\n"s, "10 uid=1x\n"s, "10 size=a\n"s}) {
        PaxRecords records;
        EXPECT_FALSE(apply_pax_records(text, records).has_value()) << text;
    }
}

TEST(PaxRecord, xattr_values_may_hold_anything) {
    PaxRecords records;
    ASSERT_THAT(apply_pax_records(pax_record("SCHILY.xattr.user.x", "a\0b\nc=d"s), records), IsOk());
    EXPECT_EQ(records.xattrs.at("user.x"), "a\0b\nc=d"s);
}

TEST(PaxRecord, libarchive_xattrs_are_decoded) {
    PaxRecords records;
    ASSERT_THAT(apply_pax_records(pax_record("LIBARCHIVE.xattr.user.a%3Db", "aGkA"), records), IsOk());
    EXPECT_EQ(records.xattrs.at("user.a=b"), "hi\0"s);
}

TEST(SparseMap, must_ascend_and_stay_inside) {
    EXPECT_EQ(check_segments({{0, 10}, {20, 5}, {30, 0}}, 30).value(), 15U);
    EXPECT_FALSE(check_segments({{20, 5}, {0, 10}}, 30).has_value());
    EXPECT_FALSE(check_segments({{0, 10}, {5, 10}}, 30).has_value());
    EXPECT_FALSE(check_segments({{0, 31}}, 30).has_value());
    EXPECT_FALSE(check_segments({{31, 0}}, 30).has_value());
    EXPECT_FALSE(check_segments({{10, ~std::uint64_t{0}}}, 30).has_value());
}

}  // namespace
}  // namespace ocimg::test
