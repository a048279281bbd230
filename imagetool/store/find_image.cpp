#include "imagetool/store/find_image.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/text.hpp"
#include "imagetool/store/host_platform.hpp"
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
using oci::spec::Platform;

/// Indexes may name indexes; these bounds keep a hostile layout from unfolding without end.
constexpr int deepest_index = 8;
constexpr std::size_t most_images = 10000;

std::string where(const Layout& layout) {
    return "layout " + quote(layout.path());
}

Result<void> collect_images(const Layout& layout, const Descriptor& descriptor, int depth,
                            std::vector<Descriptor>& images) {
    const MediaKind kind = oci::spec::media_kind(descriptor.media_type);
    if (kind == MediaKind::manifest) {
        if (images.size() >= most_images) return failure(ErrorCode::invalid, "more than 10000 images");
        images.push_back(descriptor);
        return {};
    }
    if (kind != MediaKind::index) return {};
    if (depth >= deepest_index) {
        return failure(ErrorCode::invalid, "indexes are nested more than " + std::to_string(deepest_index) +
                                               " deep at " + descriptor.digest);
    }
    const std::string text = TRY(layout.read_blob(descriptor));
    const auto index = TRY(
        oci::spec::parse_index(text, "index " + descriptor.digest, descriptor.media_type).in(where(layout)));
    for (const Descriptor& inner : index.manifests) {
        TRY(collect_images(layout, inner, depth + 1, images));
    }
    return {};
}

/// The platform that a descriptor states, else the one of the image's config.
Result<Platform> platform_of(const Layout& layout, const Descriptor& descriptor) {
    if (descriptor.platform.has_value()) return *descriptor.platform;
    const FoundImage image = TRY(read_image(layout, descriptor));
    return oci::spec::platform_of(image.config);
}

/// An image that could be meant, with the entry of index.json it was found under.
struct Candidate {
    Descriptor descriptor;
    std::size_t entry = 0;
};

void drop_repeated(std::vector<Candidate>& candidates) {
    std::vector<Candidate> unique;
    for (Candidate& candidate : candidates) {
        const bool known = std::any_of(unique.begin(), unique.end(), [&](const Candidate& other) {
            return other.descriptor.digest == candidate.descriptor.digest;
        });
        if (!known) unique.push_back(std::move(candidate));
    }
    candidates = std::move(unique);
}

std::string list_platforms(const std::vector<Platform>& platforms) {
    std::vector<std::string> texts;
    texts.reserve(platforms.size());
    for (const Platform& platform : platforms) texts.push_back(to_text(platform));
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    return oci::join(texts, ", ");
}

std::string name_of_query(const Layout& layout, const ImageQuery& query) {
    std::string name = where(layout);
    if (!query.tag.empty()) name += ": tag " + quote(query.tag);
    if (query.digest.has_value()) name += ": digest " + query.digest->text();
    return name;
}

/// Whether an image, found below `entry` of index.json, has the digest that is asked for.
bool has_digest(const ImageQuery& query, const Descriptor& entry, const Descriptor& image) {
    return !query.digest.has_value() || entry.digest == query.digest->text() ||
           image.digest == query.digest->text();
}

/// The candidate whose platform is nearest to `wanted`. Inside one index the first of equals counts
/// (image-index.md); equals from different entries of index.json are ambiguous.
Result<Candidate> choose_by_platform(const Layout& layout, const ImageQuery& query,
                                     const std::vector<Candidate>& candidates) {
    const Platform wanted = query.platform.value_or(host_platform());
    int nearest = std::numeric_limits<int>::max();
    const Candidate* best = nullptr;
    bool ambiguous = false;
    std::vector<Platform> offered;
    for (const Candidate& candidate : candidates) {
        offered.push_back(TRY(platform_of(layout, candidate.descriptor)));
        const auto distance = oci::spec::platform_distance(wanted, offered.back());
        if (!distance.has_value() || *distance > nearest) continue;
        if (*distance == nearest) {
            ambiguous = ambiguous || candidate.entry != best->entry;
            continue;
        }
        nearest = *distance;
        best = &candidate;
        ambiguous = false;
    }
    const std::string name = name_of_query(layout, query);
    if (best == nullptr) {
        return failure(ErrorCode::not_found, name + " has no image for " + to_text(wanted) + ", only for " +
                                                 list_platforms(offered) + ": choose one with --platform");
    }
    if (ambiguous) {
        return failure(ErrorCode::invalid,
                       name + " is ambiguous: index.json has it for several images of " + to_text(wanted));
    }
    return *best;
}

