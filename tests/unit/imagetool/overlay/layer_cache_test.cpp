// The cache of unpacked layers: shared, whole or absent, each layer apart from the others.

#include <sys/file.h>

#include <thread>

#include "imagetool/overlay/chain_id.hpp"
#include "tests/unit/imagetool/overlay/overlay_sandbox.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
namespace fs = std::filesystem;

class Cache : public OverlayTest {
protected:
    [[nodiscard]] std::size_t entries(const std::string& folder) const {
        const fs::path path = temporary_.path("cache/trusted/" + folder);
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path), fs::directory_iterator()));
    }
};

TEST_F(Cache, layer_is_unpacked_once) {
    auto layers = layers_of({Archive().file("a", "1"), Archive().file("b", "2")});
    ASSERT_THAT(cache().unpack(layers), IsOk());
    for (LayerToUnpack& layer : layers)
        layer.open_blob = []() -> oci::Result<oci::Fd> { return oci::failure("the blob is read again"); };
    const auto again = cache().unpack(layers);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->directories.size(), 2U);
    EXPECT_EQ(again->chain_ids.back(), layers.front().diff_id);
    EXPECT_EQ(cache().list().value().size(), 2U);
}

TEST_F(Cache, same_layer_on_another_one_is_another_layer) {
    const auto one = cache().unpack(layers_of({Archive().directory("a", 0700), Archive().file("a/x")}));
    const auto two = cache().unpack(layers_of({Archive().directory("a", 0711), Archive().file("a/x")}));
    ASSERT_THAT(one, IsOk());
    ASSERT_THAT(two, IsOk());
    EXPECT_NE(one->chain_ids.front(), two->chain_ids.front());
    EXPECT_EQ(cache().list().value().size(), 4U);
}

TEST_F(Cache, chain_ids_are_those_of_the_specification) {
    const std::string first = sha256_of("first");
    const std::string second = sha256_of("second");
    const std::vector<std::string> diff_ids = {first, second};
    EXPECT_THAT(chain_ids(diff_ids).value(), testing::ElementsAre(first, sha256_of(first + " " + second)));
    const std::vector<std::string> hostile = {first, "sha256:../../canary"};
    EXPECT_THAT(chain_ids(hostile), FailsWith("rootfs.diff_ids[1]"));
}

TEST_F(Cache, I24_layer_that_proves_false_leaves_nothing_and_no_other_layer_is_touched) {
    ASSERT_THAT(cache().unpack(layers_of({Archive().directory("a").file("a/x", "good")})), IsOk());
    const std::string layers = temporary_.path("cache/trusted/layers");
    const std::string before = tree_text(layers);
    auto hostile = layers_of({Archive()
                                  .file("../x", "up")
                                  .file("../../layers/x", "up")
                                  .symlink("out", "../../../layers")
                                  .file("out/y", "through a link")});
    hostile.front().diff_id = sha256_of("something else");
    EXPECT_THAT(cache().unpack(hostile), FailsWith("the image config says"));
    EXPECT_EQ(tree_text(layers), before);
    EXPECT_EQ(entries("growing"), 0U);
}

TEST_F(Cache, I24_what_a_killed_process_left_is_not_taken_for_a_layer) {
    const auto layers = layers_of({Archive().file("a", "whole")});
    std::string name = layers.front().diff_id;
    name[6] = '-';
    const LayerCache opened = cache();
    fs::create_directories(temporary_.path("cache/trusted/growing/" + name + "/fs"));
    std::ofstream(temporary_.path("cache/trusted/growing/" + name + "/fs/b")) << "half";
    const auto stack = opened.unpack(layers);
    ASSERT_THAT(stack, IsOk());
    EXPECT_FALSE(oci::exists_at(stack->directories.front(), "b"));
    EXPECT_EQ(entries("growing"), 0U);
}

TEST_F(Cache, unsynced_layer_counts_in_its_own_boot_only) {
    const std::string id = sha256_of("chain");
    fs::create_directory(temporary_.path("built"));
    ASSERT_THAT(cache().adopt(id, temporary_.fd(), "built"), IsOk());
    EXPECT_TRUE(cache().find(id).value().is_open());
    std::string name = id;
    name[6] = '-';
    std::ofstream(temporary_.path("cache/trusted/layers/" + name + "/unsynced")) << "another boot";
    EXPECT_FALSE(cache().find(id).value().is_open());
    fs::create_directory(temporary_.path("built"));
    EXPECT_THAT(cache().adopt(id, temporary_.fd(), "built"), IsOk());
    EXPECT_TRUE(cache().find(id).value().is_open());
}

TEST_F(Cache, threads_that_need_the_same_layers_make_them_once) {
    const auto layers = layers_of({Archive().file("a", std::string(100'000, 'a')), Archive().file("b", "2")});
    std::vector<std::thread> threads;
    std::array<bool, 8> good{};
    for (bool& is_good : good) threads.emplace_back([&] { is_good = cache().unpack(layers).has_value(); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(good, testing::Each(true));
    EXPECT_EQ(entries("layers"), 2U);
    EXPECT_EQ(entries("growing"), 0U);
}

TEST_F(Cache, image_of_ninety_layers_is_mounted) {
    std::vector<Archive> archives;
    for (int i = 0; i < 90; ++i) archives.push_back(Archive().file("file-" + std::to_string(i), "x"));
    const auto stack = cache().unpack(layers_of(archives));
    ASSERT_THAT(stack, IsOk());
    const auto mount = mount_overlay({.lowers = stack->borrow()});
    ASSERT_THAT(mount, IsOk());
    EXPECT_EQ(oci::list_directory(oci::open_file(path_of_fd(*mount), O_RDONLY | O_DIRECTORY).value())
                  .value()
                  .size(),
              90U);
}

}  // namespace
}  // namespace ocimg::test
