#include "imagetool/transfer/layout_source.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

class OwnedFileSource final : public ByteSource {
public:
    explicit OwnedFileSource(oci::Fd file) : file_(std::move(file)), source_(file_) {}
    Result<std::size_t> read(std::span<std::byte> buffer) override { return source_.read(buffer); }

private:
    oci::Fd file_;
    FileSource source_;
};

bool is_wanted(const Descriptor& descriptor, const ImageQuery& query) {
    if (!query.tag.empty() && tag_of(descriptor) != query.tag) return false;
    return !query.digest.has_value() || descriptor.digest == query.digest->text();
}

}  // namespace

std::unique_ptr<ByteSource> open_file_source(oci::Fd file) {
    return std::make_unique<OwnedFileSource>(std::move(file));
}

Result<Document> LayoutSource::root() {
    const std::string where = "layout " + quote(layout_.path());
    const oci::spec::ImageIndex index = TRY(layout_.index());
    std::vector<Descriptor> found;
    std::copy_if(index.manifests.begin(), index.manifests.end(), std::back_inserter(found),
                 [&](const Descriptor& descriptor) { return is_wanted(descriptor, query_); });
    if (query_.tag.empty() && !query_.digest.has_value() && found.size() > 1) {
        return failure(ErrorCode::invalid, where + " holds several images: name one of the tags " +
                                               oci::join(tags_of(index), ", "));
    }
    if (found.empty() && query_.digest.has_value() && query_.tag.empty()) {
        // Not in index.json itself: inside an index that is.
        const FoundImage inner = TRY(find_image(layout_, query_));
        return document(inner.descriptor);
    }
    if (found.empty()) {
        return failure(ErrorCode::not_found, where + " has no image " + quote(query_.tag) +
                                                 "; its tags: " + oci::join(tags_of(index), ", "));
    }
    if (found.size() > 1 && found[0].digest != found[1].digest) {
        return failure(ErrorCode::invalid, where + " has tag " + quote(query_.tag) + " more than once");
    }
    return document(found.front());
}

Result<Document> LayoutSource::document(const Descriptor& descriptor) {
    return Document{.media_type = descriptor.media_type,
                    .digest = descriptor.digest,
                    .text = TRY(layout_.read_blob(descriptor))};
}

Result<std::unique_ptr<ByteSource>> LayoutSource::open_blob(const Descriptor& blob, std::uint64_t offset) {
    oci::Fd file = TRY(layout_.open_blob(blob));
    if (offset > 0 && ::lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
        return oci::last_system_failure("seek in blob " + blob.digest);
    }
    return open_file_source(std::move(file));
}

Result<std::vector<Descriptor>> LayoutSource::referrers(const std::string& digest) {
    std::vector<Descriptor> found;
    const oci::spec::ImageIndex index = TRY(layout_.index());
    for (const Descriptor& descriptor : index.manifests) {
        if (oci::spec::media_kind(descriptor.media_type) != oci::spec::MediaKind::manifest) continue;
        const std::string text = TRY(layout_.read_blob(descriptor));
        const auto manifest =
            TRY(oci::spec::parse_manifest(text, "manifest " + descriptor.digest, descriptor.media_type));
        if (manifest.subject.has_value() && manifest.subject->digest == digest) found.push_back(descriptor);
    }
    return found;
}

}  // namespace ocimg
