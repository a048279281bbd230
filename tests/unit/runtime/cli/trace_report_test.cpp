#include "runtime/cli/trace_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ocirun {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<Phase> a_run() {
    return {{Lane::host, "plan", 0, 1'500'000},
            {Lane::init, "mounts", 2'000'000, 2'250'500},
            {Lane::host, "wait <for> init", 1'500'000, 2'300'000}};
}

TEST(TraceReport, text_is_in_the_order_of_starts_with_a_sum_for_each_process) {
    const std::string text = phases_as_text(a_run());
    EXPECT_LT(text.find("plan"), text.find("wait"));
    EXPECT_LT(text.find("wait"), text.find("mounts"));
    EXPECT_THAT(text, HasSubstr("1500.0"));
    EXPECT_THAT(text, HasSubstr("2300.0"));
    EXPECT_THAT(text, HasSubstr("250.5"));
    EXPECT_THAT(text, Not(HasSubstr("between")));
}

TEST(TraceReport, json_is_one_line_in_microseconds) {
    EXPECT_EQ(phases_as_json({{Lane::init, "mounts", 2'000'000, 2'250'500}}, "run"),
              "{\"command\":\"run\",\"unit\":\"us\",\"phases\":[{\"process\":\"init\",\"name\":\"mounts\","
              "\"start\":2000.0,\"duration\":250.5}],\"total\":{\"init\":250.5}}\n");
}

TEST(TraceReport, the_picture_has_a_row_for_each_process_and_escapes_names) {
    const std::string picture = phases_as_svg(a_run(), "run");
    EXPECT_THAT(picture, HasSubstr("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    EXPECT_THAT(picture, HasSubstr(">host</text>"));
    EXPECT_THAT(picture, HasSubstr(">init</text>"));
    EXPECT_THAT(picture, HasSubstr("wait &lt;for&gt; init: 800.0 µs"));
    EXPECT_THAT(picture, Not(HasSubstr("<for>")));
}

TEST(PhaseTrace, records_nothing_until_it_is_asked_to_and_then_both_processes) {
    phase_done("nobody has asked");
    EXPECT_THAT(recorded_phases(), IsEmpty());
    ASSERT_TRUE(start_tracing().has_value());
    const pid_t child = ::fork();
    if (child == 0) {
        enter_lane(Lane::init);
        phase_done("in the child");
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    phase_done("in the parent");
    const std::vector<Phase> phases = recorded_phases();
    ASSERT_EQ(phases.size(), 3U);
    EXPECT_EQ(phases[0].name, "start-up of the program");
    EXPECT_EQ(phases[1].name, "in the child");
    EXPECT_EQ(phases[1].lane, Lane::init);
    EXPECT_EQ(phases[2].lane, Lane::host);
    EXPECT_EQ(phases[2].begin, phases[0].end);
    EXPECT_LE(phases[1].end, phases[2].end);
}

}  // namespace
}  // namespace ocirun
