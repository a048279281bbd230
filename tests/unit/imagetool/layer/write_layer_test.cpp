#include "imagetool/layer/write_layer.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/layer/layer_sandbox.hpp"
#include "tests/unit/imagetool/stream/stream_text.hpp"
#include "tests/unit/imagetool/tar/read_archive.hpp"

namespace ocimg::test {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using testing::ElementsAre;
using namespace std::string_literals;

/// A tree in the root of the fixture, made by applying a layer, and what is written from it.
class WriteLayer : public LayerTest {
protected:
    void SetUp() override {
        LayerTest::SetUp();
        if (IsSkipped()) return;
        std::filesystem::create_directory(temporary_.path("scratch"));
        const Archive archive =
            Archive()
                .directory("./", 0755, 5)
                .directory("z", 01777, 6)
                .pax(pax_record("mtime", "7.5") + pax_record("SCHILY.xattr.user.k", "v\0"s))
                .add({.name = "z/f", .mode = 04755, .uid = 3, .gid = 4}, sample_text(300'000))
                .hardlink("a", "z/f")
                .symlink("link", "/z/f")
                .fifo("pipe")
                .device("null", 1, 3)
                .pax(pax_record("path", std::string(200, 'n') + "/" + std::string(90, 'm')))
                .file("x", "x");
        ASSERT_THAT(apply(archive), IsOk());
    }

    oci::Result<WrittenLayer> write(const WriteOptions& options, std::string& blob) {
        MemorySink sink;
        oci::Result<WrittenLayer> layer = write_directory_layer(root_, options, sink);
        blob = sink.data();
        return layer;
    }
    std::vector<std::string> names(const std::string& tar) {
        std::vector<std::string> result;
        const std::vector<ReadEntry> entries = read_archive(tar).value();
        for (const ReadEntry& read : entries) result.push_back(read.entry.name);
        return result;
    }
};

TEST_F(WriteLayer, applied_again_gives_the_same_tree) {
    const std::string before = describe_tree(inside(""), false);
    for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd}) {
        std::string blob;
        const auto layer = write({.compression = compression}, blob);
        ASSERT_THAT(layer, IsOk());
        EXPECT_EQ(layer->digest, digest_of(blob));
        EXPECT_EQ(layer->size, blob.size());
        EXPECT_EQ(layer->media_type, layer_media_type(compression));
        write_host_file("scratch/blob", blob);
        const oci::Fd file = oci::open_file(scratch("blob"), O_RDONLY).value();
        std::filesystem::create_directories(scratch("copy"));
        const oci::Fd copy = oci::open_file(scratch("copy"), O_RDONLY | O_DIRECTORY).value();
        ASSERT_THAT(
            apply_layer_blob({file, layer->media_type, layer->digest, layer->size, layer->diff_id}, copy, {}),
            IsOk());
        const struct timespec times[2] = {{0, UTIME_OMIT}, {5, 0}};
        ::futimens(copy.get(), times);
        EXPECT_EQ(describe_tree(scratch("copy"), false), before);
        std::filesystem::remove_all(scratch("copy"));
    }
}

TEST_F(WriteLayer, order_is_by_name_and_links_follow_their_first_name) {
    std::string blob;
    ASSERT_THAT(write({.compression = Compression::none}, blob), IsOk());
    EXPECT_THAT(names(blob),
                ElementsAre("a", "link", std::string(200, 'n') + "/",
                            std::string(200, 'n') + "/" + std::string(90, 'm'), "null", "pipe", "z/", "z/f"));
    EXPECT_EQ(read_archive(blob).value().back().entry.link_target, "a");
}

TEST_F(WriteLayer, the_same_tree_gives_the_same_bytes) {
    for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd}) {
        std::string one;
        std::string two;
        ASSERT_THAT(write({.compression = compression}, one), IsOk());
        ASSERT_THAT(write({.compression = compression}, two), IsOk());
        EXPECT_TRUE(one == two);
    }
}

TEST_F(WriteLayer, later_times_are_clamped) {
    std::string blob;
    ASSERT_THAT(write({.compression = Compression::none, .clamp_mtime = 7}, blob), IsOk());
    const std::vector<ReadEntry> entries = read_archive(blob).value();
    for (const ReadEntry& read : entries) {
        EXPECT_LE(read.entry.mtime.seconds, 7) << read.entry.name;
        if (read.entry.name == "a") {
            EXPECT_EQ(read.entry.mtime, (Timestamp{7, 0}));
        }
        if (read.entry.name == "z/") {
            EXPECT_EQ(read.entry.mtime, (Timestamp{6, 0}));
        }
    }
}

TEST_F(WriteLayer, prefix_stands_in_front_with_its_parents) {
    std::filesystem::remove_all(inside("z"));
    std::string blob;
    ASSERT_THAT(write({.compression = Compression::none, .prefix = "/opt/app/"}, blob), IsOk());
    const std::vector<std::string> found = names(blob);
    EXPECT_EQ(found[0], "opt/");
    EXPECT_EQ(found[1], "opt/app/");
    EXPECT_EQ(found[2], "opt/app/a");
}

