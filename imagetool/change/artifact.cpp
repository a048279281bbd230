#include "imagetool/change/artifact.hpp"

#include <set>

#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

constexpr std::string_view empty_json = "{}";
constexpr int deepest_index = 8;
constexpr std::size_t most_documents = 10000;

/// The descriptor of "{}", image-spec manifest.md "Guidance for an Empty Descriptor".
Descriptor empty_descriptor() {
    Descriptor descriptor;
    descriptor.media_type = oci::spec::media_type::empty;
    descriptor.digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    descriptor.size = static_cast<std::int64_t>(empty_json.size());
    descriptor.data = "e30=";
    return descriptor;
}

class Search {
public:
    Search(const Layout& layout, const std::string& digest) : layout_(layout), digest_(digest) {}

    void look_at(const Descriptor& descriptor, int depth) {
        if (depth > deepest_index || seen_.size() > most_documents) return;
        const MediaKind kind = oci::spec::media_kind(descriptor.media_type);
        if (kind != MediaKind::manifest && kind != MediaKind::index) return;
        if (!seen_.insert(descriptor.digest).second) return;
        const auto text = layout_.read_blob(descriptor);
        if (!text) return;
        if (kind == MediaKind::manifest) {
            look_at_manifest(descriptor, *text);
        } else {
            look_at_index(descriptor, *text, depth);
        }
    }

    std::vector<Descriptor> found;

private:
    void look_at_manifest(const Descriptor& descriptor, const std::string& text) {
        const auto manifest = oci::spec::parse_manifest(text, descriptor.digest, descriptor.media_type);
        if (!manifest) return;
        const std::string& type =
            manifest->artifact_type.empty() ? manifest->config.media_type : manifest->artifact_type;
        take(descriptor, manifest->subject, type, manifest->annotations);
    }

    void look_at_index(const Descriptor& descriptor, const std::string& text, int depth) {
        const auto index = oci::spec::parse_index(text, descriptor.digest, descriptor.media_type);
        if (!index) return;
        take(descriptor, index->subject, index->artifact_type, index->annotations);
        for (const Descriptor& inner : index->manifests) look_at(inner, depth + 1);
    }

    void take(const Descriptor& descriptor, const std::optional<Descriptor>& subject, const std::string& type,
              const oci::spec::Annotations& annotations) {
        if (!subject.has_value() || subject->digest != digest_) return;
        Descriptor referrer;
        referrer.media_type = descriptor.media_type;
        referrer.digest = descriptor.digest;
        referrer.size = descriptor.size;
        referrer.artifact_type = type;
        referrer.annotations = annotations;
        found.push_back(std::move(referrer));
    }

    const Layout& layout_;
    const std::string& digest_;
    std::set<std::string> seen_;
};

}  // namespace

oci::spec::Manifest artifact_manifest(const std::string& artifact_type, std::vector<Descriptor> files,
                                      const Descriptor& subject, const oci::spec::Annotations& annotations) {
    oci::spec::Manifest manifest;
    manifest.media_type = oci::spec::media_type::manifest;
    manifest.artifact_type = artifact_type;
    manifest.config = empty_descriptor();
    manifest.layers = std::move(files);
    if (manifest.layers.empty()) manifest.layers.push_back(empty_descriptor());
    Descriptor target;
    target.media_type = subject.media_type;
    target.digest = subject.digest;
    target.size = subject.size;
    manifest.subject = std::move(target);
    manifest.annotations = annotations;
    return manifest;
}

Result<Descriptor> store_artifact(const Layout& layout, const oci::spec::Manifest& manifest) {
    TRY(layout.write_blob(empty_json, oci::spec::media_type::empty));
    Descriptor descriptor = TRY(layout.write_blob(oci::spec::to_json(manifest), manifest.media_type));
    descriptor.artifact_type = manifest.artifact_type;
    descriptor.annotations = manifest.annotations;
    return descriptor;
}

Result<std::vector<Descriptor>> find_referrers(const Layout& layout, const std::string& digest) {
    Search search(layout, digest);
    for (const Descriptor& entry : TRY(layout.index()).manifests) search.look_at(entry, 0);
    return std::move(search.found);
}

}  // namespace ocimg
