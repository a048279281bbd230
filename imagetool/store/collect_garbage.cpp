#include "imagetool/store/collect_garbage.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/store/find_image.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::Fd;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

namespace {

constexpr int most_rounds = 5;

/// Finds every blob that an index leads to.
class Needed {
public:
    explicit Needed(const Layout& layout) : layout_(layout) {}

    Result<std::set<std::string>> all() {
        const auto index = TRY(layout_.index());
        for (const Descriptor& entry : index.manifests) pending_.push_back(entry);
        if (index.subject.has_value()) pending_.push_back(*index.subject);
        while (!pending_.empty()) {
            const Descriptor next = std::move(pending_.back());
            pending_.pop_back();
            if (digests_.insert(next.digest).second) TRY(follow(next));
        }
        return std::move(digests_);
    }

private:
    Result<void> follow(const Descriptor& blob) {
        const MediaKind kind = oci::spec::media_kind(blob.media_type);
        if (kind != MediaKind::manifest && kind != MediaKind::index) return {};
        const auto text = layout_.read_blob(blob);
        if (!text.has_value()) {
            // What is not there needs nothing.
            return text.error().code == ErrorCode::not_found ? Result<void>() : text.error();
        }
        if (kind == MediaKind::index) {
            const auto index = TRY(oci::spec::parse_index(*text, "index " + blob.digest, blob.media_type));
            pending_.insert(pending_.end(), index.manifests.begin(), index.manifests.end());
            if (index.subject.has_value()) pending_.push_back(*index.subject);
            return {};
        }
        const auto manifest =
            TRY(oci::spec::parse_manifest(*text, "manifest " + blob.digest, blob.media_type));
        digests_.insert(manifest.config.digest);
        for (const Descriptor& layer : manifest.layers) digests_.insert(layer.digest);
        if (manifest.subject.has_value()) pending_.push_back(*manifest.subject);
        return {};
    }

    const Layout& layout_;
    std::vector<Descriptor> pending_;
    std::set<std::string> digests_;
};

Result<void> sweep(const Layout& layout, const std::set<std::string>& needed, bool dry_run,
                   Garbage& garbage) {
    for (const StoredFile& file : TRY(layout.list_blobs())) {
        TRY(oci::check_interruption());
        if (!file.digest.empty() && needed.contains(file.digest)) {
            ++garbage.kept;
            continue;
        }
        garbage.removed.push_back(file.digest.empty() ? file.path : file.digest);
        garbage.bytes += file.size;
        if (!dry_run) TRY(layout.remove_blob_file(file));
    }
    std::sort(garbage.removed.begin(), garbage.removed.end());
    return {};
}

}  // namespace

Result<Garbage> collect_garbage(const Layout& layout, bool dry_run) {
    const LayoutQuiet quiet = TRY(layout.wait_for_writers());
    for (int round = 0; round < most_rounds; ++round) {
        const std::string before = TRY(layout.index_identity());
        const std::set<std::string> needed = TRY(Needed(layout).all());
        // Writers of other tools hold no lock.
        if (TRY(layout.index_identity()) != before) continue;
        Garbage garbage;
        TRY(sweep(layout, needed, dry_run, garbage));
        if (dry_run) return garbage;
        TRY(layout.remove_partial_blobs(quiet));
        TRY(layout.remove_begun_files(quiet.lock));
        return garbage;
    }
    return oci::failure(ErrorCode::wrong_state,
                        "layout " + oci::quote(layout.path()) + ": index.json changes all the time");
}

}  // namespace ocimg
