#include <algorithm>

#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/change/copy_blobs.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/store/tags.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/image/image_fields.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::ImageIndex;
using oci::spec::Platform;

using Names = std::vector<std::string>;

/// The index that the tag names. A tag of one image is an index of that image.
Result<ImageIndex> read_index(const Layout& layout, const ImageQuery& query) {
    const std::vector<Descriptor> entries = TRY(entries_named(layout, TRY(layout.index()), query));
    ImageIndex index;
    index.media_type = oci::spec::media_type::index;
    if (entries.size() == 1 && oci::spec::media_kind(entries[0].media_type) == oci::spec::MediaKind::index) {
        const std::string text = TRY(layout.read_blob(entries[0]));
        index = TRY(oci::spec::parse_index(text, "index " + entries[0].digest, entries[0].media_type));
        index.media_type = oci::spec::media_type::index;
        return index;
    }
    for (const Descriptor& entry : entries) {
        const FoundImage image = TRY(read_image(layout, entry));
        Descriptor member = entry;
        member.annotations.erase(oci::spec::ref_name_annotation);
        member.platform = oci::spec::platform_of(image.config);
        index.manifests.push_back(member);
    }
    return index;
}

/// The images that a name stands for, in `to`: one, or with `all` every one of an index.
Result<std::vector<Descriptor>> members_of(const std::string& name, const oci::cli::Values& values,
                                           const Layout& to, Progress& progress) {
    const auto [from, query] = TRY(open_to_read(TRY(place_argument(name)), values));
    std::vector<Descriptor> found;
    if (values.has("all")) {
        for (const Descriptor& entry : TRY(entries_named(from, TRY(from.index()), query))) {
            for (Descriptor& image : TRY(images_below(from, entry))) found.push_back(std::move(image));
        }
    } else {
        found.push_back(TRY(find_image(from, query)).descriptor);
    }
    std::vector<Descriptor> members;
    for (const Descriptor& descriptor : found) {
        const FoundImage image = TRY(read_image(from, descriptor));
        TRY(copy_image_blobs(from, to, image, &progress));
        Descriptor& member = members.emplace_back();
        member.media_type = descriptor.media_type;
        member.digest = descriptor.digest;
        member.size = descriptor.size;
        member.platform = oci::spec::platform_of(image.config);
    }
    return members;
}

/// An image takes the place of the one that has the same platform.
void add_member(ImageIndex& index, const Descriptor& member) {
    const auto same = [&](const Descriptor& other) { return other.platform == member.platform; };
    const auto found = std::find_if(index.manifests.begin(), index.manifests.end(), same);
    if (found == index.manifests.end()) {
        index.manifests.push_back(member);
    } else {
        *found = member;
    }
}

Result<void> add_members(ImageIndex& index, const Names& names, const oci::cli::Values& values,
                         const Layout& layout) {
    const auto progress = TRY(open_progress(values));
    for (const std::string& name : names) {
        for (const Descriptor& member : TRY(members_of(name, values, layout, *progress).in(name)))
            add_member(index, member);
    }
    return {};
}

/// Takes out what a digest or a platform names; nothing of that kind is an error.
Result<void> remove_member(ImageIndex& index, const std::string& what) {
    const bool by_digest = what.find(':') != std::string::npos;
    std::optional<Platform> platform;
    if (!by_digest) platform = TRY(oci::spec::parse_platform(what));
    const auto gone = std::erase_if(index.manifests, [&](const Descriptor& member) {
        if (by_digest) return member.digest == what;
        return member.platform.has_value() &&
               to_text(oci::spec::normalised(*member.platform)) == to_text(*platform);
    });
    if (gone > 0) return {};
    return failure(ErrorCode::not_found, "the index has nothing for " + quote(what));
}

Result<void> set_annotations(ImageIndex& index, const oci::cli::Values& values) {
    for (const std::string& text : values.all("annotation")) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return failure(ErrorCode::invalid, "--annotation " + quote(text) + ": expected NAME=VALUE");
        }
        index.annotations[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return {};
}

