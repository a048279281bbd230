#include "imagetool/build/export_image.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/layer/write_layer.hpp"
#include "spec/image/media_type.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg::build {

namespace {

using oci::Fd;
using oci::Result;
using oci::spec::Descriptor;

Descriptor descriptor_of(const StepRecord& record) {
    Descriptor descriptor;
    descriptor.media_type = record.media_type;
    descriptor.digest = record.digest;
    descriptor.size = record.size;
    return descriptor;
}

/// The stages from the base image up to `stage`, the lowest first.
std::vector<std::size_t> chain_of(const BuildGraph& graph, std::size_t stage) {
    std::vector<std::size_t> chain;
    chain.push_back(stage);
    while (graph.stages[chain.back()].base.kind == TreeSource::Kind::stage)
        chain.push_back(graph.stages[chain.back()].base.index);
    std::reverse(chain.begin(), chain.end());
    return chain;
}

}  // namespace

Result<LayerBlob> LayerExporter::write_base(const StageLayer& layer) {
    const BaseImage& image = graph_.images[layer.image];
    const Descriptor& blob = image.manifest.layers[layer.index];
    LayerBlob written{blob, image.config.rootfs.diff_ids[layer.index]};
    if (image.layout == layout_.path() || layout_.open_blob(blob)) return written;
    const Layout source = TRY(Layout::open(image.layout));
    const Fd file = TRY(source.open_blob(blob));
    FileSource bytes(file);
    const auto verified =
        TRY(VerifyingSource::open(bytes, blob.digest, static_cast<std::uint64_t>(blob.size)));
    BlobWriter writer = TRY(layout_.write_blob());
    std::vector<std::byte> buffer(256U << 10U);
    for (;;) {
        const std::size_t count = TRY(verified->read(buffer));
        if (count == 0) break;
        TRY(writer.write(std::span(buffer).first(count)));
    }
    TRY(writer.commit());
    return written;
}

Result<LayerBlob> LayerExporter::write_step(const StageLayer& layer) {
    if (auto record = cache_.find(layer.key); record.has_value() && !record->digest.empty()) {
        if (layout_.open_blob(descriptor_of(*record)))
            return LayerBlob{descriptor_of(*record), record->diff_id};
    }
    const Fd directory = cache_.open_layer(layer.key);
    if (!directory.is_open()) return oci::failure("the files of a step are gone from the cache: build again");
    WriteOptions options;
    options.clamp_mtime = layer.time;
    options.scan.overlay_upper = true;
    BlobWriter blob = TRY(layout_.write_blob());
    const WrittenLayer written = TRY(write_directory_layer(directory, options, blob));
    TRY(blob.commit());
    const StepRecord record{.time = layer.time,
                            .digest = written.digest,
                            .size = static_cast<std::int64_t>(written.size),
                            .media_type = written.media_type,
                            .diff_id = written.diff_id};
    TRY(cache_.save(layer.key, record));
    return LayerBlob{descriptor_of(record), record.diff_id};
}

Result<LayerBlob> LayerExporter::write(const StageLayer& layer) {
    return layer.key.empty() ? write_base(layer) : write_step(layer);
}

Image make_image(const BuildGraph& graph, std::size_t stage, const StageFiles& files,
                 const std::vector<LayerBlob>& blobs) {
    const std::vector<std::size_t> chain = chain_of(graph, stage);
    const TreeSource& base = graph.stages[chain.front()].base;
    Image image = empty_image(graph.stages[stage].platform, {.seconds = files.time});
    if (base.kind == TreeSource::Kind::image) {
        image.config = graph.images[base.index].config;
        image.config.rootfs.diff_ids.clear();
    }
    image.config.author = graph.stages[stage].author;
    image.config.created = to_text(oci::spec::Timestamp{.seconds = files.time});
    image.config.config = graph.stages[stage].config;
    for (const LayerBlob& blob : blobs) {
        image.manifest.layers.push_back(blob.descriptor);
        image.config.rootfs.diff_ids.push_back(blob.diff_id);
    }
    std::size_t layer =
        base.kind == TreeSource::Kind::image ? graph.images[base.index].manifest.layers.size() : 0;
    std::int64_t time = layer == 0 ? 0 : files.layers[layer - 1].time;
    for (const std::size_t link : chain) {
        for (const PlannedStep& step : graph.stages[link].steps) {
            if (step.makes_layer()) time = files.layers[layer++].time;
            oci::spec::History line;
            line.created = to_text(oci::spec::Timestamp{.seconds = time});
            line.created_by = step.created_by;
            line.empty_layer = !step.makes_layer();
            image.config.history.push_back(std::move(line));
        }
    }
    return image;
}

}  // namespace ocimg::build
