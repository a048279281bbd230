// Layers that try to leave their root: the fixture checks after each that nothing outside changed.

#include <gmock/gmock.h>

#include <cstdio>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/hostile_layers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"

namespace ocimg::test {
namespace {

using namespace std::string_literals;

class HostileLayers : public LayerTest {
protected:
    /// Each case in a root of its own; links it plants also meet a second layer of ordinary entries.
    void check(const std::vector<Hostile>& cases) {
        for (const Hostile& hostile : cases) {
            SCOPED_TRACE(hostile.name);
            std::filesystem::remove_all(inside(""));
            std::filesystem::create_directory(temporary_.path("root"));
            root_ = oci::open_file(temporary_.path("root"), O_RDONLY | O_DIRECTORY).value();
            const std::string before = describe_tree(canary(), true);
            const oci::Result<void> result = apply(hostile.layer(canary()));
            if (hostile.refusal.empty()) {
                // A kernel may refuse a size that no file can have; nothing else may fail.
                if (hostile.name != "sparse_file_of_8_exbibytes"s) {
                    EXPECT_THAT(result, oci::test::IsOk());
                }
                const std::string made = hostile.made_inside(canary());
                if (!made.empty()) {
                    EXPECT_TRUE(exists(made)) << made;
                }
            } else {
                EXPECT_THAT(result, oci::test::FailsWith(hostile.refusal));
            }
            (void)apply(every_kind_at(Archive(), "l")).has_value();
            EXPECT_EQ(describe_tree(canary(), true), before);
        }
    }
};

TEST_F(HostileLayers, tables_hold_at_least_120_shapes_with_those_of_the_rows) {
    std::size_t count = 0;
    for (const auto& table : {hostile_names(), hostile_roots(), hostile_parents(), hostile_finals(),
                              hostile_whiteouts(), hostile_archives()}) {
        count += table.size();
    }
    // Seven ways out by nine kinds of entry, in one layer and across two: I01 of attack_rows_test.cpp.
    constexpr std::size_t of_rows = 7 * 9 * 2;
    std::printf("hostile layers: %zu shapes in tables, %zu of I01, %zu in all\n", count, of_rows,
                count + of_rows);
    EXPECT_GE(count + of_rows, 120U);
    EXPECT_GE(count, 80U);
}

TEST_F(HostileLayers, names_stay_inside) {
    check(hostile_names());
}
TEST_F(HostileLayers, the_root_stays_the_root) {
    check(hostile_roots());
}
TEST_F(HostileLayers, parents_are_resolved_inside) {
    check(hostile_parents());
}
TEST_F(HostileLayers, what_is_replaced_is_never_followed) {
    check(hostile_finals());
}
TEST_F(HostileLayers, whiteouts_remove_inside_only) {
    check(hostile_whiteouts());
}
TEST_F(HostileLayers, broken_archives_are_refused) {
    check(hostile_archives());
}

TEST_F(HostileLayers, links_of_one_layer_do_not_lead_the_next_one_out) {
    ASSERT_THAT(apply(Archive().symlink("abs", canary()).symlink("rel", "../canary").symlink("up", "..")),
                oci::test::IsOk());
    ASSERT_THAT(apply(every_kind_at(Archive(), "abs")), oci::test::IsOk());
    ASSERT_THAT(apply(every_kind_at(Archive(), "rel")), oci::test::IsOk());
    ASSERT_THAT(apply(every_kind_at(Archive(), "up/canary")), oci::test::IsOk());
    EXPECT_TRUE(exists("canary/node"));
}

TEST_F(HostileLayers, forgotten_parents_after_ten_thousand_entries) {
    Archive archive;
    archive.file("a/1", "x");
    for (int i = 0; i < 3000; ++i) archive.file("many/f" + std::to_string(i % 10), "x");
    archive.symlink("a", canary()).file("a/2", "y");
    ASSERT_THAT(apply(archive), oci::test::IsOk());
    EXPECT_TRUE(exists(canary().substr(1) + "/2"));
}

TEST_F(HostileLayers, random_entries_stay_inside) {
    const std::vector<std::string> places = {"a",
                                             "b",
                                             "a/b",
                                             "b/a",
                                             "a/b/a",
                                             "../canary",
                                             "a/../../canary/secret",
                                             canary(),
                                             canary() + "/secret",
                                             ".",
                                             "a/.wh.b",
                                             "b/.wh..wh..opq",
                                             ".wh.a"};
    const std::vector<std::string> targets = {
        "a", "b",   "..",      "../..",          canary(), "../canary", "../canary/secret",
        "/", "a/b", "b/../..", "/proc/self/root"};
    std::uint32_t state = 99;
    const auto next = [&](std::size_t count) {
        state = state * 1664525U + 1013904223U;
        return (state >> 10U) % count;
    };
    for (int round = 0; round < 300; ++round) {
        Archive archive;
        for (int i = 0; i < 12; ++i) {
            const std::string name =
                places[next(places.size())] + (next(3) == 0 ? "/" + places[next(5)] : "");
            const char type = "0012225567"[next(10)];
            archive.add({.name = name,
                         .type = type,
                         .link = targets[next(targets.size())],
                         .mode = 0777,
                         .uid = 5,
                         .mtime = 5},
                        type == '0' ? "written" : "");
        }
        (void)apply(archive, {.keep_dirlinks = round % 2 == 0}).has_value();
    }
}

}  // namespace
}  // namespace ocimg::test
