#include "imagetool/progress/progress.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

#include <thread>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/progress/progress_text.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocimg {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A file in memory that a Progress writes into.
class Output {
public:
    Output() : file_(::memfd_create("progress", MFD_CLOEXEC)) {}
    [[nodiscard]] oci::BorrowedFd fd() const { return file_; }
    std::string text() {
        ::lseek(file_.get(), 0, SEEK_SET);
        return oci::read_all(file_, 1 << 20).value();
    }

private:
    oci::Fd file_;
};

TEST(Progress, sizes_and_durations_are_short) {
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(1023), "1023 B");
    EXPECT_EQ(size_text(1536), "1.5 KiB");
    EXPECT_EQ(size_text(std::uint64_t{20} << 30U), "20.0 GiB");
    EXPECT_EQ(duration_text(seconds(7)), "0:07");
    EXPECT_EQ(duration_text(seconds(3723)), "1:02:03");
}

TEST(Progress, a_bar_has_amount_speed_and_time_left) {
    const auto begin = steady_clock::now();
    const ProgressState item{.name = "layer 1",
                             .total = 100 << 20,
                             .done = 60 << 20,
                             .started_with = 10 << 20,
                             .begin = begin,
                             .ended = {},
                             .failed = false};
    const std::string bar = bar_text(item, begin + seconds(5), 200);
    EXPECT_THAT(bar, StartsWith("layer 1 "));
    EXPECT_THAT(bar, HasSubstr("[==============>"));
    EXPECT_THAT(bar, HasSubstr("60.0 MiB/100.0 MiB 10.0 MiB/s 0:04"));
}

TEST(Progress, a_bar_fits_the_screen) {
    const ProgressState item{.name = "layer 1",
                             .total = 100,
                             .done = 6,
                             .started_with = 0,
                             .begin = {},
                             .ended = {},
                             .failed = false};
    EXPECT_EQ(bar_text(item, steady_clock::now(), 30).size(), 30U);
}

TEST(Progress, more_bytes_than_announced_do_not_break_the_bar) {
    const ProgressState item{
        .name = "x", .total = 10, .done = 1000, .started_with = 0, .begin = {}, .ended = {}, .failed = false};
    EXPECT_THAT(bar_text(item, steady_clock::now(), 200), HasSubstr("[========================] "));
}

TEST(Progress, lines_tell_each_end_once) {
    Output out;
    const auto progress = Progress::open(ProgressStyle::lines, out.fd());
    ProgressItem item = progress->start("layer 1", 2048);
    item.add(2048);
    item.finish();
    progress->say("all there");
    EXPECT_EQ(out.text(), "layer 1: done (2.0 KiB)\nall there\n");
}

TEST(Progress, an_item_that_is_dropped_has_failed) {
    Output out;
    const auto progress = Progress::open(ProgressStyle::lines, out.fd());
    { const ProgressItem item = progress->start("layer 1", 0); }
    EXPECT_EQ(out.text(), "layer 1: failed\n");
}

TEST(Progress, json_is_one_object_a_line) {
    Output out;
    const auto progress = Progress::open(ProgressStyle::json, out.fd());
    ProgressItem item = progress->start("a \"b\"", 5, 2);
    item.add(3);
    item.finish("mounted");
    EXPECT_EQ(out.text(),
              "{\"event\":\"start\",\"item\":\"a \\\"b\\\"\",\"done\":2,\"total\":5}\n"
              "{\"event\":\"end\",\"item\":\"a "
              "\\\"b\\\"\",\"done\":5,\"total\":5,\"status\":\"mounted\",\"failed\":false}\n");
}

TEST(Progress, bars_are_drawn_again_in_place) {
    Output out;
    {
        const auto progress = Progress::open(ProgressStyle::bars, out.fd());
        ProgressItem one = progress->start("one", 10);
        ProgressItem two = progress->start("two", 10);
        two.finish("done");
        one.finish("done");
    }
    const std::string text = out.text();
    EXPECT_THAT(text, HasSubstr("\x1b[1A"));
    EXPECT_THAT(text, EndsWith("one                  done\ntwo                  done\n\r\x1b[J"));
}

TEST(Progress, none_says_nothing) {
    Output out;
    const auto progress = Progress::open(ProgressStyle::none, out.fd());
    progress->start("one", 10).finish();
    EXPECT_EQ(out.text(), "");
}

TEST(Progress, threads_may_report_at_the_same_time) {
    Output out;
    const auto progress = Progress::open(ProgressStyle::json, out.fd());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&progress, i] {
            ProgressItem item = progress->start("item " + std::to_string(i), 100);
            for (int step = 0; step < 100; ++step) item.add(1);
            item.finish();
        });
    }
    for (std::thread& thread : threads) thread.join();
    const std::string text = out.text();
    for (const std::string& line : oci::split(text.substr(0, text.size() - 1), '\n')) {
        EXPECT_THAT(line, StartsWith("{"));
        EXPECT_THAT(line, EndsWith("}"));
    }
    EXPECT_THAT(text, Not(HasSubstr("\"failed\":true")));
}

TEST(Progress, an_unknown_style_is_refused) {
    EXPECT_FALSE(parse_progress_style("loud", oci::BorrowedFd(2)).has_value());
    EXPECT_EQ(parse_progress_style("auto", Output().fd()).value(), ProgressStyle::lines);
}

}  // namespace
}  // namespace ocimg
