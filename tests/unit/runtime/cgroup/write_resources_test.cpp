#include "runtime/cgroup/write_resources.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ocirun {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using oci::test::TemporaryDirectory;

/// A directory of ordinary files in the place of a cgroup.
class WriteResources : public testing::Test {
protected:
    void add_file(const std::string& name, const std::string& content = "") {
        const auto file = oci::open_at(tree_.fd(), name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        ASSERT_THAT(file, IsOk());
        ASSERT_THAT(oci::write_all(*file, content), IsOk());
    }
    std::string read(const std::string& name) { return oci::read_file(tree_.fd(), name, 4096).value(); }
    oci::Result<void> write(const std::vector<CgroupWrite>& writes) {
        return write_resources(writes, {.directory_of =
                                            [this](const std::string& controller) {
                                                return controller == "absent"
                                                           ? OpenCgroup{}
                                                           : OpenCgroup{.fd = tree_.fd(),
                                                                        .path = tree_.path()};
                                            },
                                        .explain_missing =
                                            [](const CgroupWrite& missing) {
                                                return "there is no " + missing.controller + " controller";
                                            }});
    }
    TemporaryDirectory tree_;
};

TEST_F(WriteResources, writes_the_value) {
    add_file("pids.max");
    ASSERT_THAT(write({{.controller = "pids", .file = "pids.max", .value = "7", .origin = "p"}}), IsOk());
    EXPECT_EQ(read("pids.max"), "7");
}

TEST_F(WriteResources, missing_file_names_property_and_reason) {
    EXPECT_THAT(write({{.controller = "pids", .file = "pids.max", .value = "7", .origin = "linux.pids"}}),
                FailsWith("linux.pids: there is no pids controller"));
}

TEST_F(WriteResources, missing_hierarchy_names_property_and_reason) {
    EXPECT_THAT(write({{.controller = "absent", .file = "absent.max", .value = "7", .origin = "linux.x"}}),
                FailsWith("linux.x: there is no absent controller"));
}

TEST_F(WriteResources, optional_file_may_be_missing) {
    EXPECT_THAT(write({{.controller = "pids", .file = "pids.max", .value = "7", .may_be_missing = true},
                       {.controller = "absent", .file = "a.b", .value = "7", .may_be_missing = true}}),
                IsOk());
}

TEST_F(WriteResources, fallback_takes_its_own_value) {
    add_file("io.weight");
    ASSERT_THAT(write({{.controller = "io",
                        .file = "io.bfq.weight",
                        .value = "5",
                        .fallback_file = "io.weight",
                        .fallback_value = "default 50"}}),
                IsOk());
    EXPECT_EQ(read("io.weight"), "default 50");
}

TEST_F(WriteResources, limit_below_the_usage_is_refused_when_asked) {
    add_file("memory.max");
    add_file("memory.current", "5000\n");
    CgroupWrite write_limit{.controller = "memory", .file = "memory.max", .value = "4096", .origin = "limit"};
    write_limit.usage_file = "memory.current";
    EXPECT_THAT(write({write_limit}), FailsWith("limit: the new limit 4096 is below the current usage 5000"));
    EXPECT_EQ(read("memory.max"), "");
    write_limit.value = "8192";
    EXPECT_THAT(write({write_limit}), IsOk());
}

}  // namespace
}  // namespace ocirun
