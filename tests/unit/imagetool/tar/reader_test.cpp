#include "imagetool/tar/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/tar/archive_builder.hpp"
#include "tests/unit/imagetool/tar/read_archive.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using namespace std::string_literals;

TEST(TarReader, empty_archives_have_no_entries) {
    for (const std::string& bytes :
         {""s, std::string(512, '\0'), std::string(1024, '\0'), std::string(10240, '\0')}) {
        EXPECT_EQ(read_archive(bytes).value().size(), 0U) << bytes.size();
    }
}

TEST(TarReader, every_kind_of_entry) {
    const auto entries = read_archive(Archive()
                                          .directory("d/")
                                          .file("d/f", "content")
                                          .hardlink("d/h", "d/f")
                                          .symlink("d/s", "../x")
                                          .device("d/c", 1, 3)
                                          .add({.name = "d/b", .type = '4', .major = 8, .minor = 1})
                                          .fifo("d/p")
                                          .bytes())
                             .value();
    ASSERT_EQ(entries.size(), 7U);
    using enum EntryKind;
    const std::vector<EntryKind> kinds = {directory,        file,         hard_link, symbolic_link,
                                          character_device, block_device, fifo};
    for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(entries[i].entry.kind, kinds[i]) << i;
    EXPECT_EQ(entries[1].content, "content");
    EXPECT_EQ(entries[2].entry.link_target, "d/f");
    EXPECT_EQ(entries[3].entry.link_target, "../x");
    EXPECT_EQ(entries[4].entry.device_minor, 3U);
}

TEST(TarReader, contents_of_any_size_around_blocks) {
    for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 262'144U, 1'000'000U}) {
        const std::string content(size, 'x');
        const auto entries = read_archive(Archive().file("a", content).file("b", "end").bytes()).value();
        ASSERT_EQ(entries.size(), 2U);
        EXPECT_TRUE(entries[0].content == content) << size;
        EXPECT_EQ(entries[1].content, "end");
    }
}

TEST(TarReader, pax_values_win_over_the_header) {
    const std::string records = pax_record("path", "a/"s + std::string(300, 'n')) +
                                pax_record("uid", "3000000") + pax_record("gid", "4294967294") +
                                pax_record("mtime", "-1.5") + pax_record("uname", "nobody") +
                                pax_record("SCHILY.xattr.user.k", "v") + pax_record("comment", "ignored");
    const Entry entry = read_one(Archive().pax(records).file("short").bytes()).value();
    EXPECT_EQ(entry.name, "a/" + std::string(300, 'n'));
    EXPECT_EQ(entry.uid, 3000000U);
    EXPECT_EQ(entry.gid, 4294967294U);
    EXPECT_EQ(entry.mtime, (Timestamp{-2, 500'000'000}));
    EXPECT_EQ(entry.xattrs.at("user.k"), "v");
}

TEST(TarReader, pax_records_serve_one_entry_global_ones_all) {
    const auto entries = read_archive(Archive()
                                          .pax(pax_record("mtime", "5"), 'g')
                                          .pax(pax_record("uid", "9"))
                                          .file("a")
                                          .file("b")
                                          .pax(pax_record("mtime", ""))
                                          .file("c")
                                          .bytes())
                             .value();
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0].entry.uid, 9U);
    EXPECT_EQ(entries[1].entry.uid, 0U);
    EXPECT_EQ(entries[1].entry.mtime.seconds, 5);
    EXPECT_EQ(entries[2].entry.mtime.seconds, 1'000'000'000);
}

TEST(TarReader, pax_size_of_a_file) {
    const std::string content = "eleven char";
    Archive archive;
    archive.pax(pax_record("size", "11"))
        .raw(header_block({.name = "f", .size = 0}) + padded(content))
        .file("g", "x");
    const auto entries = read_archive(archive.bytes()).value();
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].content, content);
}

