#include "imagetool/store/check_layout.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/path_in_root.hpp"
#include "base/text.hpp"
#include "imagetool/store/check_document.hpp"
#include "imagetool/store/check_layer.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/stream/hashing.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

using oci::Fd;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::Finding;
using oci::spec::MediaKind;

namespace {

constexpr oci::Lookup no_links{.follow_last = false, .no_symlinks = true};
constexpr int deepest = 16;

std::string file_of(const std::string& digest) {
    const auto parsed = oci::spec::Digest::parse(digest);
    if (!parsed.has_value()) return {};
    return "blobs/" + std::string(parsed->algorithm()) + "/" + std::string(parsed->encoded());
}

class Check {
public:
    Check(Fd root, const CheckOptions& options) : root_(std::move(root)), options_(options) {}

    LayoutReport run() {
        check_marker();
        check_blobs_directory();
        if (options_.contents) check_every_blob();
        if (const auto text = read_document("index.json", "image-layout.md \"index.json file\"")) {
            const auto index = check_index(*text, "index.json", report_.findings);
            if (index.has_value()) follow_all(index->manifests, "index.json", "manifests", 0);
        }
        return std::move(report_);
    }

private:
    void report(std::string file, std::string path, std::string found, std::string allowed,
                std::string section) {
        report_.findings.push_back({.file = std::move(file),
                                    .path = std::move(path),
                                    .found = std::move(found),
                                    .allowed = std::move(allowed),
                                    .section = std::move(section)});
    }

    void check_marker() {
        const char* const section = "image-layout.md \"oci-layout file\"";
        if (const auto text = read_document("oci-layout", section))
            check_layout_marker(*text, "oci-layout", report_.findings);
    }

    void check_blobs_directory() {
        const auto blobs = oci::open_in_root(root_, "blobs", O_RDONLY | O_DIRECTORY, 0, no_links);
        if (blobs.has_value()) return;
        report("blobs", "", "is missing, or is no directory", "a directory", "image-layout.md \"Content\"");
    }

    /// A file of the layout, whole; what keeps it from being read is a finding.
    std::optional<std::string> read_document(const std::string& file, const char* section) {
        const auto opened = oci::open_in_root(root_, file, O_RDONLY | O_NONBLOCK, 0, no_links);
        if (!opened.has_value()) {
            report(file, "", "cannot be read: " + oci::errno_text(opened.error().system_errno),
                   "a regular file", section);
            return std::nullopt;
        }
        const auto status = oci::status_of(*opened);
        if (!status.has_value() || !S_ISREG(status->st_mode)) {
            report(file, "", "is not a regular file", "a regular file", section);
            return std::nullopt;
        }
        ++report_.documents;
        auto text = oci::read_all(*opened, document_limit);
        if (text.has_value()) return std::move(*text);
        report(file, "", "cannot be read whole: " + text.error().text, "at most 4 MiB", section);
        return std::nullopt;
    }

    /// Each blob's content is what its name says.
    void check_every_blob() {
        const auto algorithms = oci::open_in_root(root_, "blobs", O_RDONLY | O_DIRECTORY, 0, no_links);
        if (!algorithms.has_value()) return;
        for (const std::string& algorithm : sorted_names(*algorithms)) {
            const std::string folder = "blobs/" + algorithm;
            const auto directory = oci::open_in_root(root_, folder, O_RDONLY | O_DIRECTORY, 0, no_links);
            if (!directory.has_value()) continue;
            for (const std::string& name : sorted_names(*directory)) check_blob(algorithm, name);
        }
    }

    static std::vector<std::string> sorted_names(oci::BorrowedFd directory) {
        auto names = oci::list_directory(directory);
        if (!names.has_value()) return {};
        std::sort(names->begin(), names->end());
        return std::move(*names);
    }

