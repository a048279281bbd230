#include "spec/image/image_json.hpp"

#include <utility>
#include <vector>

#include "base/text.hpp"
#include "spec/image/image_fields.hpp"
#include "spec/image/media_type.hpp"
#include "spec/image/validate.hpp"
#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"

namespace oci::spec {

namespace {

/// What only the text can show: a property that must be there, though it may be null, and one that
/// would make the text readable as another document too (CVE-2021-41190).
struct Shape {
    std::string_view needs;
    std::vector<std::string_view> must_not_have;
    const char* section;
};

void check_shape(const Document& document, const Shape& shape, std::vector<Finding>& findings) {
    const Value& root = document.root();
    if (root.kind != ValueKind::object) return;
    if (document.find(root, shape.needs) == nullptr) {
        findings.push_back(
            {.path = std::string(shape.needs), .found = "is required", .section = shape.section});
    }
    for (const std::string_view other : shape.must_not_have) {
        if (document.find(root, other) == nullptr) continue;
        findings.push_back({.path = std::string(other),
                            .found = "is there, as in a document of another kind",
                            .section = shape.section});
    }
}

/// A document must be what its descriptor said: otherwise two readers could see two things.
void check_media_type(const std::string& found, std::string_view expected, MediaKind kind,
                      std::vector<Finding>& findings) {
    const bool fits =
        expected.empty()
            ? found.empty() || media_kind(found) == kind
            : found.empty() || to_lower(found) == to_lower(trim(expected.substr(0, expected.find(';'))));
    if (fits) return;
    findings.push_back({.path = "mediaType",
                        .found = "is " + quote(found),
                        .allowed = expected.empty() ? "a media type of this document"
                                                    : quote(expected) + ", as its descriptor says",
                        .section = "media-types.md \"Media Type Conflicts\""});
}

/// Gives the findings of a check of values their place in the text.
void place(const Document& document, const std::string& file, std::vector<Finding>& findings) {
    for (Finding& finding : findings) {
        const Position position = document.position_of(document.locate(finding.path));
        finding.file = file;
        finding.line = position.line;
        finding.column = position.column;
    }
}

template <class T, class Check>
Result<T> parse_document(std::string_view text, const std::string& file, Check check) {
    const Document document = TRY(parse_json(text, file));
    Reader reader(document, file);
    T out{};
    reader.read(document.root(), out);
    std::vector<Finding> findings = reader.findings();
    // Values that could not be read have defaults, and checking those would report them twice.
    std::vector<Finding> more = findings.empty() ? validate(out) : std::vector<Finding>{};
    check(document, out, more);
    place(document, file, more);
    findings.insert(findings.end(), more.begin(), more.end());
    if (!findings.empty()) return to_error(findings);
    return out;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, const std::string& file,
                                std::string_view expected_media_type) {
    const Shape shape{.needs = "layers",
                      .must_not_have = {"manifests", "fsLayers"},
                      .section = "manifest.md \"Image Manifest\""};
    return parse_document<Manifest>(
        text, file, [&](const Document& document, const Manifest& manifest, std::vector<Finding>& findings) {
            check_shape(document, shape, findings);
            check_media_type(manifest.media_type, expected_media_type, MediaKind::manifest, findings);
        });
}

Result<ImageIndex> parse_index(std::string_view text, const std::string& file,
                               std::string_view expected_media_type) {
    const Shape shape{.needs = "manifests",
                      .must_not_have = {"config", "layers", "fsLayers"},
                      .section = "image-index.md \"Image Index Property Descriptions\""};
    return parse_document<ImageIndex>(
        text, file, [&](const Document& document, const ImageIndex& index, std::vector<Finding>& findings) {
            check_shape(document, shape, findings);
            check_media_type(index.media_type, expected_media_type, MediaKind::index, findings);
        });
}

Result<ImageConfig> parse_image_config(std::string_view text, const std::string& file) {
    return parse_document<ImageConfig>(
        text, file, [](const Document& document, const ImageConfig&, std::vector<Finding>& findings) {
            const Value* const rootfs = document.find(document.root(), "rootfs");
            if (rootfs == nullptr || rootfs->kind != ValueKind::object) return;
            if (document.find(*rootfs, "diff_ids") != nullptr) return;
            findings.push_back(
                {.path = "rootfs.diff_ids", .found = "is required", .section = "config.md \"rootfs\""});
        });
}

Result<ImageLayout> parse_layout(std::string_view text, const std::string& file) {
    return read_json<ImageLayout>(text, file);
}

std::string to_json(const Manifest& manifest) {
    return write_json(manifest);
}

std::string to_json(const ImageIndex& index) {
    return write_json(index);
}

std::string to_json(const ImageConfig& config) {
    return write_json(config);
}

std::string to_json(const ImageLayout& layout) {
    return write_json(layout);
}

Platform platform_of(const ImageConfig& config) {
    Platform platform;
    platform.architecture = config.architecture;
    platform.os = config.os;
    platform.os_version = config.os_version;
    platform.os_features = config.os_features;
    platform.variant = config.variant;
    return platform;
}

}  // namespace oci::spec