Result<std::vector<Candidate>> find_candidates(const Layout& layout, const ImageQuery& query) {
    const oci::spec::ImageIndex index = TRY(layout.index());
    std::vector<Candidate> candidates;
    bool tag_is_there = false;
    std::string other_type;
    for (std::size_t entry = 0; entry < index.manifests.size(); ++entry) {
        const Descriptor& descriptor = index.manifests[entry];
        if (!query.tag.empty() && tag_of(descriptor) != query.tag) continue;
        // What is attached to an image does not make it ambiguous.
        if (query.tag.empty() && !descriptor.artifact_type.empty()) continue;
        tag_is_there = true;
        const std::vector<Descriptor> images = TRY(images_below(layout, descriptor));
        if (images.empty()) other_type = descriptor.media_type;
        for (const Descriptor& image : images) {
            if (has_digest(query, descriptor, image)) candidates.push_back({image, entry});
        }
    }
    drop_repeated(candidates);
    if (!candidates.empty()) return candidates;
    const std::string name = "layout " + quote(layout.path());
    if (query.digest.has_value()) {
        return failure(ErrorCode::not_found, name_of_query(layout, query) + " is not there");
    }
    if (tag_is_there) {
        return failure(ErrorCode::unsupported,
                       name_of_query(layout, query) + " names no image but content of media type " +
                           quote(other_type) + ": expected an OCI or Docker manifest or index");
    }
    if (query.tag.empty()) return failure(ErrorCode::not_found, name + " holds no image");
    const std::vector<std::string> tags = tags_of(index);
    return failure(ErrorCode::not_found,
                   name + " has no tag " + quote(query.tag) +
                       (tags.empty() ? ": it has no tags at all" : "; its tags: " + oci::join(tags, ", ")));
}

}  // namespace

std::string tag_of(const Descriptor& descriptor) {
    const auto found = descriptor.annotations.find(oci::spec::ref_name_annotation);
    return found == descriptor.annotations.end() ? std::string() : found->second;
}

std::vector<std::string> tags_of(const oci::spec::ImageIndex& index) {
    std::vector<std::string> tags;
    for (const Descriptor& descriptor : index.manifests) {
        if (std::string tag = tag_of(descriptor); !tag.empty()) tags.push_back(std::move(tag));
    }
    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
    return tags;
}

Result<std::vector<Descriptor>> images_below(const Layout& layout, const Descriptor& descriptor) {
    std::vector<Descriptor> images;
    TRY(collect_images(layout, descriptor, 0, images));
    return images;
}

Result<FoundImage> read_image(const Layout& layout, const Descriptor& descriptor) {
    FoundImage image;
    image.descriptor = descriptor;
    const std::string manifest = TRY(layout.read_blob(descriptor));
    image.manifest =
        TRY(oci::spec::parse_manifest(manifest, "manifest " + descriptor.digest, descriptor.media_type)
                .in(where(layout)));
    const Descriptor& config = image.manifest.config;
    if (oci::spec::media_kind(config.media_type) != MediaKind::config) {
        return failure(ErrorCode::unsupported, where(layout) + ": manifest " + descriptor.digest +
                                                   ": config.mediaType: found " + quote(config.media_type) +
                                                   ", which is no image config: this is not a container "
                                                   "image");
    }
    const std::string text = TRY(layout.read_blob(config));
    image.config = TRY(oci::spec::parse_image_config(text, "config " + config.digest).in(where(layout)));
    if (image.config.rootfs.diff_ids.size() != image.manifest.layers.size()) {
        return failure(ErrorCode::invalid, where(layout) + ": manifest " + descriptor.digest + " has " +
                                               oci::count_of(image.manifest.layers.size(), "layer") +
                                               ", but its config has " +
                                               oci::count_of(image.config.rootfs.diff_ids.size(), "diff id"));
    }
    return image;
}

Result<FoundImage> find_image(const Layout& layout, const ImageQuery& query) {
    const std::vector<Candidate> candidates = TRY(find_candidates(layout, query));
    Candidate chosen = candidates.front();
    if (query.tag.empty()) {
        const bool several = std::any_of(candidates.begin(), candidates.end(),
                                         [&](const Candidate& other) { return other.entry != chosen.entry; });
        if (several && !query.digest.has_value()) {
            const std::vector<std::string> tags = tags_of(TRY(layout.index()));
            return failure(
                ErrorCode::invalid,
                "layout " + quote(layout.path()) +
                    " holds several images: name one as LAYOUT:TAG; its tags: " + oci::join(tags, ", "));
        }
    }
    if (candidates.size() > 1 || query.platform.has_value()) {
        chosen = TRY(choose_by_platform(layout, query, candidates));
    }
    FoundImage image = TRY(read_image(layout, chosen.descriptor));
    image.tag = query.tag;
    image.chosen_among_platforms = candidates.size() > 1;
    return image;
}

}  // namespace ocimg
