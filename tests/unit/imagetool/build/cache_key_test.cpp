#include "imagetool/build/cache_key.hpp"

#include <gtest/gtest.h>

namespace ocimg::build {
namespace {

RunStep a_run() {
    RunStep step;
    step.argv = {"/bin/sh", "-c", "make"};
    step.env = {"A=1"};
    step.working_dir = "/";
    return step;
}

std::string key_of(const RunStep& step) {
    return key_of_run("before", step, {}, "");
}

TEST(CacheKey, same_words_same_key) {
    EXPECT_EQ(key_of(a_run()), key_of(a_run()));
}

TEST(CacheKey, everything_a_command_sees_counts) {
    const std::string usual = key_of(a_run());
    RunStep step = a_run();
    step.env = {"A=2"};
    EXPECT_NE(key_of(step), usual);
    step = a_run();
    step.user = "bob";
    EXPECT_NE(key_of(step), usual);
    step = a_run();
    step.network = dockerfile::RunNetwork::none;
    EXPECT_NE(key_of(step), usual);
    step = a_run();
    step.mounts.emplace_back();
    EXPECT_NE(key_of(step), usual);
    EXPECT_NE(key_of_run("other", a_run(), {}, ""), usual);
    EXPECT_NE(key_of_run("before", a_run(), {"content"}, ""), usual);
}

TEST(CacheKey, proxies_do_not_count) {
    RunStep step = a_run();
    step.hidden_env = {"HTTP_PROXY=http://proxy"};
    EXPECT_EQ(key_of(step), key_of(a_run()));
}

TEST(CacheKey, words_do_not_run_into_each_other) {
    RunStep one = a_run();
    one.argv = {"ab", "c"};
    RunStep two = a_run();
    two.argv = {"a", "bc"};
    EXPECT_NE(key_of(one), key_of(two));
}

TEST(CacheKey, copies_depend_on_content_and_place) {
    CopyStep step;
    step.transfer.destination = "/a";
    const std::string usual = key_of_copy("before", step, "content");
    EXPECT_NE(key_of_copy("before", step, "other"), usual);
    step.transfer.destination = "/b";
    EXPECT_NE(key_of_copy("before", step, "content"), usual);
}

}  // namespace
}  // namespace ocimg::build