    void check_blob(const std::string& algorithm, const std::string& name) {
        const char* const section = "image-layout.md \"Blobs\"";
        const std::string file = "blobs/" + algorithm + "/" + name;
        const auto digest = oci::spec::Digest::parse(algorithm + ":" + name);
        if (!digest.has_value() || !digest->can_be_verified()) return;  // other files are nobody's business
        ++report_.blobs;
        const auto opened = oci::open_in_root(root_, file, O_RDONLY | O_NONBLOCK, 0, no_links);
        const auto found = opened.has_value() ? digest_of_file(*opened, *digest) : opened.error();
        if (!found.has_value()) {
            report(file, "", "cannot be read: " + found.error().text, "a regular file", section);
        } else if (*found != digest->text()) {
            report(file, "", "has the digest " + *found, "content whose digest is the file's name", section);
        } else {
            return;
        }
        report_.damaged.push_back(digest->text());
        damaged_.insert(digest->text());
    }

    void start_reading(const std::string& what, const std::string& digest, std::uint64_t bytes) const {
        constexpr std::size_t shown = 12;
        const std::size_t colon = digest.find(':');
        if (options_.on_start) options_.on_start(what + " " + digest.substr(colon + 1, shown), bytes);
    }

    Result<std::string> digest_of_file(oci::BorrowedFd file, const oci::spec::Digest& digest) const {
        const struct stat status = TRY(oci::status_of(file));
        if (!S_ISREG(status.st_mode)) return oci::failure("it is not a regular file");
        start_reading("blob", digest.text(), static_cast<std::uint64_t>(status.st_size));
        CountedFile source(file, options_.on_read);
        const bool long_digest = digest.algorithm() == "sha512";
        HashingSource hashed(source, long_digest ? HashAlgorithm::sha512 : HashAlgorithm::sha256);
        std::vector<std::byte> buffer(std::size_t{1} << 20U);
        while (TRY(hashed.read(buffer)) > 0) {
        }
        return hashed.finish();
    }

    void follow_all(const std::vector<Descriptor>& descriptors, const std::string& file,
                    const std::string& name, int depth) {
        for (std::size_t i = 0; i < descriptors.size(); ++i)
            follow(descriptors[i], file, name + "[" + std::to_string(i) + "]", depth);
    }

    /// Whether the blob is there with the size that the descriptor states.
    bool is_there(const Descriptor& blob, const std::string& file, const std::string& path) {
        const std::string place = file_of(blob.digest);
        if (place.empty()) return false;  // the digest itself is a finding already
        const auto opened = oci::open_in_root(root_, place, O_PATH, 0, no_links);
        if (!opened.has_value()) {
            // Content may be elsewhere: urls, or layers that may not be distributed.
            if (blob.urls.empty())
                report(file, path + ".digest", "names the blob " + blob.digest + ", which is missing",
                       "a blob of the layout", "image-layout.md \"Blobs\"");
            return false;
        }
        const auto status = oci::status_of(*opened);
        if (status.has_value() && status->st_size == blob.size) return !damaged_.contains(blob.digest);
        report(file, path + ".size",
               "is " + std::to_string(blob.size) + ", and the blob has " +
                   std::to_string(status.has_value() ? status->st_size : 0) + " bytes",
               "the size of the content", "descriptor.md \"Properties\"");
        return false;
    }

    void follow(const Descriptor& blob, const std::string& file, const std::string& path, int depth) {
        if (!is_there(blob, file, path) || depth > deepest) return;
        const MediaKind kind = oci::spec::media_kind(blob.media_type);
        if (kind != MediaKind::index && kind != MediaKind::manifest) return;
        if (!followed_.insert(blob.digest).second) return;
        const std::string place = file_of(blob.digest);
        const auto text = read_document(place, "descriptor.md \"Properties\"");
        if (!text.has_value()) return;
        if (kind == MediaKind::index) {
            const auto index = check_index(*text, place, report_.findings);
            if (index.has_value()) follow_all(index->manifests, place, "manifests", depth + 1);
            return;
        }
        const auto manifest = check_manifest(*text, place, report_.findings);
        if (manifest.has_value()) follow_image(*manifest, place, blob);
    }

