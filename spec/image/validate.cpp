#include "spec/image/validate.hpp"

#include <string>

#include "base/text.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/media_type.hpp"
#include "spec/image/timestamp.hpp"

namespace oci::spec {

namespace {

using Findings = std::vector<Finding>;

std::string indexed(const char* name, std::size_t index) {
    return std::string(name) + "[" + std::to_string(index) + "]";
}

void check_schema_version(std::int64_t version, const char* section, Findings& findings) {
    if (version == 2) return;
    findings.push_back({.path = "schemaVersion",
                        .found = "is " + std::to_string(version),
                        .allowed = "2",
                        .section = section});
}

void check_digest(const std::string& text, const std::string& path, const char* section, Findings& findings) {
    const auto digest = Digest::parse(text);
    if (digest) return;
    findings.push_back({.path = path,
                        .found = "is " + quote(text),
                        .allowed = "a digest such as \"sha256:\" and 64 lower-case hex digits",
                        .section = section});
}

void check_media_type(const std::string& text, const std::string& path, const char* section,
                      Findings& findings) {
    if (is_media_type(text)) return;
    findings.push_back({.path = path,
                        .found = "is " + quote(text),
                        .allowed = "a media type, TYPE/SUBTYPE by RFC 6838",
                        .section = section});
}

void check_descriptor(const Descriptor& descriptor, const std::string& path, Findings& findings) {
    const char* const section = "descriptor.md \"Properties\"";
    check_media_type(descriptor.media_type, path + ".mediaType", section, findings);
    check_digest(descriptor.digest, path + ".digest", "descriptor.md \"Digests\"", findings);
    if (descriptor.size < 0) {
        findings.push_back({.path = path + ".size",
                            .found = "is " + std::to_string(descriptor.size),
                            .allowed = "0 or more bytes",
                            .section = section});
    }
    if (!descriptor.artifact_type.empty())
        check_media_type(descriptor.artifact_type, path + ".artifactType", section, findings);
}

void check_timestamp(const std::string& text, const std::string& path, Findings& findings) {
    if (text.empty() || parse_timestamp(text)) return;
    findings.push_back({.path = path,
                        .found = "is " + quote(text),
                        .allowed = "a date and time by RFC 3339",
                        .section = "config.md \"Properties\""});
}

void check_artifact_type(const Manifest& manifest, Findings& findings) {
    if (!manifest.artifact_type.empty())
        check_media_type(manifest.artifact_type, "artifactType", "manifest.md \"artifactType\"", findings);
    if (manifest.config.media_type != media_type::empty || !manifest.artifact_type.empty()) return;
    findings.push_back({.path = "artifactType",
                        .found = "is absent, and config.mediaType is the empty value",
                        .allowed = "the type of the artifact",
                        .section = "manifest.md \"Guidelines for Artifact Usage\""});
}

void check_rootfs(const RootFs& rootfs, Findings& findings) {
    if (rootfs.type != "layers") {
        findings.push_back({.path = "rootfs.type",
                            .found = "is " + quote(rootfs.type),
                            .allowed = "\"layers\"",
                            .section = "config.md \"rootfs\""});
    }
    for (std::size_t i = 0; i < rootfs.diff_ids.size(); ++i) {
        check_digest(rootfs.diff_ids[i], indexed("rootfs.diff_ids", i), "config.md \"Layer DiffID\"",
                     findings);
    }
}

}  // namespace

Findings validate(const Manifest& manifest) {
    Findings findings;
    check_schema_version(manifest.schema_version, "manifest.md \"schemaVersion\"", findings);
    check_artifact_type(manifest, findings);
    check_descriptor(manifest.config, "config", findings);
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
        check_descriptor(manifest.layers[i], indexed("layers", i), findings);
    }
    if (manifest.subject.has_value()) check_descriptor(*manifest.subject, "subject", findings);
    return findings;
}

Findings validate(const ImageIndex& index) {
    Findings findings;
    check_schema_version(index.schema_version, "image-index.md \"schemaVersion\"", findings);
    if (!index.artifact_type.empty())
        check_media_type(index.artifact_type, "artifactType", "image-index.md \"artifactType\"", findings);
    for (std::size_t i = 0; i < index.manifests.size(); ++i) {
        check_descriptor(index.manifests[i], indexed("manifests", i), findings);
    }
    if (index.subject.has_value()) check_descriptor(*index.subject, "subject", findings);
    return findings;
}

Findings validate(const ImageConfig& config) {
    Findings findings;
    check_timestamp(config.created, "created", findings);
    check_rootfs(config.rootfs, findings);
    for (std::size_t i = 0; i < config.history.size(); ++i) {
        check_timestamp(config.history[i].created, indexed("history", i) + ".created", findings);
    }
    return findings;
}

}  // namespace oci::spec
