#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "imagetool/store/tags.hpp"
#include "spec/image/media_type.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/store/test_layout.hpp"

namespace ocimg {
namespace {

using oci::test::IsOk;

constexpr int writers = 16;
constexpr int tags_each = 100;

/// Where a sync costs nothing, if there is such a place: 1600 of them are not
/// what is tested.
std::string quick_parent() {
    return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path().string();
}

/// What every command does that sets a tag, in a process of its own. The exit
/// code says how it went.
int write_tags(const std::string& path, int writer, const oci::spec::Descriptor& image) {
    const auto layout = Layout::open(path);
    if (!layout) return 1;
    for (int i = 0; i < tags_each; ++i) {
        const auto lock = layout->lock();
        if (!lock) return 2;
        auto index = layout->index();
        if (!index) return 3;
        set_tag(*index, "w" + std::to_string(writer) + "-" + std::to_string(i), {image});
        if (!layout->replace_index(*lock, *index)) return 4;
    }
    return 0;
}

TEST(LayoutLock, sixteen_writers_of_a_hundred_tags_lose_none_and_readers_see_whole_indexes) {
    const oci::test::TemporaryDirectory directory(quick_parent());
    const std::string path = directory.path("layout");
    const Layout layout = Layout::create(path).value();
    const oci::spec::Descriptor image = layout.write_blob("{}", oci::spec::media_type::manifest).value();
    std::vector<pid_t> children;
    for (int writer = 0; writer < writers; ++writer) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) ::_exit(write_tags(path, writer, image));
        children.push_back(child);
    }
    // A reader takes no lock: it sees the index before a change or after it, and
    // no tag ever goes away.
    std::size_t seen = 0;
    std::size_t reads = 0;
    for (std::size_t finished = 0; finished < children.size();) {
        const auto index = layout.index();
        ASSERT_THAT(index, IsOk());
        ASSERT_GE(index->manifests.size(), seen);
        seen = index->manifests.size();
        int status = 0;
        // After many looks the reader leaves the processors to the writers.
        while (::waitpid(-1, &status, ++reads < 300 ? WNOHANG : 0) > 0) {
            ASSERT_TRUE(WIFEXITED(status));
            ASSERT_EQ(WEXITSTATUS(status), 0);
            ++finished;
        }
    }
    EXPECT_EQ(tags_of(layout.index().value()).size(), std::size_t{writers} * tags_each);
    EXPECT_GT(reads, 1U);
}

TEST(LayoutLock, a_writer_that_is_killed_lets_the_next_one_in) {
    test::TestLayout layout;
    layout.save("before");
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto lock = layout.layout.lock();
        static_cast<void>(layout.layout.write_blob("half done", "text/plain"));
        ::_exit(lock ? 9 : 1);  // without any clearing up, as by SIGKILL
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 9);
    layout.save("after");
    EXPECT_EQ(tags_of(layout.layout.index().value()), (std::vector<std::string>{"after", "before"}));
}

}  // namespace
}  // namespace ocimg
