// What was changed in an overlay mount, read from its upper directory as a layer.

#include <sys/sysmacros.h>

#include "imagetool/layer/write_layer.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/reader.hpp"
#include "tests/unit/imagetool/overlay/overlay_sandbox.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
namespace fs = std::filesystem;

class UpperLayer : public OverlayTest {
protected:
    void SetUp() override {
        OverlayTest::SetUp();
        if (IsSkipped()) return;
        for (const char* name : {"upper", "work"}) fs::create_directory(temporary_.path(name));
        upper_ = oci::open_file(temporary_.path("upper"), O_RDONLY | O_DIRECTORY).value();
        work_ = oci::open_file(temporary_.path("work"), O_RDONLY | O_DIRECTORY).value();
    }
    /// Mounts the layers with a writable top; gives the mount's path.
    std::string mount(const std::vector<Archive>& archives) {
        lower_ = archives;
        const auto layers = layers_of(archives);
        stack_ = cache().unpack(layers).value();
        mount_ = mount_overlay({.lowers = stack_.borrow(), .upper = upper_, .work = work_}).value();
        return path_of_fd(mount_);
    }
    [[nodiscard]] oci::Result<std::string> layer(const WriteOptions& options) const {
        MemorySink blob;
        TRY(write_directory_layer(upper_, options, blob));
        return blob.data();
    }
    static WriteOptions upper_options() {
        WriteOptions options{.compression = Compression::none};
        options.scan.overlay_upper = true;
        return options;
    }
    [[nodiscard]] std::vector<std::string> names(const WriteOptions& options) const {
        std::vector<std::string> found;
        const std::string tar = layer(options).value();
        MemorySource source(tar);
        BufferedSource blocks(source);
        TarReader reader(blocks);
        Entry entry;
        while (reader.next(entry).value()) found.push_back(entry.name);
        return found;
    }
    /// The layer on top of the lower ones gives what the mount shows.
    void expect_round_trip() {
        std::vector<Archive> all = lower_;
        std::string tar = layer(upper_options()).value();
        tar.resize(tar.size() - 1024);
        all.push_back(Archive().raw(tar));
        EXPECT_EQ(applied_to_one_tree(all), tree_text(path_of_fd(mount_))) << last_error_;
    }

    std::vector<Archive> lower_;
    LayerStack stack_;
    oci::Fd upper_;
    oci::Fd work_;
    oci::Fd mount_;
};

void put(const std::string& path, const std::string& text) {
    const oci::Fd file = oci::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644).value();
    ASSERT_THAT(oci::write_all(file, text), IsOk());
}

Archive base() {
    return Archive()
        .directory("./", 0755, 5)
        .directory("a")
        .file("a/one", "1")
        .file("a/two", "2")
        .directory("a/deep")
        .file("a/deep/x", "x")
        .directory("b")
        .file("b/y", "y")
        .symlink("link", "a");
}

void restore_root_time(const std::string& root) {
    const struct timespec times[2] = {{5, 0}, {5, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, root.c_str(), times, 0), 0);
}

TEST_F(UpperLayer, changes_additions_and_deletions) {
    const std::string root = mount({base()});
    put(root + "/a/one", "changed");
    put(root + "/a/new", "new");
    fs::remove(root + "/a/two");
    fs::remove_all(root + "/b");
    fs::remove(root + "/link");
    put(root + "/link", "now a file");
    ASSERT_EQ(::chown((root + "/a/deep").c_str(), 7, 8), 0);
    restore_root_time(root);
    EXPECT_EQ(names(upper_options()),
              (std::vector<std::string>{".wh.b", "a/", "a/.wh.two", "a/deep/", "a/new", "a/one", "link"}));
    expect_round_trip();
}

TEST_F(UpperLayer, directory_removed_and_made_again_is_opaque) {
    const std::string root = mount({base()});
    fs::remove_all(root + "/a");
    fs::create_directory(root + "/a");
    put(root + "/a/only", "this");
    restore_root_time(root);
    EXPECT_EQ(names(upper_options()), (std::vector<std::string>{"a/", "a/.wh..wh..opq", "a/only"}));
    expect_round_trip();
}