    void follow_image(const oci::spec::Manifest& manifest, const std::string& file, const Descriptor& own) {
        if (!manifest.media_type.empty() && manifest.media_type != own.media_type) {
            report(file, "mediaType", "is " + quote(manifest.media_type),
                   "the media type of its descriptor, " + quote(own.media_type), "manifest.md \"mediaType\"");
        }
        std::vector<std::string> diff_ids;
        bool has_config = false;
        if (is_there(manifest.config, file, "config") &&
            oci::spec::media_kind(manifest.config.media_type) == MediaKind::config) {
            const std::string place = file_of(manifest.config.digest);
            if (const auto text = read_document(place, "config.md \"Properties\"")) {
                const auto config = check_config(*text, place, manifest.layers.size(), report_.findings);
                has_config = config.has_value();
                if (has_config) diff_ids = config->rootfs.diff_ids;
            }
        }
        for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
            const std::string path = "layers[" + std::to_string(i) + "]";
            if (!is_there(manifest.layers[i], file, path)) continue;
            if (!options_.contents || !has_config) continue;
            check_layer_once(manifest.layers[i], i < diff_ids.size() ? diff_ids[i] : std::string(), file,
                             path);
        }
    }

    void check_layer_once(const Descriptor& layer, const std::string& diff_id, const std::string& file,
                          const std::string& path) {
        if (!layers_.insert(layer.digest + " " + diff_id).second) return;
        if (oci::spec::media_kind(layer.media_type) != MediaKind::layer) return;
        ++report_.layers;
        const std::string place = file_of(layer.digest);
        const auto opened = oci::open_in_root(root_, place, O_RDONLY | O_NONBLOCK, 0, no_links);
        if (!opened.has_value()) return;
        start_reading("layer", layer.digest, static_cast<std::uint64_t>(layer.size));
        for (Finding finding : check_layer(*opened, layer.media_type, diff_id, options_.on_read)) {
            finding.file = place;
            if (finding.path == "diff_id") {
                finding.file = file;
                finding.path = path;
            }
            report_.findings.push_back(std::move(finding));
        }
    }

    Fd root_;
    const CheckOptions& options_;
    LayoutReport report_;
    std::set<std::string> damaged_;
    std::set<std::string> followed_;
    std::set<std::string> layers_;
};

}  // namespace

Result<LayoutReport> check_layout(const std::string& path, const CheckOptions& options) {
    auto root = oci::open_file(path, O_RDONLY | O_DIRECTORY);
    if (!root.has_value())
        return oci::failure(root.error().code,
                            "layout " + quote(path) + ": " + oci::errno_text(root.error().system_errno));
    LayoutReport report = Check(std::move(*root), options).run();
    // What was given up is no finding about the layout.
    TRY(oci::check_interruption());
    return report;
}

std::string json_pointer(std::string_view path) {
    std::string pointer;
    const auto add = [&](std::string_view token) {
        pointer += '/';
        for (const char c : token) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    };
    while (!path.empty()) {
        if (path.front() == '.') path.remove_prefix(1);
        if (path.starts_with("[\"")) {
            const std::size_t end = path.find("\"]");
            add(path.substr(2, end == std::string_view::npos ? end : end - 2));
            path = end == std::string_view::npos ? std::string_view() : path.substr(end + 2);
        } else if (path.starts_with("[")) {
            const std::size_t end = path.find(']');
            add(path.substr(1, end == std::string_view::npos ? end : end - 1));
            path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
        } else {
            const std::size_t end = path.find_first_of(".[");
            add(path.substr(0, end));
            path = end == std::string_view::npos ? std::string_view() : path.substr(end);
        }
    }
    return pointer;
}

}  // namespace ocimg
