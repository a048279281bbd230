#include "imagetool/cli/unpack_while_pulling.hpp"

#include "imagetool/bundle/unpack_bundle.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/transfer/layout_target.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Descriptor;

UnpackWhilePulling::~UnpackWhilePulling() {
    static_cast<void>(finish(false).has_value());
}

void UnpackWhilePulling::follow(CopyOptions& options) {
    options.on_documents = [this](const std::vector<Document>& documents) { return begin(documents); };
    options.on_blob = [this](const Descriptor& blob) { arrive(blob.digest); };
}

void UnpackWhilePulling::arrive(const std::string& digest) {
    const std::lock_guard lock(mutex_);
    arrived_.insert(digest);
    changed_.notify_all();
}

Result<void> UnpackWhilePulling::wait_for(const std::string& digest) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return given_up_ || arrived_.contains(digest); });
    if (arrived_.contains(digest)) return {};
    return failure("blob " + digest + " did not arrive");
}

Result<void> UnpackWhilePulling::begin(const std::vector<Document>& documents) {
    if (thread_.joinable()) return {};
    const Document& manifest = documents.back();
    if (oci::spec::media_kind(manifest.media_type) != oci::spec::MediaKind::manifest) {
        return failure(ErrorCode::invalid,
                       "several images cannot be unpacked at once: choose one with --platform");
    }
    // The manifest is in the store before its blobs; nothing names it yet.
    LayoutTarget store(TRY(open_default_store(Access::create)), "");
    TRY(store.write_document(manifest));
    thread_ = std::thread([this, manifest] { outcome_ = unpack(manifest); });
    return {};
}

Result<std::vector<std::string>> UnpackWhilePulling::unpack(const Document& document) {
    const Layout store = TRY(open_default_store(Access::read));
    const auto manifest =
        TRY(oci::spec::parse_manifest(document.text, "manifest " + document.digest, document.media_type));
    TRY(wait_for(manifest.config.digest));
    Descriptor descriptor;
    descriptor.media_type = document.media_type;
    descriptor.digest = document.digest;
    descriptor.size = static_cast<std::int64_t>(document.text.size());
    const FoundImage image = TRY(read_image(store, descriptor));
    UnpackOptions options;
    options.force = force_;
    options.owners = owners_;
    options.wait_for_layer = [this](const Descriptor& layer) { return wait_for(layer.digest); };
    return unpack_bundle(store, image, bundle_, options);
}

Result<std::vector<std::string>> UnpackWhilePulling::finish(bool copied) {
    {
        const std::lock_guard lock(mutex_);
        if (!copied) given_up_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    return outcome_;
}

}  // namespace ocimg
