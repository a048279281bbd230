// Owners below an id map, as pure changes of entries.

#include "imagetool/layer/owners.hpp"

#include <gmock/gmock.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::test {
namespace {

using namespace std::string_literals;
using oci::test::FailsWith;
using oci::test::IsOk;

Entry owned(std::uint32_t uid, std::uint32_t gid, EntryKind kind = EntryKind::file) {
    return Entry{.name = "file", .kind = kind, .mode = 0644, .uid = uid, .gid = gid};
}

Owners lone() {
    return Owners({.uids = {{0, 0, 1}}, .gids = {{0, 0, 1}}}, UnmappedOwners::note);
}
Owners mapped() {
    return Owners({.uids = {{0, 100000, 10}, {20, 200000, 10}}, .gids = {{0, 300000, 10}}},
                  UnmappedOwners::refuse);
}

TEST(Owners, map_there_and_back) {
    Owners owners = mapped();
    for (const auto& [inside, outside] :
         {std::pair{0U, 100000U}, {9U, 100009U}, {20U, 200000U}, {29U, 200009U}}) {
        Entry entry = owned(inside, 3);
        ASSERT_THAT(owners.store(entry), IsOk());
        EXPECT_EQ(entry.uid, outside);
        EXPECT_EQ(entry.gid, 300003U);
        ASSERT_THAT(owners.restore(entry), IsOk());
        EXPECT_EQ(entry.uid, inside);
        EXPECT_EQ(entry.gid, 3U);
    }
}

TEST(Owners, outside_of_a_chosen_map_are_errors) {
    Owners owners = mapped();
    Entry beyond = owned(10, 0);
    EXPECT_THAT(owners.store(beyond),
                FailsWith("uid 10 is outside of the map, which is 0:100000:10, 20:200000:10"));
    Entry group = owned(0, 4294967294);
    EXPECT_THAT(owners.store(group), FailsWith("gid 4294967294 is outside"));
    Entry strange = owned(0, 300000);
    EXPECT_THAT(owners.restore(strange), FailsWith("the file's uid 0 is outside"));
}

TEST(Owners, are_noted_where_they_cannot_be_had) {
    struct Case {
        std::uint32_t uid, gid;
        std::string note;
    };
    for (const Case& c :
         {Case{1000, 1000, "\x08\xe8\x07\x10\xe8\x07"}, Case{0, 50, "\x08\xff\xff\xff\xff\x0f\x10\x32"},
          Case{50, 0, "\x08\x32\x10\xff\xff\xff\xff\x0f"}}) {
        Owners owners = lone();
        Entry entry = owned(c.uid, c.gid);
        ASSERT_THAT(owners.store(entry), IsOk());
        EXPECT_EQ(entry.uid, 0U);
        EXPECT_EQ(entry.gid, 0U);
        EXPECT_EQ(entry.xattrs[owner_note_name], c.note);
        EXPECT_EQ(owners.describe_losses().size(), 1U);
        ASSERT_THAT(owners.restore(entry), IsOk());
        EXPECT_EQ(entry.uid, c.uid);
        EXPECT_EQ(entry.gid, c.gid);
        EXPECT_TRUE(entry.xattrs.empty());
    }
    Owners owners = lone();
    Entry plain = owned(0, 0);
    ASSERT_THAT(owners.store(plain), IsOk());
    EXPECT_TRUE(plain.xattrs.empty());
    EXPECT_TRUE(owners.describe_losses().empty());
}

TEST(Owners, of_links_and_fifos_have_no_place_for_a_note) {
    for (const EntryKind kind : {EntryKind::symbolic_link, EntryKind::fifo}) {
        Owners owners = lone();
        Entry entry = owned(5, 5, kind);
        ASSERT_THAT(owners.store(entry), IsOk());
        EXPECT_EQ(entry.uid, 0U);
        EXPECT_TRUE(entry.xattrs.empty());
        EXPECT_EQ(owners.describe_losses().size(), 1U);
    }
}

TEST(Owners, a_note_of_the_layer_is_not_believed) {
    Owners owners = lone();
    Entry entry = owned(0, 0);
    entry.xattrs[owner_note_name] = "\x08\x32\x10\x32";
    ASSERT_THAT(owners.store(entry), IsOk());
    EXPECT_TRUE(entry.xattrs.empty());
}

TEST(Owners, what_is_no_note_is_an_error) {
    for (const std::string& note : {"\x08"s, "\x18\x01"s, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
                                    "text"s, "\x08\x80\x80\x80\x80\x80\x01"s}) {
        Entry entry = owned(0, 0);
        entry.xattrs[owner_note_name] = note;
        EXPECT_THAT(lone().restore(entry), FailsWith("holds no owner")) << testing::PrintToString(note);
    }
}

TEST(Owners, devices_become_files_but_whiteouts_of_overlays_stay_to_be_refused) {
    Owners owners = lone();
    Entry device = owned(0, 0, EntryKind::character_device);
    device.device_major = 1;
    ASSERT_THAT(owners.store(device), IsOk());
    EXPECT_EQ(device.kind, EntryKind::file);
    EXPECT_EQ(device.size, 0U);
    Entry whiteout = owned(0, 0, EntryKind::character_device);
    ASSERT_THAT(owners.store(whiteout), IsOk());
    EXPECT_EQ(whiteout.kind, EntryKind::character_device);
    EXPECT_THAT(owners.describe_losses(), testing::ElementsAre(testing::HasSubstr("1 device")));
}

TEST(Owners, attributes_of_the_hosts_root_are_left_out) {
    Owners owners = lone();
    Entry entry = owned(0, 0);
    entry.xattrs = {{"trusted.x", "1"}, {"security.ima", "2"}, {"security.capability", "3"}, {"user.x", "4"}};
    ASSERT_THAT(owners.store(entry), IsOk());
    EXPECT_THAT(entry.xattrs,
                testing::UnorderedElementsAre(testing::Key("security.capability"), testing::Key("user.x")));
}

TEST(Owners, capabilities_count_for_the_root_of_the_map) {
    Owners owners = mapped();
    const std::string plain = "\x01\0\0\x02"s + std::string(16, 'c');
    Entry entry = owned(0, 0);
    entry.xattrs["security.capability"] = plain;
    ASSERT_THAT(owners.store(entry), IsOk());
    EXPECT_EQ(entry.xattrs["security.capability"],
              "\x01\0\0\x03"s + std::string(16, 'c') + "\xa0\x86\x01\0"s);
    ASSERT_THAT(owners.restore(entry), IsOk());
    EXPECT_EQ(entry.xattrs["security.capability"], plain);
}

}  // namespace
}  // namespace ocimg::test
