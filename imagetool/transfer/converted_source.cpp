#include "imagetool/transfer/converted_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/archive/temporary_file.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/transfer/copy_image.hpp"
#include "imagetool/transfer/image_target.hpp"
#include "imagetool/transfer/layout_source.hpp"
#include "imagetool/transfer/run_parallel.hpp"
#include "imagetool/transfer/transfer_plan.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::Fd;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

constexpr std::size_t copy_size = 256U << 10U;

Result<void> pour(ByteSource& source, ByteSink& sink) {
    std::vector<std::byte> buffer(copy_size);
    while (true) {
        TRY(oci::check_interruption());
        const std::size_t got = TRY(source.read(buffer));
        if (got == 0) return {};
        TRY(sink.write(std::span(buffer).first(got)));
    }
}

/// A tar layer that is compressed in another way than is asked for, or perhaps at another level.
bool needs_change(const Descriptor& layer, const ConversionRequest& request) {
    if (oci::spec::media_kind(layer.media_type) != MediaKind::layer) return false;
    const auto present = compression_of_media_type(layer.media_type);
    return present && (*present != *request.compression || request.level.has_value());
}

}  // namespace

Result<Descriptor> ConvertedSource::recompress(const Descriptor& layer, const ConversionRequest& request,
                                               Progress& progress) {
    const Compression wanted = *request.compression;
    ProgressItem item =
        progress.start("recompress " + blob_label(layer.digest), static_cast<std::uint64_t>(layer.size));
    const std::unique_ptr<ByteSource> compressed = TRY(open_verified(original_, layer));
    const ImageTarget::Arrived arrived = [&](std::uint64_t bytes) { item.add(bytes); };
    CountedSource counted(*compressed, arrived);
    ReadAheadSource ahead(counted);
    const std::unique_ptr<ByteSource> plain = TRY(open_by_magic(ahead));
    Fd file = TRY(open_temporary_file());
    FileSink out(file);
    HashingSink hashed(out);
    if (wanted == Compression::none) {
        TRY(pour(*plain, hashed));
    } else {
        const std::unique_ptr<Compressor> compressor = open_compressor(wanted, hashed, request.level);
        TRY(pour(*plain, *compressor));
        TRY(compressor->finish());
    }
    // To the verdict on the blob: bytes may follow the compressed stream.
    std::array<std::byte, 4096> rest{};
    while (TRY(ahead.read(rest)) > 0) {
    }
    Descriptor changed = layer;
    changed.media_type = layer_media_type(wanted);
    changed.size = static_cast<std::int64_t>(hashed.size());
    changed.digest = hashed.finish();
    item.finish();
    const std::lock_guard lock(mutex_);
    files_[changed.digest] = std::move(file);
    return changed;
}

Result<void> ConvertedSource::recompress_layers(const std::vector<Document>& documents,
                                                const ConversionRequest& request, Progress& progress) {
    std::vector<Descriptor> layers;
    for (Descriptor& blob : TRY(plan_blobs(documents))) {
        if (needs_change(blob, request)) layers.push_back(std::move(blob));
    }
    return run_parallel(layers.size(), request.jobs, [&](std::size_t i) -> Result<void> {
        Descriptor changed = TRY(recompress(layers[i], request, progress).in("layer " + layers[i].digest));
        const std::lock_guard lock(mutex_);
        replacement_[layers[i].digest] = std::move(changed);
        return {};
    });
}

Result<Document> ConvertedSource::convert_one(const Document& document, const ConversionRequest& request,
                                              std::map<std::string, Document>& converted) {
    if (oci::spec::media_kind(document.media_type) == MediaKind::index) {
        auto index =
            TRY(oci::spec::parse_index(document.text, "index " + document.digest, document.media_type));
        if (index.media_type.empty()) index.media_type = document.media_type;
        for (Descriptor& entry : index.manifests) {
            const auto found = converted.find(entry.digest);
            if (found == converted.end()) continue;
            entry.media_type = found->second.media_type;
            entry.digest = found->second.digest;
            entry.size = static_cast<std::int64_t>(found->second.text.size());
        }
        return to_document(convert_index(std::move(index), request.format));
    }
    auto manifest =
        TRY(oci::spec::parse_manifest(document.text, "manifest " + document.digest, document.media_type));
    if (manifest.media_type.empty()) manifest.media_type = document.media_type;
    const bool is_docker = oci::spec::is_docker_media_type(manifest.media_type);
    bool changed = false;
    for (Descriptor& layer : manifest.layers) {
        const auto found = replacement_.find(layer.digest);
        if (found == replacement_.end()) continue;
        layer = found->second;
        changed = true;
    }
    ImageFormat format = request.format;
    // A changed layer has OCI's media type: the rest of a Docker manifest follows, or the layer goes back.
    if (changed && format == ImageFormat::as_it_is) {
        const bool fits_docker = is_docker && request.compression != Compression::zstd;
        format = fits_docker ? ImageFormat::docker : ImageFormat::oci;
    }
    if (format == ImageFormat::as_it_is && !changed) return document;
    return to_document(TRY(convert_manifest(std::move(manifest), format)));
}

Result<std::vector<Document>> ConvertedSource::convert(const std::vector<Document>& documents,
                                                       const ConversionRequest& request, Progress& progress) {
    if (request.compression.has_value()) TRY(recompress_layers(documents, request, progress));
    std::map<std::string, Document> converted;
    std::vector<Document> result;
    for (const Document& document : documents) {
        result.push_back(TRY(convert_one(document, request, converted).in(document.digest)));
        converted[document.digest] = result.back();
    }
    return result;
}

Result<void> ConvertedSource::fetch_blob(const Descriptor& blob, std::uint64_t offset, ByteSink& sink) {
    bool is_changed = false;
    {
        const std::lock_guard lock(mutex_);
        is_changed = files_.contains(blob.digest);
    }
    return is_changed ? ImageSource::fetch_blob(blob, offset, sink)
                      : original_.fetch_blob(blob, offset, sink);
}

Result<std::unique_ptr<ByteSource>> ConvertedSource::open_blob(const Descriptor& blob, std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(blob.digest);
    if (found == files_.end()) return original_.open_blob(blob, offset);
    // A descriptor of its own: it has its own position.
    Fd file = TRY(oci::open_file("/proc/self/fd/" + std::to_string(found->second.get()), O_RDONLY));
    if (::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
        return oci::last_system_failure("seek in a temporary file");
    }
    return open_file_source(std::move(file));
}

}  // namespace ocimg
