#include "imagetool/image/history.hpp"

#include <gtest/gtest.h>

namespace ocimg {
namespace {

Image image_of(std::size_t layers, const std::vector<bool>& empty_steps) {
    Image image;
    image.manifest.layers.resize(layers);
    for (const bool empty : empty_steps) {
        image.config.history.push_back({});
        image.config.history.back().empty_layer = empty;
    }
    return image;
}

TEST(History, steps_with_a_layer_get_theirs_in_order) {
    const auto steps = steps_of(image_of(2, {false, true, false}));
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_EQ(steps[0].layer, 0U);
    EXPECT_FALSE(steps[1].layer.has_value());
    EXPECT_EQ(steps[2].layer, 1U);
}

TEST(History, layers_and_steps_may_be_left_over) {
    const auto untold = steps_of(image_of(2, {}));
    ASSERT_EQ(untold.size(), 2U);
    EXPECT_EQ(untold[1].layer, 1U);
    const auto without = steps_of(image_of(1, {false, false}));
    ASSERT_EQ(without.size(), 2U);
    EXPECT_FALSE(without[1].layer.has_value());
}

}  // namespace
}  // namespace ocimg