TEST(TarReader, gnu_long_names_and_targets) {
    const std::string name(500, 'n');
    const std::string target(600, 't');
    const Entry entry =
        read_one(Archive().gnu_long('K', target).gnu_long('L', name).symlink("x", "y").bytes()).value();
    EXPECT_EQ(entry.name, name);
    EXPECT_EQ(entry.link_target, target);
}

TEST(TarReader, base_256_owner_and_size) {
    std::string block = header_block({.name = "f", .gnu = true});
    put_field(block, 108, "\x80\0\0\0\0\x2d\xc6\xc0"s);
    put_field(block, 124, "\x80\0\0\0\0\0\0\0\0\0\0\x03"s);
    const auto entries = read_archive(Archive().raw(with_checksum(block) + padded("abc")).bytes()).value();
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].entry.uid, 3000000U);
    EXPECT_EQ(entries[0].content, "abc");
}

TEST(TarReader, old_directories_are_told_by_their_slash) {
    EXPECT_EQ(read_one(Archive().add({.name = "d/", .type = '\0'}).bytes()).value().kind,
              EntryKind::directory);
    EXPECT_EQ(read_one(Archive().add({.name = "f", .type = '\0'}).bytes()).value().kind, EntryKind::file);
}

TEST(TarReader, sizes_of_links_and_directories_carry_no_content) {
    const auto entries =
        read_archive(Archive()
                         .raw(header_block({.name = "h", .type = '1', .link = "f", .size = 4096}))
                         .file("next", "x")
                         .bytes())
            .value();
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[1].entry.name, "next");
}

std::string sparse_segment(std::uint64_t offset, std::uint64_t length) {
    return octal(offset, 11) + std::string(1, '\0') + octal(length, 11) + std::string(1, '\0');
}

