#include "imagetool/transfer/collect_documents.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "imagetool/transfer/convert_documents.hpp"
#include "imagetool/transfer/transfer_plan.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

constexpr int deepest_index = 8;
constexpr std::size_t most_documents = 10000;

/// Walks an index to its manifests.
class Collector {
public:
    explicit Collector(ImageSource& source) : source_(source) {}

    Result<void> add(const Document& document, int depth) {
        const MediaKind kind = oci::spec::media_kind(document.media_type);
        if (kind == MediaKind::index) {
            if (depth >= deepest_index)
                return failure(ErrorCode::invalid, "indexes are nested more than 8 deep");
            const auto index =
                TRY(oci::spec::parse_index(document.text, "index " + document.digest, document.media_type));
            for (const Descriptor& entry : index.manifests) TRY(add_entry(entry, depth + 1));
        } else if (kind != MediaKind::manifest) {
            return failure(ErrorCode::unsupported,
                           document.digest + " has the media type " + quote(document.media_type) +
                               ": expected an OCI or Docker (schema 2) manifest or index");
        }
        documents_.push_back(document);
        return {};
    }
    std::vector<Document> take() { return std::move(documents_); }

private:
    Result<void> add_entry(const Descriptor& entry, int depth) {
        if (!seen_.insert(entry.digest).second) return {};
        if (seen_.size() > most_documents)
            return failure(ErrorCode::invalid, "the index names more than 10000 documents");
        return add(TRY(source_.document(entry)), depth);
    }

    ImageSource& source_;
    std::vector<Document> documents_;
    std::set<std::string> seen_;
};

}  // namespace

Result<std::vector<Document>> collect_documents(ImageSource& source, const Document& root,
                                                const std::vector<oci::spec::Platform>& platforms) {
    Collector collector(source);
    Document document = root;
    // The entry that is chosen may be an index itself: the one platform is looked for below it.
    for (int depth = 0; depth < deepest_index; ++depth) {
        const bool is_index = oci::spec::media_kind(document.media_type) == MediaKind::index;
        if (platforms.empty() || !is_index) break;
        auto index =
            TRY(oci::spec::parse_index(document.text, "index " + document.digest, document.media_type));
        index.manifests = TRY(choose_platforms(index, platforms));
        if (platforms.size() > 1) {
            if (index.media_type.empty()) index.media_type = document.media_type;
            document = to_document(index);
            break;
        }
        document = TRY(source.document(index.manifests.front()));
    }
    TRY(collector.add(document, 0));
    return collector.take();
}

}  // namespace ocimg
