// image-spec layer.md: what a rootfs looks like once the layers were applied.

#include <sys/stat.h>
#include <sys/xattr.h>

#include "conformance/harness/layout.hpp"

using conformance::Case;
using conformance::Layout;
using conformance::TarBuilder;
using conformance::Unpacked;

namespace {

constexpr const char* tar_type = "application/vnd.oci.image.layer.v1.tar";

/// One layer of this media type is unpacked.
void wrapped(Case& c, const std::string& suffix) {
    Layout layout(c);
    layout.layer(TarBuilder().directory("dir").file("dir/file", "content"), tar_type + suffix).write();
    const Unpacked image(c, layout);
    c.equal("dir/file", image.entry("dir/file"), "f644 0:0 content");
}

}  // namespace

IMAGE_CASE("layers/order") {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "lower").file("b", "lower"));
    layout.layer(TarBuilder().file("b", "middle").file("c", "middle"));
    layout.layer(TarBuilder().file("c", "upper")).write();
    const Unpacked image(c, layout);
    c.equal("a file of the first layer", image.entry("a"), "f644 0:0 lower");
    c.equal("a file of the first two", image.entry("b"), "f644 0:0 middle");
    c.equal("a file of the last two", image.entry("c"), "f644 0:0 upper");
}

IMAGE_CASE("layers/gzip") {
    wrapped(c, "+gzip");
}

IMAGE_CASE("layers/zstd") {
    wrapped(c, "+zstd");
}

IMAGE_CASE("layers/attributes") {
    Layout layout(c);
    layout
        .layer(TarBuilder()
                   .directory("sticky", 01777)
                   .file("setuid", "x", 04755, 1000, 1001)
                   .file("setgid", "x", 02711, 0, 7)
                   .file("closed", "x", 0)
                   .directory("of-a-user", 0700, 1000, 1000))
        .write();
    const Unpacked image(c, layout);
    c.equal("a sticky directory", image.entry("sticky"), "d1777 0:0");
    c.equal("a setuid file of a user", image.entry("setuid"), "f4755 1000:1001 x");
    c.equal("a setgid file of a group", image.entry("setgid"), "f2711 0:7 x");
    c.equal("a file without permissions", image.entry("closed"), "f0 0:0 x");
    c.equal("a directory of a user", image.entry("of-a-user"), "d700 1000:1000");
    struct stat status {};
    ::stat(image.root("setuid").c_str(), &status);
    c.equal("time of a file", std::to_string(status.st_mtim.tv_sec), std::to_string(conformance::tar_time));
    ::stat(image.root("of-a-user").c_str(), &status);
    c.equal("time of a directory", std::to_string(status.st_mtim.tv_sec),
            std::to_string(conformance::tar_time));
}

IMAGE_CASE("layers/links") {
    Layout layout(c);
    layout
        .layer(TarBuilder()
                   .file("file", "content")
                   .hardlink("hard", "file")
                   .symlink("soft", "file")
                   .symlink("dangling", "/no/such/thing"))
        .write();
    const Unpacked image(c, layout);
    c.equal("a symbolic link", image.entry("soft"), "l file");
    c.equal("a dangling link", image.entry("dangling"), "l /no/such/thing");
    struct stat first {};
    struct stat second {};
    ::stat(image.root("file").c_str(), &first);
    ::stat(image.root("hard").c_str(), &second);
    c.equal("inode of a hard link", std::to_string(second.st_ino), std::to_string(first.st_ino));
}

IMAGE_CASE("layers/special-files") {
    Layout layout(c);
    layout.layer(TarBuilder().device("char", '3', 1, 3).device("block", '4', 7, 9).device("fifo", '6', 0, 0))
        .write();
    const Unpacked image(c, layout);
    c.equal("a character device", image.entry("char"), "c640 1:3");
    c.equal("a block device", image.entry("block"), "b640 7:9");
    c.equal("a fifo", image.entry("fifo"), "p640");
}

IMAGE_CASE("layers/extended-attributes") {
    Layout layout(c);
    layout.layer(TarBuilder().record("SCHILY.xattr.user.key", "value").file("file", "x")).write();
    const Unpacked image(c, layout);
    char value[64] = {};
    const ssize_t length = ::lgetxattr(image.root("file").c_str(), "user.key", value, sizeof value - 1);
    c.equal("user.key", length < 0 ? std::string("-") : std::string(value), "value");
}

IMAGE_CASE("layers/directory-attributes") {
    Layout layout(c);
    layout.layer(TarBuilder().directory("dir", 0755).file("dir/kept", "x"));
    layout.layer(TarBuilder().directory("dir", 0700, 5, 6)).write();
    const Unpacked image(c, layout);
    c.equal("the directory", image.entry("dir"), "d700 5:6");
    c.equal("a file in it", image.entry("dir/kept"), "f644 0:0 x");
}