TEST_F(UpperLayer, hard_links_nodes_and_attributes) {
    const std::string root = mount({base(), Archive().file("a/deep/x", "second layer")});
    put(root + "/c", "linked");
    ASSERT_EQ(::link((root + "/c").c_str(), (root + "/a/d").c_str()), 0);
    ASSERT_EQ(::mkfifo((root + "/fifo").c_str(), 0640), 0);
    ASSERT_EQ(::mknod((root + "/null").c_str(), S_IFCHR | 0666, ::makedev(1, 3)), 0);
    ASSERT_EQ(::setxattr((root + "/c").c_str(), "trusted.mark", "m", 1, 0), 0);
    ASSERT_EQ(::rename((root + "/a/deep/x").c_str(), (root + "/moved").c_str()), 0);
    restore_root_time(root);
    EXPECT_THAT(names(upper_options()),
                testing::ElementsAre("a/", "a/d", "a/deep/", "a/deep/.wh.x", "c", "fifo", "moved", "null"));
    expect_round_trip();
}

TEST_F(UpperLayer, renamed_directory_is_whole) {
    const std::string root = mount({base()});
    EXPECT_NE(::rename((root + "/a").c_str(), (root + "/z").c_str()), 0) << "the kernel made a redirect";
    EXPECT_EQ(errno, EXDEV);
}

TEST_F(UpperLayer, what_is_left_out_is_not_there_at_all) {
    const std::string root = mount({base()});
    put(root + "/a/one", "changed");
    fs::remove_all(root + "/b");
    fs::create_directories(root + "/proc/self");
    WriteOptions options = upper_options();
    options.scan.leaves_out = [](const std::string& path) { return path == "proc" || path == "b"; };
    EXPECT_EQ(names(options), (std::vector<std::string>{"a/", "a/one"}));
}

TEST_F(UpperLayer, nothing_changed_is_an_empty_layer) {
    mount({base()});
    EXPECT_TRUE(names(upper_options()).empty());
}

TEST_F(UpperLayer, file_that_reads_as_a_whiteout_is_refused) {
    const std::string root = mount({base()});
    put(root + "/a/.wh.one", "a trap");
    EXPECT_THAT(layer(upper_options()), FailsWith("\"a/.wh.one\" cannot be stored"));
}

TEST_F(UpperLayer, part_of_a_file_is_refused) {
    put(temporary_.path("upper/part"), "");
    ASSERT_EQ(::setxattr(temporary_.path("upper/part").c_str(), "trusted.overlay.metacopy", "", 0, 0), 0);
    EXPECT_THAT(layer(upper_options()), FailsWith("\"part\": the overlay keeps only"));
}

TEST_F(UpperLayer, escaped_attributes_get_their_names_back) {
    put(temporary_.path("upper/nested"), "");
    const std::string file = temporary_.path("upper/nested");
    ASSERT_EQ(::setxattr(file.c_str(), "trusted.overlay.overlay.opaque", "y", 1, 0), 0);
    ASSERT_EQ(::setxattr(file.c_str(), "trusted.overlay.origin", "o", 1, 0), 0);
    const std::string tar = layer(upper_options()).value();
    EXPECT_NE(tar.find("SCHILY.xattr.trusted.overlay.opaque=y"), std::string::npos);
    EXPECT_EQ(tar.find("origin"), std::string::npos);
}

TEST_F(UpperLayer, becomes_a_layer_of_the_cache_without_a_copy) {
    const std::string root = mount({base()});
    put(root + "/a/one", "changed");
    fs::remove_all(root + "/b");
    restore_root_time(root);
    const std::string shown = tree_text(root);
    mount_.reset();
    const std::string id = sha256_of("some chain");
    const oci::Fd adopted = cache().adopt(id, temporary_.fd(), "upper").value();
    EXPECT_FALSE(fs::exists(temporary_.path("upper")));
    EXPECT_TRUE(cache().find(id).value().is_open());
    std::vector<oci::BorrowedFd> lowers = {adopted};
    for (const oci::BorrowedFd lower : stack_.borrow()) lowers.push_back(lower);
    const oci::Fd again = mount_overlay({.lowers = lowers}).value();
    EXPECT_EQ(tree_text(path_of_fd(again)), shown);
    ASSERT_THAT(cache().remove(id), IsOk());
    EXPECT_FALSE(cache().find(id).value().is_open());
}

}  // namespace
}  // namespace ocimg::test
