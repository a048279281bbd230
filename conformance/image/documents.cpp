// image-spec image-layout.md, image-index.md, manifest.md, descriptor.md, considerations.md: documents good
// and bad.

#include "conformance/harness/layout.hpp"

using conformance::Case;
using conformance::Json;
using conformance::Layout;
using conformance::refuses;
using conformance::TarBuilder;
using conformance::Unpacked;

namespace {

/// A good image of one file.
Layout good(const Case& c) {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x"));
    return layout;
}

void unpacks(Case& c, const Layout& layout) {
    c.equal("a file of the image", Unpacked(c, layout).entry("a"), "f644 0:0 x");
}

}  // namespace

IMAGE_CASE("layout/without-oci-layout") {
    refuses(c, good(c).write().remove("oci-layout"), "a layout without oci-layout");
}
IMAGE_CASE("layout/oci-layout-not-json") {
    refuses(c, good(c).write().raw("oci-layout", "1.0.0"), "an oci-layout that is no object");
}
IMAGE_CASE("layout/oci-layout-without-version") {
    refuses(c, good(c).write().raw("oci-layout", "{}"), "an oci-layout without a version");
}
IMAGE_CASE("layout/without-index") {
    refuses(c, good(c).write().remove("index.json"), "a layout without index.json");
}
IMAGE_CASE("layout/index-not-json") {
    refuses(c, good(c).write().raw("index.json", "{\"schemaVersion\": 2,"), "an index.json that is cut off");
}
IMAGE_CASE("layout/without-blobs") {
    Layout layout(c);
    layout.write();
    layout.remove("blobs/sha256/" + Layout::blob_path(layout.manifest["config"]).substr(13));
    refuses(c, layout.remove(Layout::blob_path(layout.descriptor())).remove("blobs/sha256").remove("blobs"),
            "a layout without blobs");
}
IMAGE_CASE("layout/index-without-manifests") {
    Layout layout = good(c);
    layout.write();
    layout.index.erase("/manifests");
    refuses(c, layout.raw("index.json", layout.index.dump()), "an index without manifests");
}
IMAGE_CASE("layout/index-schema-version") {
    Layout layout = good(c);
    layout.index.set("/schemaVersion", Json::number(1));
    refuses(c, layout.write(), "an index of schema version 1");
}
IMAGE_CASE("layout/blob-missing") {
    Layout layout = good(c);
    refuses(c, layout.write().remove(Layout::blob_path(layout.manifest["layers"][std::size_t{0}])),
            "a layout without a layer's blob");
}
IMAGE_CASE("layout/blob-digest-mismatch") {
    Layout layout = good(c);
    // The same length, other bytes.
    std::string other = TarBuilder().file("a", "y").bytes();
    refuses(c, layout.write().raw(Layout::blob_path(layout.manifest["layers"][std::size_t{0}]), other),
            "a layer of another digest");
}
IMAGE_CASE("layout/blob-size-mismatch") {
    Layout layout = good(c);
    layout.manifest.set("/layers/0/size", Json::number(7));
    refuses(c, layout.write(), "a layer of another size");
}
IMAGE_CASE("layout/negative-size") {
    Layout layout = good(c);
    layout.manifest.set("/layers/0/size", Json::number(-1));
    refuses(c, layout.write(), "a negative size");
}
IMAGE_CASE("layout/descriptor-without-fields") {
    for (const char* field : {"mediaType", "digest", "size"}) {
        Layout layout(c, std::string("without-") + field);
        layout.layer(TarBuilder().file("a", "x"));
        layout.manifest.erase(std::string("/layers/0/") + field);
        refuses(c, layout.write(), std::string("a descriptor without ") + field);
    }
}
IMAGE_CASE("layout/duplicate-names") {
    Layout layout = good(c);
    layout.write();
    std::string text = layout.index.dump();
    text.insert(1, "\"schemaVersion\":2,");
    refuses(c, layout.raw("index.json", text), "an object with the same name twice");
}
IMAGE_CASE("layout/not-utf-8") {
    Layout layout = good(c);
    layout.write();
    std::string text = layout.index.dump();
    text.insert(1, "\"x\":\"\xff\xfe\",");
    refuses(c, layout.raw("index.json", text), "text that is not UTF-8");
}
IMAGE_CASE("layout/unknown-properties") {
    Layout layout = good(c);
    layout.manifest.set("/comConformance", Json::of(R"({"a": [1]})"));
    layout.index.set("/comConformance", Json::of("true"));
    unpacks(c, layout.write().raw("oci-layout", R"({"imageLayoutVersion": "1.0.0", "more": 1})"));
}
IMAGE_CASE("layout/unknown-annotations") {
    Layout layout = good(c);
    layout.manifest.set("/annotations", Json::of(R"({"com.example.unknown": "x", "plain": ""})"));
    layout.manifest.set("/layers/0/annotations", Json::of(R"({"com.example.unknown": "x"})"));
    layout.index.set("/annotations", Json::of(R"({"com.example.unknown": "x"})"));
    unpacks(c, layout.write());
}
IMAGE_CASE("layout/empty-annotations") {
    Layout layout = good(c);
    layout.manifest.set("/annotations", Json::object());
    unpacks(c, layout.write());
}
IMAGE_CASE("layout/foreign-blobs") {
    Layout layout = good(c);
    layout.blob("neither JSON nor tar", "application/octet-stream");
    unpacks(c, layout.write());
}
IMAGE_CASE("layout/embedded-data") {
    Layout layout = good(c);
    layout.manifest.set("/config",
                        layout.blob(layout.config.dump(), "application/vnd.oci.image.config.v1+json"));
    layout.manifest.set("/config/data", Json::text("bm90IHRoZSBjb250ZW50"));
    // A consumer may take the blob and leave the data alone, or look at the data and refuse; it must not use
    // it.
    const auto result = conformance::unpack(c, layout.write(), c.path("unpacked"));
    if (!result.ok()) return c.check(true, "data that is not the content is an error");
    const std::string config = conformance::read_text(c.path("unpacked/config.json"));
    c.check(config.find("not the content") == std::string::npos, "data that is not the content is not used",
            config);
}

