#include "imagetool/store/check_document.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "imagetool/stream/hashing.hpp"
#include "spec/image/image_fields.hpp"
#include "spec/image/media_type.hpp"
#include "spec/image/timestamp.hpp"
#include "spec/image/validate.hpp"
#include "spec/json/parse.hpp"
#include "spec/json/reader.hpp"

namespace ocimg {

using oci::quote;
using oci::spec::Annotations;
using oci::spec::Descriptor;
using oci::spec::Finding;
using oci::spec::MediaKind;

namespace {

namespace media_type = oci::spec::media_type;

/// Reads a document and collects what is wrong with its types; the value only when nothing is.
/// `present`: a list that readers take for empty when it is not there, which the specification does not.
template <class T>
std::optional<T> read_document(std::string_view text, const std::string& file, const char* section,
                               Findings& findings, const char* present = nullptr) {
    const auto document = oci::spec::parse_json(text, file);
    if (!document.has_value()) {
        findings.push_back(
            {.file = file, .found = document.error().text, .allowed = "JSON", .section = section});
        return std::nullopt;
    }
    oci::spec::Reader reader(*document, file);
    T value{};
    reader.read(document->root(), value);
    findings.insert(findings.end(), reader.findings().begin(), reader.findings().end());
    if (!reader.findings().empty()) return std::nullopt;
    if (present != nullptr && document->find(document->root(), present) == nullptr)
        findings.push_back({.file = file, .path = present, .found = "is required", .section = section});
    return value;
}

void add(Findings& findings, const std::string& file, std::string path, std::string found,
         std::string allowed, std::string section) {
    findings.push_back({.file = file,
                        .path = std::move(path),
                        .found = std::move(found),
                        .allowed = std::move(allowed),
                        .section = std::move(section)});
}

void take_over(std::vector<Finding> from, const std::string& file, Findings& findings) {
    for (Finding& finding : from) {
        finding.file = file;
        findings.push_back(std::move(finding));
    }
}

bool is_reference_name(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    bool separator = true;  // a name neither begins nor ends with one
    for (const char c : text) {
        const bool is_plain = plain(c);
        if (!is_plain && std::string_view("-._:@+/").find(c) == std::string_view::npos) return false;
        if (!is_plain && separator && c != '-') return false;
        separator = !is_plain;
    }
    return !separator;
}

void check_annotations(const Annotations& annotations, const std::string& path, const std::string& file,
                       Findings& findings) {
    const char* const section = "annotations.md \"Rules\"";
    for (const auto& [key, value] : annotations) {
        const std::string place = oci::spec::property_path(path, key);
        if (key.empty()) add(findings, file, path, "has an empty key", "keys with characters", section);
        if (key == "org.opencontainers.image.created" && !oci::spec::parse_timestamp(value).has_value())
            add(findings, file, place, "is " + quote(value), "a date and time by RFC 3339",
                "annotations.md \"Pre-Defined Annotation Keys\"");
        if (key == oci::spec::ref_name_annotation && !is_reference_name(value))
            add(findings, file, place, "is " + quote(value), "a name by the grammar of references",
                "annotations.md \"Pre-Defined Annotation Keys\"");
    }
}

/// The rules for descriptors that depend on where they stand.
void check_annotations_of(const std::vector<Descriptor>& descriptors, const std::string& name,
                          const std::string& file, Findings& findings) {
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        const std::string path = oci::spec::item_path(name, i) + ".annotations";
        check_annotations(descriptors[i].annotations, path, file, findings);
    }
}

/// A scheme, and after it only the characters of RFC 3986, with whole percent-encodings.
bool is_uri(std::string_view text) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || letters.find(text[0]) == std::string_view::npos)
        return false;
    for (const char c : text.substr(0, colon)) {
        if (letters.find(c) == std::string_view::npos &&
            std::string_view("0123456789+-.").find(c) == std::string_view::npos)
            return false;
    }
    constexpr std::string_view others = "0123456789-._~:/?#[]@!$&'()*+,;=%";
    for (std::size_t i = colon + 1; i < text.size(); ++i) {
        if (letters.find(text[i]) == std::string_view::npos && others.find(text[i]) == std::string_view::npos)
            return false;
        if (text[i] == '%' && (i + 2 >= text.size() || hex.find(text[i + 1]) == std::string_view::npos ||
                               hex.find(text[i + 2]) == std::string_view::npos))
            return false;
    }
    return true;
}

void check_urls(const Descriptor& descriptor, const std::string& path, const std::string& file,
                Findings& findings) {
    for (std::size_t i = 0; i < descriptor.urls.size(); ++i) {
        if (is_uri(descriptor.urls[i])) continue;
        add(findings, file, oci::spec::item_path(path + ".urls", i), "is " + quote(descriptor.urls[i]),
            "a URI by RFC 3986, SCHEME:...", "descriptor.md \"Properties\"");
    }
}

