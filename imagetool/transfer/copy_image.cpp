#include "imagetool/transfer/copy_image.hpp"

#include <set>

#include "imagetool/transfer/collect_documents.hpp"
#include "imagetool/transfer/converted_source.hpp"
#include "imagetool/transfer/registry_source.hpp"
#include "imagetool/transfer/run_parallel.hpp"
#include "imagetool/transfer/transfer_plan.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

constexpr int deepest_referrer = 8;
constexpr std::size_t most_referrers = 10000;

const char* kind_of(const Descriptor& blob) {
    switch (oci::spec::media_kind(blob.media_type)) {
        case MediaKind::config:
            return "config ";
        case MediaKind::layer:
            return "layer ";
        case MediaKind::index:
        case MediaKind::manifest:
        case MediaKind::other:
            break;
    }
    return "blob ";
}

/// One copy on its way.
class Copy {
public:
    Copy(ImageSource& source, ImageTarget& target, const CopyOptions& options, Progress& progress)
        : source_(source), target_(target), options_(options), progress_(progress) {}

    Result<void> move_blobs(const std::vector<Document>& documents) {
        const std::vector<Descriptor> blobs = TRY(plan_blobs(documents, options_.layers));
        const std::size_t at_once = target_.takes_in_order() ? 1 : options_.jobs;
        return run_parallel(blobs.size(), at_once, [&](std::size_t i) -> Result<void> {
            TRY(move_blob(blobs[i]));
            if (options_.on_blob) options_.on_blob(blobs[i]);
            return {};
        });
    }

    /// Copies what refers to `digest`, and what refers to that.
    Result<void> move_referrers(const std::string& digest, int depth) {
        if (depth >= deepest_referrer) return {};
        for (const Descriptor& referrer : TRY(source_.referrers(digest))) {
            if (!referrers_.insert(referrer.digest).second) continue;
            if (referrers_.size() > most_referrers)
                return failure(ErrorCode::invalid, "more than 10000 referrers");
            const Document document = TRY(source_.document(referrer));
            // A registry may list anything here; only what names the subject belongs to it.
            if (subject_of(document) != digest) continue;
            const std::vector<Document> documents = TRY(collect_documents(source_, document, {}));
            TRY(move_blobs(documents));
            for (std::size_t i = 0; i + 1 < documents.size(); ++i) TRY(target_.write_document(documents[i]));
            TRY(target_.write_referrer(document, TRY(referrer_descriptor(document))));
            TRY(move_referrers(document.digest, depth + 1));
        }
        return {};
    }

private:
    Result<void> move_blob(const Descriptor& blob) {
        const auto size = static_cast<std::uint64_t>(blob.size);
        ProgressItem item = progress_.start(kind_of(blob) + blob_label(blob.digest), size);
        if (TRY(target_.has_blob(blob))) {
            item.finish("exists already");
            return {};
        }
        if (TRY(target_.borrow_blob(blob, source_.repository()))) {
            item.finish("mounted");
            return {};
        }
        TRY(target_.write_blob(blob, source_, [&](std::uint64_t bytes) { item.add(bytes); }));
        item.finish();
        return {};
    }

    ImageSource& source_;
    ImageTarget& target_;
    const CopyOptions& options_;
    Progress& progress_;
    std::set<std::string> referrers_;
};

}  // namespace

std::string blob_label(const std::string& digest) {
    const std::size_t colon = digest.find(':');
    return digest.substr(colon == std::string::npos ? 0 : colon + 1, 12);
}

Result<Document> copy_image(ImageSource& source, ImageTarget& target, const CopyOptions& options,
                            Progress& progress) {
    const Document root = TRY(source.root());
    const bool changes = options.format != ImageFormat::as_it_is || options.compression.has_value();
    if (options.skip_same && !changes && options.platforms.empty() && TRY(target.has_root(root))) return root;
    std::vector<Document> documents = TRY(collect_documents(source, root, options.platforms));
    ConvertedSource converted(source);
    if (changes) {
        const ConversionRequest request{.format = options.format,
                                        .compression = options.compression,
                                        .level = options.level,
                                        .jobs = options.jobs};
        documents = TRY(converted.convert(documents, request, progress));
    }
    if (options.on_documents) TRY(options.on_documents(documents));
    ImageSource& from = changes ? converted : source;
    Copy copy(from, target, options, progress);
    TRY(copy.move_blobs(documents));
    for (std::size_t i = 0; i + 1 < documents.size(); ++i) TRY(target.write_document(documents[i]));
    TRY(target.write_root(documents.back()));
    if (options.referrers) {
        for (const Document& document : documents) TRY(copy.move_referrers(document.digest, 0));
    }
    TRY(target.finish());
    return documents.back();
}

}  // namespace ocimg