IMAGE_CASE("index/nested") {
    Layout layout = good(c);
    const Json image = layout.store_image();
    Json nested = Json::of(R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"})");
    nested.set("/manifests/-", image);
    Json entry = layout.blob(nested.dump(), "application/vnd.oci.image.index.v1+json");
    entry.set("/annotations/org.opencontainers.image.ref.name", Json::text("latest"));
    layout.index.set("/manifests/-", std::move(entry));
    unpacks(c, layout.raw("index.json", layout.index.dump()));
}
IMAGE_CASE("index/platform") {
    Layout layout = good(c);
    Json mine = layout.store_image();
    mine.set("/platform", Json::of(R"({"architecture": "amd64", "os": "linux"})"));
    Layout other(c, "other");
    other.layer(TarBuilder().file("a", "of another platform"));
    other.config.set("/architecture", Json::text("s390x"));
    Json theirs = layout.blob(other.manifest.dump(), "application/vnd.oci.image.manifest.v1+json");
    theirs.set("/platform", Json::of(R"({"architecture": "s390x", "os": "linux"})"));
    Json nested = Json::of(R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"})");
    nested.set("/manifests/-", std::move(theirs));
    nested.set("/manifests/-", std::move(mine));
    Json entry = layout.blob(nested.dump(), "application/vnd.oci.image.index.v1+json");
    entry.set("/annotations/org.opencontainers.image.ref.name", Json::text("latest"));
    layout.index.set("/manifests/-", std::move(entry));
    unpacks(c, layout.raw("index.json", layout.index.dump()));
}
IMAGE_CASE("index/first-match") {
    Layout layout = good(c);
    Json first = layout.store_image();
    first.set("/platform", Json::of(R"({"architecture": "amd64", "os": "linux"})"));
    layout.manifest.set("/annotations/second", Json::text("yes"));
    Json second = layout.store_image();
    second.set("/platform", Json::of(R"({"architecture": "amd64", "os": "linux"})"));
    layout.remove(Layout::blob_path(second));  // whoever takes the second one cannot read it
    Json nested = Json::of(R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"})");
    nested.set("/manifests/-", std::move(first));
    nested.set("/manifests/-", std::move(second));
    Json entry = layout.blob(nested.dump(), "application/vnd.oci.image.index.v1+json");
    entry.set("/annotations/org.opencontainers.image.ref.name", Json::text("latest"));
    layout.index.set("/manifests/-", std::move(entry));
    unpacks(c, layout.raw("index.json", layout.index.dump()));
}
IMAGE_CASE("index/unknown-media-type") {
    Layout layout = good(c);
    layout.index.set("/manifests/-", layout.blob("opaque", "application/vnd.conformance.unknown"));
    unpacks(c, layout.write());
}
IMAGE_CASE("index/ref-name-of-a-nested-index") {
    Layout layout = good(c);
    layout.write();
    Json wrong = layout.descriptor();
    wrong.set("/annotations/org.opencontainers.image.ref.name", Json::text("inner"));
    Json nested = Json::of(R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"})");
    nested.set("/manifests/-", std::move(wrong));
    layout.index.set("/manifests/-", layout.blob(nested.dump(), "application/vnd.oci.image.index.v1+json"));
    layout.raw("index.json", layout.index.dump());
    conformance::needs(c, "unpack");
    const auto result =
        c.call("unpack", {{"layout", layout.path()}, {"tag", "inner"}, {"bundle", c.path("unpacked")}});
    c.check(!result.ok(), "a name that only an inner index has names nothing");
}

