#include "imagetool/archive/docker_archive.hpp"

#include "base/text.hpp"
#include "spec/image/reference.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"

template <>
struct oci::spec::FieldsOf<ocimg::SavedImage> {
    static constexpr const char* section = "docker save, manifest.json";
    static void list(auto& fields, auto& self) {
        fields.required("Config", self.config);
        fields.always("RepoTags", self.repo_tags);
        fields.always("Layers", self.layers);
    }
};

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

/// The full form of a name; the text itself when it is none.
std::string full_name(const std::string& text) {
    auto reference = oci::spec::parse_reference(text);
    if (!reference) return text;
    reference->tag = reference->tag_or_default();
    return reference->text();
}

std::string tags_in(const std::vector<SavedImage>& images) {
    std::vector<std::string> tags;
    for (const SavedImage& image : images)
        tags.insert(tags.end(), image.repo_tags.begin(), image.repo_tags.end());
    return tags.empty() ? "it has no tags" : "its tags: " + oci::join(tags, ", ");
}

}  // namespace

Result<std::vector<SavedImage>> parse_saved_images(std::string_view text, const std::string& file) {
    return oci::spec::read_json<std::vector<SavedImage>>(text, file);
}

std::string saved_images_to_json(const std::vector<SavedImage>& images) {
    return oci::spec::write_json(images);
}

Result<SavedImage> choose_saved_image(const std::vector<SavedImage>& images, const std::string& tag) {
    if (tag.empty()) {
        if (images.size() == 1) return images.front();
        return failure(ErrorCode::invalid, "the archive has " + oci::count_of(images.size(), "image") +
                                               ": name one; " + tags_in(images));
    }
    for (const SavedImage& image : images) {
        for (const std::string& candidate : image.repo_tags) {
            if (full_name(candidate) == full_name(tag)) return image;
        }
    }
    return failure(ErrorCode::not_found, "the archive has no image " + quote(tag) + "; " + tags_in(images));
}

}  // namespace ocimg
