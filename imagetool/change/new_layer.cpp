#include "imagetool/change/new_layer.hpp"

namespace ocimg {

using oci::Result;

Result<std::unique_ptr<NewLayer>> NewLayer::open(const Layout& layout, const NewLayerOptions& options) {
    // Before `new`: an early return out of its arguments would leak.
    auto blob = TRY(layout.write_blob());
    return std::unique_ptr<NewLayer>(new NewLayer(std::move(blob), options));
}

Result<void> NewLayer::add(Entry entry) {
    const auto& latest = options_.clamp_mtime;
    if (latest.has_value() && entry.mtime.seconds >= *latest) entry.mtime = {*latest, 0};
    return tar_.add(entry);
}

Result<void> NewLayer::add_whiteout(const std::string& path, bool opaque) {
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    Entry entry;
    entry.kind = EntryKind::file;
    entry.name = opaque ? (path.empty() ? "" : path + "/") + ".wh..wh..opq" : parent + ".wh." + name;
    return tar_.add(entry);
}

Result<FinishedLayer> NewLayer::finish() {
    TRY(tar_.finish());
    const WrittenLayer written = TRY(sink_.finish());
    TRY(blob_.commit());
    FinishedLayer layer;
    layer.descriptor.media_type = written.media_type;
    layer.descriptor.digest = written.digest;
    layer.descriptor.size = static_cast<std::int64_t>(written.size);
    layer.diff_id = written.diff_id;
    return layer;
}

}  // namespace ocimg