void check_data(const Descriptor& descriptor, const std::string& path, const std::string& file,
                Findings& findings) {
    if (descriptor.data.empty()) return;
    const auto content = oci::from_base64(descriptor.data);
    const auto algorithm = algorithm_of(descriptor.digest);
    Hasher hasher(algorithm.has_value() ? *algorithm : HashAlgorithm::sha256);
    if (content.has_value()) hasher.update(bytes_of(*content));
    if (!content.has_value() || content->size() != static_cast<std::size_t>(descriptor.size) ||
        (algorithm.has_value() && hasher.finish() != descriptor.digest))
        add(findings, file, path + ".data", "does not hold the content",
            "the content in base64: `size` bytes with this digest", "descriptor.md \"Embedded Content\"");
}

void check_content(const Descriptor& descriptor, const std::string& path, const std::string& file,
                   Findings& findings) {
    check_urls(descriptor, path, file, findings);
    check_data(descriptor, path, file, findings);
}

}  // namespace

void check_layout_marker(std::string_view text, const std::string& file, Findings& findings) {
    const char* const section = "image-layout.md \"oci-layout file\"";
    const auto layout = read_document<oci::spec::ImageLayout>(text, file, section, findings);
    if (layout.has_value() && layout->image_layout_version != oci::spec::layout_version)
        add(findings, file, "imageLayoutVersion", "is " + quote(layout->image_layout_version), "\"1.0.0\"",
            section);
}

std::optional<oci::spec::ImageIndex> check_index(std::string_view text, const std::string& file,
                                                 Findings& findings) {
    auto index = read_document<oci::spec::ImageIndex>(text, file, "image-index.md", findings, "manifests");
    if (!index.has_value()) return index;
    take_over(oci::spec::validate(*index), file, findings);
    if (!index->media_type.empty() && index->media_type != media_type::index &&
        index->media_type != media_type::docker_index) {
        add(findings, file, "mediaType", "is " + quote(index->media_type), quote(media_type::index),
            "image-index.md \"mediaType\"");
    }
    check_annotations(index->annotations, "annotations", file, findings);
    check_annotations_of(index->manifests, "manifests", file, findings);
    for (std::size_t i = 0; i < index->manifests.size(); ++i)
        check_content(index->manifests[i], oci::spec::item_path("manifests", i), file, findings);
    return index;
}

std::optional<oci::spec::Manifest> check_manifest(std::string_view text, const std::string& file,
                                                  Findings& findings) {
    auto manifest = read_document<oci::spec::Manifest>(text, file, "manifest.md", findings, "layers");
    if (!manifest.has_value()) return manifest;
    take_over(oci::spec::validate(*manifest), file, findings);
    if (!manifest->media_type.empty() && manifest->media_type != media_type::manifest &&
        manifest->media_type != media_type::docker_manifest) {
        add(findings, file, "mediaType", "is " + quote(manifest->media_type), quote(media_type::manifest),
            "manifest.md \"mediaType\"");
    }
    // The rules for images bind those whose config is an image's; everything else is an artifact.
    const bool is_image = oci::spec::media_kind(manifest->config.media_type) == MediaKind::config;
    for (std::size_t i = 0; is_image && i < manifest->layers.size(); ++i) {
        const std::string& type = manifest->layers[i].media_type;
        if (oci::spec::media_kind(type) == MediaKind::layer) continue;
        add(findings, file, oci::spec::item_path("layers", i) + ".mediaType", "is " + quote(type),
            "a media type of layers", "manifest.md \"layers\"");
    }
    check_annotations(manifest->annotations, "annotations", file, findings);
    check_annotations_of(manifest->layers, "layers", file, findings);
    check_content(manifest->config, "config", file, findings);
    for (std::size_t i = 0; i < manifest->layers.size(); ++i)
        check_content(manifest->layers[i], oci::spec::item_path("layers", i), file, findings);
    return manifest;
}

std::optional<oci::spec::ImageConfig> check_config(std::string_view text, const std::string& file,
                                                   std::size_t layers, Findings& findings) {
    auto config = read_document<oci::spec::ImageConfig>(text, file, "config.md", findings);
    if (!config.has_value()) return config;
    take_over(oci::spec::validate(*config), file, findings);
    if (config->architecture.empty())
        add(findings, file, "architecture", "is empty", "a processor architecture",
            "config.md \"Properties\"");
    if (config->os.empty())
        add(findings, file, "os", "is empty", "an operating system", "config.md \"Properties\"");
    if (config->rootfs.diff_ids.size() != layers) {
        add(findings, file, "rootfs.diff_ids",
            "has " + std::to_string(config->rootfs.diff_ids.size()) + " items",
            "as many as the manifest has layers, " + std::to_string(layers), "config.md \"Properties\"");
    }
    const auto not_empty = std::count_if(config->history.begin(), config->history.end(),
                                         [](const auto& entry) { return !entry.empty_layer; });
    if (!config->history.empty() && static_cast<std::size_t>(not_empty) != layers) {
        add(findings, file, "history", "has " + std::to_string(not_empty) + " entries with a layer",
            "as many as the manifest has layers, " + std::to_string(layers), "config.md \"Properties\"");
    }
    return config;
}

}  // namespace ocimg
