#include "imagetool/build/cache_exchange.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/export_image.hpp"
#include "imagetool/layer/apply_layer.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/transfer/layout_source.hpp"
#include "imagetool/transfer/open_endpoints.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"
#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

constexpr const char* steps_type = "application/vnd.ocimg.build-cache.v1+json";
constexpr std::int64_t most_bytes_of_list = std::int64_t{64} << 20;

Result<std::string> read_small(ImageSource& source, const Descriptor& blob) {
    if (blob.size < 0 || blob.size > most_bytes_of_list)
        return failure(ErrorCode::invalid, "the list of steps has " + std::to_string(blob.size) + " bytes");
    const auto content = TRY(open_verified(source, blob));
    std::string text;
    std::array<std::byte, 65536> buffer{};
    for (;;) {
        const std::size_t count = TRY(content->read(buffer));
        if (count == 0) return text;
        text.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
}

Result<void> save_blob(ImageSource& source, const Descriptor& blob, oci::BorrowedFd file) {
    const auto content = TRY(source.open_blob(blob, 0));
    std::vector<std::byte> buffer(256U << 10U);
    std::int64_t size = 0;
    for (;;) {
        const std::size_t count = TRY(content->read(buffer));
        if (count == 0) break;
        size += static_cast<std::int64_t>(count);
        if (size > blob.size) return failure(ErrorCode::invalid, "blob " + blob.digest + " is too long");
        TRY(oci::write_all(file, std::string_view(reinterpret_cast<const char*>(buffer.data()), count)));
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("seek");
    return {};
}

Descriptor layer_of(const StepRecord& record) {
    Descriptor layer;
    layer.media_type = record.media_type;
    layer.digest = record.digest;
    layer.size = record.size;
    return layer;
}

}  // namespace

Result<CacheImports> CacheImports::open(const std::vector<ImagePlace>& places,
                                        const std::function<RemoteAccess&()>& access,
                                        BuildProgress& progress) {
    CacheImports imports;
    for (const ImagePlace& place : places) {
        if (const auto added = imports.add(place, access); !added)
            progress.warning("--cache-from " + quote(place.text) + ": " + added.error().text);
    }
    return imports;
}

Result<void> CacheImports::add(const ImagePlace& place, const std::function<RemoteAccess&()>& access) {
    auto source = TRY(open_source(place, access()));
    const Document root = TRY(source->root());
    const auto manifest =
        TRY(oci::spec::parse_manifest(root.text, "manifest " + root.digest, root.media_type));
    if (manifest.config.media_type != steps_type)
        return failure(ErrorCode::invalid, "it is no build cache: its config has the media type " +
                                               quote(manifest.config.media_type));
    const std::string text = TRY(read_small(*source, manifest.config));
    auto list = TRY(oci::spec::read_json<SharedSteps>(text, "the list of steps"));
    if (list.version != 1)
        return failure(ErrorCode::unsupported,
                       "the list of steps has version " + std::to_string(list.version) + ", 1 is known");
    for (SharedStep& step : list.steps)
        known_.emplace(std::move(step.key), Known{std::move(step.record), source.get()});
    sources_.push_back(std::move(source));
    return {};
}

const StepRecord* CacheImports::find(const std::string& key) const {
    const auto found = known_.find(key);
    return found == known_.end() ? nullptr : &found->second.record;
}

Result<void> CacheImports::unpack(const std::string& key, const StepArea& area) const {
    const Known& known = known_.at(key);
    const Descriptor blob = layer_of(known.record);
    const Fd file =
        TRY(oci::open_at(area.work().fd(), "imported", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(save_blob(*known.source, blob, file));
    const Fd before = TRY(area.view_before());
    const LayerSource layer{.blob = file,
                            .media_type = blob.media_type,
                            .digest = blob.digest,
                            .size = static_cast<std::uint64_t>(blob.size),
                            .diff_id = known.record.diff_id};
    ApplyOptions options;
    options.alone = LayerAlone{.lower = before, .attributes = area.attributes()};
    TRY(apply_layer_blob(layer, area.changes(), options));
    return oci::remove_file(area.work().fd(), "imported");
}

void CacheExport::note(const std::string& key) {
    if (!wanted_) return;
    const std::lock_guard guard(mutex_);
    keys_.insert(key);
}

/// The records of all steps, each with the blob of its layer, which is in the layout then.
Result<SharedSteps> CacheExport::collect(const BuildCache& cache, const Layout& layout) const {
    const BuildGraph no_images;
    LayerExporter exporter(cache, no_images, layout);
    SharedSteps shared;
    for (const std::string& key : keys_) {
        auto record = cache.find(key);
        if (!record.has_value()) continue;
        if (record->same_as.empty()) {
            const StageLayer layer{.key = key, .time = record->time};
            const LayerBlob blob = TRY(exporter.write(layer));
            record->digest = blob.descriptor.digest;
            record->size = blob.descriptor.size;
            record->media_type = blob.descriptor.media_type;
            record->diff_id = blob.diff_id;
        }
        shared.steps.push_back({key, *record});
    }
    return shared;
}

Result<void> CacheExport::write(const BuildCache& cache, const ImagePlace& place, RemoteAccess& access) {
    const std::string context = "--cache-to " + quote(place.text);
    const WorkDirectory work = TRY(cache.make_work());
    const Layout layout = TRY(Layout::create(work.path_of("layout")).in(context));
    const SharedSteps shared = TRY(collect(cache, layout).in(context));
    oci::spec::Manifest manifest;
    manifest.media_type = oci::spec::media_type::manifest;
    manifest.artifact_type = steps_type;
    manifest.config = TRY(layout.write_blob(oci::spec::write_json(shared), steps_type));
    std::set<std::string> layers;
    for (const SharedStep& step : shared.steps)
        if (!step.record.digest.empty() && layers.insert(step.record.digest).second)
            manifest.layers.push_back(layer_of(step.record));
    oci::spec::ImageIndex index = TRY(layout.index());
    index.manifests.push_back(
        TRY(layout.write_blob(oci::spec::to_json(manifest), oci::spec::media_type::manifest)));
    TRY(layout.replace_index(TRY(layout.lock()), index));
    LayoutSource source(TRY(Layout::open(layout.path())), ImageQuery{});
    const auto target = TRY(open_target(place, place, access, {}).in(context));
    const auto progress = Progress::open(ProgressStyle::none, {});
    TRY(copy_image(source, *target, {}, *progress).in(context));
    return {};
}

}  // namespace ocimg::build
