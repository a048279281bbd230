#include <gmock/gmock.h>

#include "imagetool/remote/registry_client.hpp"
#include "imagetool/remote/retry.hpp"

namespace ocimg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Retry, M04_retry_after_in_both_forms) {
    const auto now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
    EXPECT_EQ(parse_retry_after("7", now), milliseconds(7000));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), milliseconds(10000));
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), milliseconds(0));
    EXPECT_EQ(parse_retry_after("86400", now), milliseconds(60000));
    EXPECT_FALSE(parse_retry_after("soon", now).has_value());
    EXPECT_FALSE(parse_retry_after("-1", now).has_value());
    EXPECT_FALSE(parse_retry_after("Sun, 06 Foo 1994 08:49:47 GMT", now).has_value());
}

TEST(Retry, M04_pauses_double_and_obey_the_server) {
    EXPECT_EQ(pause_before(2, std::nullopt, 0.0), milliseconds(500));
    EXPECT_EQ(pause_before(4, std::nullopt, 0.0), milliseconds(2000));
    EXPECT_EQ(pause_before(2, seconds(3), 0.0), milliseconds(3000));
    EXPECT_LE(pause_before(2, seconds(10), 0.999), milliseconds(12000));
}

TEST(Retry, M04_which_answers_are_tried_again) {
    for (const int status : {408, 429, 500, 502, 503, 504})
        EXPECT_TRUE(is_retryable_status(status)) << status;
    for (const int status : {200, 301, 400, 401, 403, 404, 416, 501})
        EXPECT_FALSE(is_retryable_status(status)) << status;
}

TEST(Referrers, the_tag_schema_of_the_specification) {
    EXPECT_EQ(referrers_tag_of("sha256:" + std::string(64, 'a')), "sha256-" + std::string(64, 'a'));
    EXPECT_EQ(referrers_tag_of("sha512:" + std::string(128, 'a')), "sha512-" + std::string(64, 'a'));
    EXPECT_EQ(
        referrers_tag_of(
            "test+algorithm+using+algorithm+separators+and+lots+of+characters+to+excercise+overall+"
            "truncation:alsoSome=InTheEncodedSectionToShowHyphenReplacementAndLotsAndLotsOfCharacters"
            "ToExcerciseEncodedTruncation"),
        "test-algorithm-using-algorithm-s-alsoSome-InTheEncodedSectionToShowHyphenReplacementAndLotsAndLot");
}

TEST(Pages, the_next_one_is_in_a_link_header) {
    HttpResponse response;
    EXPECT_FALSE(next_page(response).has_value());
    response.headers.fields = {{"link", "</v2/a/tags/list?last=x>; rel=\"next\""}};
    EXPECT_EQ(next_page(response), "/v2/a/tags/list?last=x");
    response.headers.fields = {{"link", "</x>; rel=\"prev\""}};
    EXPECT_FALSE(next_page(response).has_value());
    response.headers.fields = {{"link", "nonsense"}};
    EXPECT_FALSE(next_page(response).has_value());
}

}  // namespace
}  // namespace ocimg
