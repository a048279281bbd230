#include "runtime/protocol/criu_message.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using std::string_literals::operator""s;

TEST(CriuMessage, a_version_request_is_its_number) {
    EXPECT_EQ(encode_criu_version_request(), "\x08\x0a"s);
}

TEST(CriuMessage, a_reply_to_a_notification_says_whether_it_went_well) {
    EXPECT_EQ(encode_criu_notification_reply(true), "\x08\x06\x18\x01"s);
    EXPECT_EQ(encode_criu_notification_reply(false), "\x08\x06\x18\x00"s);
}

TEST(CriuMessage, features_are_asked_for_by_name) {
    EXPECT_EQ(encode_criu_feature_request({.memory_tracking = true, .lazy_pages = false}),
              "\x08\x09\x2a\x02\x08\x01"s);
}

TEST(CriuMessage, options_that_are_off_are_left_out) {
    CriuOptions options;
    options.images_directory = 5;
    // dump; images_dir_fd 5; notify_scripts, manage_cgroups, orphan_pts_master; log_level 4; mode 6
    EXPECT_EQ(encode_criu_request(CriuRequestType::dump, options),
              "\x08\x01\x12\x0f\x08\x05\x60\x01\xc0\x01\x01\x90\x03\x01\x48\x04\x90\x02\x06"s);
}

TEST(CriuMessage, pairs_are_messages_of_their_own) {
    CriuOptions options;
    options.external_mounts = {{"/a", "/b"}};
    EXPECT_NE(
        encode_criu_request(CriuRequestType::restore, options).find("\xba\x01\x08\x0a\x02/a\x12\x02/b"s),
        std::string::npos);
}

TEST(CriuMessage, a_notification_names_its_script_and_process) {
    const auto answer = decode_criu_answer("\x08\x06\x10\x01\x2a\x06\x0a\x01x\x10\xac\x02"s);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->script, "x");
    EXPECT_EQ(answer->pid, 300);
}

TEST(CriuMessage, a_failure_has_number_and_text) {
    const auto answer = decode_criu_answer("\x08\x01\x10\x00\x38\x16\x4a\x02no"s);
    ASSERT_TRUE(answer.has_value());
    EXPECT_FALSE(answer->success);
    EXPECT_EQ(answer->error_number, 22);
    EXPECT_EQ(answer->error_text, "no");
}

TEST(CriuMessage, a_version_is_one_number) {
    const auto answer = decode_criu_answer("\x08\x0a\x10\x01\x52\x06\x08\x03\x10\x11\x20\x01"s);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->version, 31701U);
}

TEST(CriuMessage, fields_of_a_newer_criu_are_passed_over) {
    const std::string number = "\xf8\x07\x01"s;
    const std::string four_bytes = "\xf5\x07____"s;
    const std::string eight_bytes = "\xf1\x07________"s;
    const auto answer =
        decode_criu_answer("\x08\x02\x10\x01"s + number + four_bytes + eight_bytes + "\x22\x02\x08\x07"s);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->pid, 7);
}

TEST(CriuMessage, whatever_is_cut_off_or_broken_is_refused) {
    for (const std::string& message :
         {""s, "\x08"s, "\x08\x80"s, "\x08\x01\x12"s, "\x08\x01\x2a\x7f"s, "\x0b"s,
          "\x08\x06\x2a\x02\x0a\x09"s, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s, "\x10\x01"s,
          "\x09"
          "1234"s,
          "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s})
        EXPECT_FALSE(decode_criu_answer(message).has_value());
}

}  // namespace
}  // namespace ocirun
