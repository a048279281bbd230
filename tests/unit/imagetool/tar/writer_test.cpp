#include "imagetool/tar/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/tar/read_archive.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

std::string write_one(const Entry& entry, const std::string& content = "") {
    MemorySink sink;
    TarWriter writer(sink);
    EXPECT_THAT(writer.add(entry), IsOk());
    EXPECT_THAT(writer.write_data(bytes_of(content)), IsOk());
    EXPECT_THAT(writer.finish(), IsOk());
    return sink.data();
}

TEST(TarWriter, simple_entries_need_no_extension) {
    Entry entry{.name = "etc/passwd", .mode = 0644, .size = 5, .mtime = {1000, 0}};
    EXPECT_EQ(pax_records_for(entry), "");
    EXPECT_EQ(write_one(entry, "hello").size(), 512U + 512U + 1024U);
}

TEST(TarWriter, whatever_is_written_is_read_back) {
    std::vector<Entry> entries;
    for (const std::size_t length : {1U, 99U, 100U, 101U, 155U, 156U, 255U, 256U, 257U, 1000U}) {
        std::string name;
        while (name.size() < length) name += name.size() % 50 == 49 ? '/' : 'n';
        if (name.back() == '/') name.back() = 'n';
        entries.push_back({.name = name, .mode = 04711});
        entries.push_back({.name = name + "/", .kind = EntryKind::directory, .mode = 01777});
        entries.push_back({.name = "l", .link_target = name, .kind = EntryKind::symbolic_link, .mode = 0777});
        entries.push_back({.name = name + "h", .link_target = name, .kind = EntryKind::hard_link});
    }
    entries.push_back(
        {.name = "\xc3\xbc/\xff", .uid = 2'097'151, .gid = 2'097'152, .mtime = {-2, 500'000'000}});
    entries.push_back(
        {.name = "x", .mtime = {1, 1}, .xattrs = {{"user.a", std::string("\0\n=", 3)}, {"user.empty", ""}}});
    entries.push_back({.name = "c",
                       .kind = EntryKind::character_device,
                       .mode = 0600,
                       .device_major = 4095,
                       .device_minor = 1'048'575});
    entries.push_back({.name = "p", .kind = EntryKind::fifo, .mtime = {99'999'999'999, 0}});
    for (const Entry& entry : entries) {
        const oci::Result<Entry> result = read_one(write_one(entry));
        ASSERT_THAT(result, IsOk()) << entry.name;
        const Entry& read = *result;
        EXPECT_EQ(read.name, entry.name);
        EXPECT_EQ(read.link_target, entry.link_target);
        EXPECT_EQ(read.kind, entry.kind) << entry.name;
        EXPECT_EQ(read.mode, entry.mode) << entry.name;
        EXPECT_EQ(read.uid, entry.uid);
        EXPECT_EQ(read.gid, entry.gid);
        EXPECT_EQ(read.mtime, entry.mtime) << entry.name;
        EXPECT_EQ(read.xattrs, entry.xattrs);
        EXPECT_EQ(read.device_major, entry.device_major);
        EXPECT_EQ(read.device_minor, entry.device_minor);
    }
}

TEST(TarWriter, content_must_have_the_promised_size) {
    MemorySink sink;
    TarWriter writer(sink);
    ASSERT_THAT(writer.add({.name = "f", .size = 3}), IsOk());
    EXPECT_THAT(writer.write_data(bytes_of("four")), FailsWith("grew"));
    ASSERT_THAT(writer.write_data(bytes_of("12")), IsOk());
    EXPECT_THAT(writer.finish(), FailsWith("shrank"));
}

TEST(TarWriter, refuses_names_that_no_reader_could_read) {
    MemorySink sink;
    TarWriter writer(sink);
    EXPECT_THAT(writer.add({.name = std::string("a\0b", 3)}), FailsWith("NUL"));
    EXPECT_THAT(writer.add({.name = "f", .xattrs = {{"user.a=b", "x"}}}), FailsWith("'='"));
}

}  // namespace
}  // namespace ocimg::test