IMAGE_CASE("layers/replace-kinds") {
    Layout layout(c);
    layout.layer(TarBuilder()
                     .directory("dir-to-file")
                     .file("dir-to-file/gone", "x")
                     .file("file-to-dir", "x")
                     .symlink("link-to-file", "dir-to-file")
                     .file("file-to-link", "x")
                     .directory("target")
                     .symlink("link-to-dir", "target"));
    layout
        .layer(TarBuilder()
                   .file("dir-to-file", "new")
                   .directory("file-to-dir")
                   .file("link-to-file", "new")
                   .symlink("file-to-link", "target")
                   .directory("link-to-dir"))
        .write();
    const Unpacked image(c, layout);
    c.equal("a file over a directory", image.entry("dir-to-file"), "f644 0:0 new");
    c.equal("a directory over a file", image.entry("file-to-dir"), "d755 0:0");
    c.equal("a file over a link", image.entry("link-to-file"), "f644 0:0 new");
    c.equal("a link over a file", image.entry("file-to-link"), "l target");
    c.equal("a directory over a link", image.entry("link-to-dir"), "d755 0:0");
}

IMAGE_CASE("layers/whiteout") {
    Layout layout(c);
    layout.layer(TarBuilder()
                     .directory("dir")
                     .file("dir/gone", "x")
                     .file("dir/kept", "x")
                     .directory("tree")
                     .file("tree/below", "x"));
    layout.layer(TarBuilder().whiteout("dir/.wh.gone").whiteout(".wh.tree").whiteout(".wh.never-there"))
        .write();
    const Unpacked image(c, layout);
    c.equal("a file that was removed", image.entry("dir/gone"), "-");
    c.equal("a directory that was removed", image.entry("tree"), "-");
    c.equal("the file beside", image.entry("dir/kept"), "f644 0:0 x");
    c.equal("the whiteout itself", image.entry("dir/.wh.gone"), "-");
    c.equal("the other whiteout", image.entry(".wh.tree"), "-");
}

IMAGE_CASE("layers/whiteout-same-layer") {
    Layout layout(c);
    layout.layer(TarBuilder().file("twice", "lower"));
    layout.layer(TarBuilder().file("twice", "upper").whiteout(".wh.twice")).write();
    const Unpacked image(c, layout);
    c.equal("a file of the whiteout's own layer", image.entry("twice"), "f644 0:0 upper");
}

IMAGE_CASE("layers/whiteout-without-name") {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x").whiteout(".wh.")).write();
    conformance::refuses(c, layout, "a whiteout of nothing");
}

IMAGE_CASE("layers/opaque") {
    Layout layout(c);
    layout.layer(
        TarBuilder().directory("dir").file("dir/lower", "x").directory("dir/sub").file("dir/sub/file", "x"));
    layout.layer(TarBuilder().directory("dir").whiteout("dir/.wh..wh..opq").file("dir/upper", "x")).write();
    const Unpacked image(c, layout);
    c.equal("a file of the lower layer", image.entry("dir/lower"), "-");
    c.equal("a directory of the lower layer", image.entry("dir/sub"), "-");
    c.equal("a file of the whiteout's own layer", image.entry("dir/upper"), "f644 0:0 x");
    c.equal("the whiteout itself", image.entry("dir/.wh..wh..opq"), "-");
}

IMAGE_CASE("layers/opaque-same-layer") {
    Layout layout(c);
    layout.layer(TarBuilder().directory("dir").file("dir/lower", "x"));
    layout.layer(TarBuilder().directory("dir").file("dir/before", "x").whiteout("dir/.wh..wh..opq")).write();
    const Unpacked image(c, layout);
    c.equal("a file of the lower layer", image.entry("dir/lower"), "-");
    c.equal("an earlier file of the whiteout's own layer", image.entry("dir/before"), "f644 0:0 x");
}

IMAGE_CASE("layers/wrong-diff-id") {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x"));
    layout.config.set("/rootfs/diff_ids/0",
                      conformance::Json::text(conformance::digest_of("something else")));
    conformance::refuses(c, layout.write(), "a layer of another diff id");
}

IMAGE_CASE("layers/not-a-tar") {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x"));
    const std::string noise(2048, 'n');
    layout.manifest.set("/layers/0", layout.blob(noise, tar_type));
    layout.config.set("/rootfs/diff_ids/0", conformance::Json::text(conformance::digest_of(noise)));
    conformance::refuses(c, layout.write(), "a layer that is no tar archive");
}

IMAGE_CASE("layers/non-distributable") {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x"), "application/vnd.oci.image.layer.nondistributable.v1.tar")
        .write();
    c.equal("a file of the layer", Unpacked(c, layout).entry("a"), "f644 0:0 x");
}

IMAGE_CASE("layers/urls") {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x"));
    layout.manifest.set("/layers/0/urls", conformance::Json::of(R"(["https://example.com/layer"])"));
    c.equal("a file of the layer", Unpacked(c, layout.write()).entry("a"), "f644 0:0 x");
}