TEST_F(WriteLayer, sockets_are_left_out_and_whiteout_names_refused) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = inside("socket");
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(socket);
    std::string blob;
    ASSERT_THAT(write({.compression = Compression::none}, blob), IsOk());
    EXPECT_THAT(names(blob), testing::Not(testing::Contains("socket")));
    write_host_file("root/.wh.x", "");
    EXPECT_THAT(write({}, blob), FailsWith(".wh."));
}

TEST_F(WriteLayer, links_in_the_tree_are_not_followed) {
    std::filesystem::create_symlink(canary(), inside("out"));
    std::string blob;
    ASSERT_THAT(write({.compression = Compression::none}, blob), IsOk());
    EXPECT_EQ(blob.find("the host's secret"), std::string::npos);
}

TEST_F(WriteLayer, trees_deeper_than_the_limit_of_open_files) {
    std::string path;
    for (int i = 0; i < 1100; ++i) path += "d/";
    ASSERT_THAT(apply(Archive().pax(pax_record("path", path + "f")).file("x", "deep")), IsOk());
    std::string blob;
    ASSERT_THAT(write({.compression = Compression::none}, blob), IsOk());
    EXPECT_NE(blob.find("deep"), std::string::npos);
    ASSERT_THAT(apply(Archive().file(".wh.d")), IsOk());
    EXPECT_FALSE(exists("d"));
}

TEST_F(WriteLayer, existing_tar_is_kept_byte_for_byte) {
    const std::string tar =
        Archive().file("b", "1").file("a", sample_text(400'000)).bytes() + std::string(5000, '\0');
    for (const Compression from : {Compression::none, Compression::gzip, Compression::zstd}) {
        const std::string packed = compress(from, tar);
        MemorySource source(packed);
        MemorySink sink;
        const auto layer = write_tar_layer(source, {.compression = Compression::zstd}, sink);
        ASSERT_THAT(layer, IsOk());
        EXPECT_EQ(layer->diff_id, digest_of(tar));
        EXPECT_EQ(layer->digest, digest_of(sink.data()));
        EXPECT_TRUE(decompress(Compression::zstd, sink.data()).value() == tar);
    }
}

TEST_F(WriteLayer, something_that_is_no_tar_is_refused) {
    MemorySource source("this is not a tar archive, whatever its name says");
    MemorySink sink;
    EXPECT_THAT(write_tar_layer(source, {}, sink), FailsWith("tar archive"));
}

TEST_F(WriteLayer, gnu_tar_reads_what_is_written) {
    std::string blob;
    ASSERT_THAT(write({}, blob), IsOk());
    write_host_file("scratch/layer.tar.gz", blob);
    std::filesystem::create_directory(scratch("copy"));
    run({"tar", "--xattrs", "--xattrs-include=*", "--same-owner", "-xpzf", "../layer.tar.gz"},
        scratch("copy"));
    const struct timespec times[2] = {{0, UTIME_OMIT}, {5, 0}};
    ::utimensat(AT_FDCWD, scratch("copy").c_str(), times, 0);
    const std::string long_name = std::string(200, 'n');
    std::filesystem::remove_all(scratch("copy/" + long_name));  // GNU tar sets its time differently
    std::filesystem::remove_all(inside(long_name));
    ::utimensat(AT_FDCWD, inside("").c_str(), times, 0);
    ::utimensat(AT_FDCWD, scratch("copy").c_str(), times, 0);
    EXPECT_EQ(describe_tree(scratch("copy"), false), describe_tree(inside(""), false));
}

TEST_F(WriteLayer, archives_of_gnu_tar_are_applied_whole) {
    const std::string before = describe_tree(inside(""), false);
    for (const char* format : {"--format=gnu", "--format=posix"}) {
        std::filesystem::create_directories(scratch("copy"));
        run({"tar", format, "-S", "--sort=name", "-cf", "../scratch/made.tar", "."}, inside(""));
        const oci::Fd file = oci::open_file(scratch("made.tar"), O_RDONLY).value();
        const oci::Fd copy = oci::open_file(scratch("copy"), O_RDONLY | O_DIRECTORY).value();
        FileSource source(file);
        ASSERT_THAT(apply_layer(source, copy, {}), IsOk()) << format;
        EXPECT_EQ(content("z/f"), oci::read_file(copy, "z/f", 1U << 20U).value());
        if (format == "--format=posix"s) {
            ::removexattr(inside("a").c_str(), "user.k");  // GNU tar was not asked for attributes
            EXPECT_EQ(describe_tree(scratch("copy"), false), describe_tree(inside(""), false));
        }
        std::filesystem::remove_all(scratch("copy"));
    }
    EXPECT_NE(before, "");
}

}  // namespace
}  // namespace ocimg::test
