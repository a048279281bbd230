// image-spec considerations.md "Extensibility", manifest.md: what a copy keeps.

#include <unistd.h>

#include "conformance/harness/layout.hpp"

using conformance::Case;
using conformance::Json;
using conformance::Layout;
using conformance::TarBuilder;

namespace {

/// Copies "latest" to another layout; the descriptor there.
Json copied(Case& c, const Layout& layout) {
    conformance::needs(c, "copy");
    const auto result =
        c.call("copy", {{"layout", layout.path()}, {"tag", "latest"}, {"target", c.path("target")}});
    c.need(result.ok(), "copy succeeds", result.err.text());
    const Json index = Json::of(conformance::read_text(c.path("target/index.json")));
    for (const Json& entry : index["manifests"].items())
        if (entry["annotations"]["org.opencontainers.image.ref.name"].str() == "latest") return entry;
    return {};
}

bool is_there(const Case& c, const Json& descriptor) {
    return ::access((c.path("target/") + Layout::blob_path(descriptor)).c_str(), F_OK) == 0;
}

}  // namespace

IMAGE_CASE("copy/same-digests") {
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x"), "application/vnd.oci.image.layer.v1.tar+gzip");
    layout.layer(TarBuilder().file("b", "x"), "application/vnd.oci.image.layer.v1.tar");
    layout.manifest.set("/unknownProperty", Json::of("[1]"));
    layout.write();
    const Json entry = copied(c, layout);
    c.equal("digest of the manifest", entry["digest"].str(), layout.descriptor()["digest"].str());
    c.check(is_there(c, layout.manifest["config"]), "the configuration's blob is there");
    for (const Json& layer : layout.manifest["layers"].items())
        c.check(is_there(c, layer), "the blob of a layer is there", layer.dump());
    c.equal("the manifest's text",
            conformance::read_text(c.path("target/") + Layout::blob_path(layout.descriptor())),
            layout.manifest.dump());
}

IMAGE_CASE("copy/artifact") {
    Layout layout(c);
    layout.manifest.set("/artifactType", Json::text("application/vnd.conformance.thing"));
    layout.manifest.set("/config", layout.blob("{}", "application/vnd.oci.empty.v1+json"));
    layout.manifest.set("/layers/-", layout.blob("some bytes", "application/vnd.conformance.bytes"));
    layout.write();
    const Json entry = copied(c, layout);
    c.equal("digest of the manifest", entry["digest"].str(), layout.descriptor()["digest"].str());
    c.check(is_there(c, layout.manifest["layers"][std::size_t{0}]), "the blob of unknown type is there");
}

IMAGE_CASE("copy/blob-digest-mismatch") {
    conformance::needs(c, "copy");
    Layout layout(c);
    layout.layer(TarBuilder().file("a", "x")).write();
    layout.raw(Layout::blob_path(layout.manifest["layers"][std::size_t{0}]),
               TarBuilder().file("a", "y").bytes());
    const auto result =
        c.call("copy", {{"layout", layout.path()}, {"tag", "latest"}, {"target", c.path("target")}});
    c.check(!result.ok(), "copying a blob of another digest is an error");
}