IMAGE_CASE("manifest/schema-version") {
    Layout layout = good(c);
    layout.manifest.set("/schemaVersion", Json::number(3));
    refuses(c, layout.write(), "a manifest of schema version 3");
}
IMAGE_CASE("manifest/media-type-differs") {
    Layout layout = good(c);
    layout.manifest.set("/mediaType", Json::text("application/vnd.oci.image.index.v1+json"));
    refuses(c, layout.write(), "a manifest that calls itself an index");
}
IMAGE_CASE("manifest/without-config") {
    Layout layout = good(c);
    layout.write();
    layout.manifest.erase("/config");
    Json entry = layout.blob(layout.manifest.dump(), "application/vnd.oci.image.manifest.v1+json");
    entry.set("/annotations/org.opencontainers.image.ref.name", Json::text("latest"));
    layout.index.set("/manifests/0", std::move(entry));
    refuses(c, layout.raw("index.json", layout.index.dump()), "a manifest without a configuration");
}
IMAGE_CASE("manifest/layer-not-a-descriptor") {
    Layout layout = good(c);
    layout.manifest.set("/layers/0", Json::text("sha256:abc"));
    refuses(c, layout.write(), "a layer that is no descriptor");
}

IMAGE_CASE("image-config/without-rootfs") {
    Layout layout = good(c);
    layout.config.erase("/rootfs");
    refuses(c, layout.write(), "a configuration without rootfs");
}
IMAGE_CASE("image-config/unknown-rootfs-type") {
    Layout layout = good(c);
    layout.config.set("/rootfs/type", Json::text("conformance"));
    refuses(c, layout.write(), "an unknown type of rootfs");
}
IMAGE_CASE("image-config/extra-fields") {
    Layout layout = good(c);
    layout.config.set("/container_config", Json::object());
    layout.config.set("/config/Healthcheck", Json::object());
    unpacks(c, layout.write());
}

IMAGE_CASE("digest/sha256") {
    unpacks(c, good(c).write());
}
IMAGE_CASE("digest/not-grammatical") {
    for (const char* digest :
         {"sha256:abc", "sha512:abcdef", "sha256", "../../etc/passwd", "sha256:../../../../x"}) {
        Layout layout(c, "layout" + std::to_string(conformance::digest_of(digest).back()));
        layout.layer(TarBuilder().file("a", "x"));
        layout.manifest.set("/layers/0/digest", Json::text(digest));
        refuses(c, layout.write(), std::string("the digest ") + digest);
    }
}
IMAGE_CASE("digest/capital-letters") {
    Layout layout = good(c);
    std::string digest = layout.manifest["layers"][std::size_t{0}]["digest"].str();
    for (std::size_t i = 7; i < digest.size(); ++i)
        if (digest[i] >= 'a' && digest[i] <= 'f') digest[i] = static_cast<char>(digest[i] - 'a' + 'A');
    layout.manifest.set("/layers/0/digest", Json::text(digest));
    refuses(c, layout.write(), "a digest in capital letters");
}
IMAGE_CASE("digest/unknown-algorithm") {
    // Nobody has to read such a blob; its descriptor does no harm to the image beside it.
    Layout layout = good(c);
    layout.index.set("/manifests/-",
                     Json::of(R"({"mediaType": "application/vnd.conformance.unknown", "size": 3,
                                                  "digest": "conformance+b64u:LCa0a2j_xo"})"));
    unpacks(c, layout.write());
}