TEST(TarReader, old_gnu_sparse_file_with_a_continued_map) {
    std::string block = header_block({.name = "s", .type = 'S', .size = 5, .gnu = true});
    for (std::size_t i = 0; i < 4; ++i) put_field(block, 386 + 24 * i, sparse_segment(i * 1000, 1));
    block[482] = 1;
    put_field(block, 483, octal(10'000, 11));
    std::string more(512, '\0');
    put_field(more, 0, sparse_segment(9'000, 1));
    const auto entries =
        read_archive(Archive().raw(with_checksum(block) + more + padded("abcde")).file("n", "x").bytes());
    ASSERT_THAT(entries, IsOk());
    ASSERT_EQ(entries->size(), 2U);
    const std::string& content = (*entries)[0].content;
    ASSERT_EQ(content.size(), 10'000U);
    EXPECT_EQ(content[0], 'a');
    EXPECT_EQ(content[1000], 'b');
    EXPECT_EQ(content[9000], 'e');
    EXPECT_EQ(content[1], '\0');
}

TEST(TarReader, pax_sparse_file_1_0) {
    const std::string records = pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                                pax_record("GNU.sparse.name", "real") +
                                pax_record("GNU.sparse.realsize", "3000");
    const std::string data = padded("2\n100\n3\n2000\n2\n") + "abcde";
    const auto entries =
        read_archive(Archive().pax(records).file("GNUSparseFile.1/real", data).file("n").bytes()).value();
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].entry.name, "real");
    ASSERT_EQ(entries[0].content.size(), 3000U);
    EXPECT_EQ(entries[0].content.substr(100, 3), "abc");
    EXPECT_EQ(entries[0].content.substr(2000, 3), "de\0"s);
}

TEST(TarReader, pax_sparse_files_0_0_and_0_1) {
    const std::string zero = pax_record("GNU.sparse.size", "100") + pax_record("GNU.sparse.numblocks", "2") +
                             pax_record("GNU.sparse.offset", "10") + pax_record("GNU.sparse.numbytes", "1") +
                             pax_record("GNU.sparse.offset", "50") + pax_record("GNU.sparse.numbytes", "2");
    const std::string one = pax_record("GNU.sparse.name", "real") + pax_record("GNU.sparse.size", "100") +
                            pax_record("GNU.sparse.map", "10,1,50,2");
    for (const std::string& records : {zero, one}) {
        const auto entries = read_archive(Archive().pax(records).file("s", "xyz").bytes()).value();
        ASSERT_EQ(entries.size(), 1U);
        EXPECT_EQ(entries[0].content.size(), 100U);
        EXPECT_EQ(entries[0].content.substr(50, 2), "yz");
    }
}

TEST(TarReader, wrong_sparse_maps_are_errors) {
    const std::string size = pax_record("GNU.sparse.size", "100");
    for (const std::string& map : {"0,2"s, "0,200"s, "50,1,10,2"s, "0,1,2"s, "-1,3"s, "a,3"s, "0,,3"s}) {
        EXPECT_FALSE(
            read_archive(Archive().pax(size + pax_record("GNU.sparse.map", map)).file("s", "xyz").bytes())
                .has_value())
            << map;
    }
    for (const std::string& map :
         {"x\n"s, "1\n"s, "99999999999\n"s, "1\n0\n3"s, "-1\n"s, std::string(600, '1')}) {
        const std::string records =
            pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.realsize", "100");
        EXPECT_FALSE(read_archive(Archive().pax(records).file("s", padded(map)).bytes()).has_value()) << map;
    }
}

TEST(TarReader, every_truncation_inside_an_entry_is_an_error) {
    const std::string bytes = Archive()
                                  .pax(pax_record("mtime", "1.5"))
                                  .file("a", std::string(700, 'x'))
                                  .file("b", "y")
                                  .unfinished();
    // Between entries, and where an entry's content is whole but its last block is not filled.
    const std::vector<std::size_t> boundaries = {0, 1536 + 700, 2048 + 512, 2560 + 513, bytes.size()};
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const bool whole = std::find(boundaries.begin(), boundaries.end(), size) != boundaries.end();
        ASSERT_EQ(read_archive(bytes.substr(0, size)).has_value(), whole) << "cut at " << size;
    }
}

TEST(TarReader, last_block_need_not_be_filled_as_umoci_insert_leaves_it) {
    const std::string bytes = Archive().file("a", "hi\n").unfinished();
    const auto read = read_archive(bytes.substr(0, 512 + 3));
    ASSERT_TRUE(read.has_value()) << read.error().text;
    EXPECT_EQ(read->size(), 1U);
    EXPECT_THAT(read_archive(bytes.substr(0, 512 + 4)), FailsWith("ends inside"));
    EXPECT_THAT(read_archive(bytes.substr(0, 512 + 2)), FailsWith("ends inside"));
}

TEST(TarReader, what_follows_the_end_is_ignored) {
    EXPECT_EQ(read_archive(Archive().file("a").bytes() + "trailing garbage").value().size(), 1U);
}

struct Refused {
    const char* why;
    std::string bytes;
    const char* text;
};

TEST(TarReader, refuses_what_it_cannot_trust) {
    std::string negative = header_block({.name = "f", .gnu = true});
    put_field(negative, 124, std::string(12, '\xff'));
    std::string negative_uid = header_block({.name = "f", .gnu = true});
    put_field(negative_uid, 108, std::string(8, '\xff'));
    std::string broken = header_block({.name = "f"});
    broken[0] = 'g';
    const std::string huge_pax = header_block({.name = "p", .type = 'x', .size = 1U << 30U});
    const std::string long_name = header_block({.name = "p", .type = 'L', .size = 2U << 20U, .gnu = true});
    const Refused cases[] = {
        {"negative size", with_checksum(negative), "negative"},
        {"negative uid", with_checksum(negative_uid), "uid -1"},
        {"uid that chown reads as unchanged",
         Archive().pax(pax_record("uid", "4294967295")).file("f").bytes(), "uid 4294967295"},
        {"negative PAX size", Archive().pax(pax_record("size", "-1")).file("f").bytes(), "negative"},
        {"size beyond 64 bits", Archive().pax(pax_record("size", "18446744073709551616")).file("f").bytes(),
         "not a number"},
        {"bad checksum", broken, "checksum"},
        {"1 GiB of PAX", huge_pax, "exceeds 1 MiB"},
        {"2 MiB long name", long_name, "exceeds 1 MiB"},
        {"unknown type", Archive().add({.name = "f", .type = 'Z'}).bytes(), "unknown type"},
        {"multi-volume continuation", Archive().add({.name = "f", .type = 'M'}).bytes(), "unknown type"},
        {"NUL in a PAX path", Archive().pax(pax_record("path", "a\0b"s)).file("f").bytes(), "NUL"},
        {"single zero block", Archive().raw(std::string(512, '\0')).file("f").bytes(), "single zero block"},
        {"extended header at the end", Archive().pax(pax_record("uid", "1")).bytes(),
         "ends after an extended"},
        {"link without target", Archive().symlink("l", "").bytes(), "no target"},
        {"content beyond the end", Archive().raw(header_block({.name = "f", .size = 1ULL << 32U})).bytes(),
         "ends inside"},
        {"device number out of range", Archive().add({.name = "f", .type = '3', .major = 4096}).bytes(),
         "device major"},
        {"text", "this is not a tar archive" + std::string(2000, '.'), "checksum"},
    };
    for (const Refused& refused : cases)
        EXPECT_THAT(read_archive(refused.bytes), FailsWith(refused.text)) << refused.why;
}

TEST(TarReader, global_headers_together_have_a_limit) {
    Archive archive;
    for (int i = 0; i < 30; ++i)
        archive.pax(pax_record("SCHILY.xattr.user.k" + std::to_string(i), std::string(50'000, 'x')), 'g');
    EXPECT_THAT(read_archive(archive.file("f").bytes()), FailsWith("global PAX headers exceed"));
}

/// The same block for ever.
class EndlessBlocks final : public BlockSource {
public:
    explicit EndlessBlocks(const std::string& block) {
        while (blocks_.size() < (std::size_t{1} << 20U)) blocks_ += block;
    }
    oci::Result<std::span<const std::byte>> next_block() override { return bytes_of(blocks_); }
    oci::Result<std::size_t> read(std::span<std::byte>) override { return std::size_t{0}; }

private:
    std::string blocks_;
};

TEST(TarReader, I10_ten_million_headers_are_the_limit) {
    EndlessBlocks blocks(header_block({.name = "f"}));
    TarReader reader(blocks);
    Entry entry;
    std::uint64_t count = 0;
    auto found = reader.next(entry);
    for (; found.has_value() && *found; found = reader.next(entry)) ++count;
    EXPECT_THAT(found, FailsWith("more than 10 million headers"));
    EXPECT_EQ(count, 10'000'000U);
}

TEST(TarReader, random_damage_never_crashes) {
    const std::string good = Archive()
                                 .pax(pax_record("path", "x") + pax_record("size", "5"))
                                 .file("a", "hello")
                                 .gnu_long('L', "name")
                                 .file("b", "x")
                                 .bytes();
    std::uint32_t state = 7;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = good;
        for (int change = 0; change < 3; ++change) {
            state = state * 1664525U + 1013904223U;
            bytes[(state >> 8U) % bytes.size()] = static_cast<char>(state >> 24U);
        }
        for (std::size_t at = 0; at + 512 <= bytes.size(); at += 512) {
            if ((state >> 5U) % 2 == 0 && bytes[at + 257] == 'u')
                bytes.replace(at, 512, with_checksum(bytes.substr(at, 512)));
        }
        (void)read_archive(bytes).has_value();
    }
}

}  // namespace
}  // namespace ocimg::test
