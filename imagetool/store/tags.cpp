#include "imagetool/store/tags.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::ImageIndex;

Result<std::vector<Descriptor>> entries_named(const Layout& layout, const ImageIndex& index,
                                              const ImageQuery& query) {
    std::vector<Descriptor> found;
    for (const Descriptor& entry : index.manifests) {
        if (!query.tag.empty() && tag_of(entry) != query.tag) continue;
        if (query.digest.has_value() && entry.digest != query.digest->text()) continue;
        found.push_back(entry);
    }
    if (!found.empty()) return found;
    const std::string name = "layout " + quote(layout.path());
    if (query.digest.has_value()) {
        return failure(ErrorCode::not_found,
                       name + " has no entry " + query.digest->text() +
                           (query.tag.empty() ? "" : " with the tag " + quote(query.tag)));
    }
    const std::vector<std::string> tags = tags_of(index);
    return failure(ErrorCode::not_found,
                   name + " has no " + (query.tag.empty() ? "image" : "tag " + quote(query.tag)) +
                       (tags.empty() ? ": it has no tags at all" : "; its tags: " + oci::join(tags, ", ")));
}

void set_tag(ImageIndex& index, const std::string& tag, std::vector<Descriptor> entries) {
    std::erase_if(index.manifests, [&](const Descriptor& entry) { return tag_of(entry) == tag; });
    for (Descriptor& entry : entries) {
        entry.annotations[oci::spec::ref_name_annotation] = tag;
        index.manifests.push_back(std::move(entry));
    }
}

void remove_entries(ImageIndex& index, const std::vector<Descriptor>& entries) {
    std::erase_if(index.manifests, [&](const Descriptor& entry) {
        return std::any_of(entries.begin(), entries.end(), [&](const Descriptor& gone) {
            return gone.digest == entry.digest && tag_of(gone) == tag_of(entry);
        });
    });
}

bool may_be_digits(std::string_view text) {
    return text.size() >= 4 && text.size() <= 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<oci::spec::Digest> find_by_digits(const ImageIndex& index, std::string_view digits) {
    std::set<std::string> found;
    for (const Descriptor& entry : index.manifests) {
        const std::size_t colon = entry.digest.find(':');
        if (std::string_view(entry.digest).substr(colon + 1).starts_with(digits)) found.insert(entry.digest);
    }
    if (found.size() == 1) return oci::spec::Digest::parse(*found.begin());
    if (found.empty()) return failure(ErrorCode::not_found, "no digest begins with " + quote(digits));
    return failure(ErrorCode::invalid, oci::count_of(found.size(), "digest") + " begin with " +
                                           quote(digits) + ": give more of it");
}

}  // namespace ocimg