Result<void> save_index(const Layout& layout, const LayoutLock& lock, const std::string& tag,
                        const ImageIndex& index, const oci::cli::Values& values) {
    const Descriptor written =
        TRY(layout.write_blob(oci::spec::to_json(index), oci::spec::media_type::index));
    ImageIndex tags = TRY(layout.index());
    set_tag(tags, tag, {written});
    TRY(layout.replace_index(lock, tags));
    return values.has("json") ? print(written_as_json(tag, written)) : Result<void>();
}

std::string as_text(const ImageIndex& index) {
    std::vector<Names> rows{{"PLATFORM", "DIGEST", "SIZE", "MEDIA TYPE"}};
    for (const Descriptor& member : index.manifests) {
        rows.push_back({member.platform.has_value() ? to_text(*member.platform) : "-", member.digest,
                        std::to_string(member.size), member.media_type});
    }
    return text_table(rows);
}

Result<int> list_index(const ImagePlace& place, const oci::cli::Values& values) {
    const auto [layout, query] = TRY(open_image_place(place, Access::read));
    const ImageIndex index = TRY(read_index(layout, query));
    TRY(print(values.has("json") ? oci::spec::write_json(index, "    ") + "\n" : as_text(index)));
    return 0;
}

Result<void> change_index(const std::string& action, ImageIndex& index, const Names& names,
                          const oci::cli::Values& values, const Layout& layout) {
    TRY(set_annotations(index, values));
    if (action != "remove") return add_members(index, names, values, layout);
    for (const std::string& name : names) TRY(remove_member(index, name));
    return {};
}

Result<int> run_index(const oci::cli::Values& values) {
    oci::catch_interruptions();
    const Names& arguments = values.arguments();
    const std::string& action = arguments[0];
    const ImagePlace place = TRY(place_argument(arguments[1]));
    const Names names(arguments.begin() + 2, arguments.end());
    if (action == "list" && names.empty()) return list_index(place, values);
    if (action != "create" && action != "add" && action != "remove") {
        return failure(ErrorCode::invalid,
                       "index " + quote(action) +
                           ": expected create, add or remove with INDEX and what to put in or "
                           "take out, or list INDEX");
    }
    if (place.tag.empty() || place.digest.has_value()) {
        return failure(ErrorCode::invalid, quote(place.text) + " has no tag to write: expected NAME:TAG");
    }
    TRY(check_new_tag(place.tag));
    const bool create = action == "create";
    const auto [layout, query] = TRY(open_image_place(place, create ? Access::create : Access::change));
    const LayoutLock lock = TRY(layout.lock());
    ImageIndex index;
    index.media_type = oci::spec::media_type::index;
    if (!create) index = TRY(read_index(layout, query));
    TRY(change_index(action, index, names, values, layout));
    TRY(save_index(layout, lock, place.tag, index, values));
    return 0;
}

oci::cli::Command index_command() {
    return {
        .name = "index",
        .summary = "make and change indexes: one tag for images of several platforms",
        .arguments = "create|add|remove|list INDEX [IMAGE|DIGEST|PLATFORM...]",
        .description =
            "create writes an index of the images under the tag INDEX; add puts images into it (an image of "
            "a "
            "platform that is there takes its place); remove takes out by digest or by OS/ARCH[/VARIANT]; "
            "list "
            "shows it. Images of other layouts are copied into that of INDEX. A tag of one image counts as "
            "an "
            "index of it.",
        .options = {switch_option("all", "put in every image of an IMAGE that is an index itself"),
                    platform_option(), progress_option(),
                    list_option("annotation", "NAME=VALUE", "set an annotation of the index"),
                    switch_option("json", "print the written descriptor, or the index listed, as JSON")},
        .least_arguments = 2,
        .most_arguments = oci::cli::many_arguments,
        .examples = {"ocimg index create app:1 app:1-amd64 app:1-arm64",
                     "ocimg index remove app:1 linux/arm64", "ocimg index list app:1"},
    };
}

}  // namespace

CommandEntry index_entry() {
    return {with_remote_options(index_command()), run_index};
}

}  // namespace ocimg
