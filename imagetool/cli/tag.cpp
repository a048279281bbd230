#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/tags.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

using oci::Result;
using oci::spec::Descriptor;

/// The tag that TARGET means beside an image of `source`: a name of the store, or TAG or LAYOUT:TAG.
Result<std::string> target_tag(const ImagePlace& source, const std::string& target) {
    std::string tag = target;
    if (source.kind == PlaceKind::store) {
        const ImagePlace place = TRY(place_argument(target));
        if (place.kind != PlaceKind::store || place.tag.empty() || place.digest.has_value()) {
            return oci::failure(oci::ErrorCode::invalid,
                                oci::quote(target) + ": expected NAME:TAG, of the store as the image is");
        }
        tag = place.tag;
    } else if (target.starts_with(source.path + ":")) {
        tag = target.substr(source.path.size() + 1);
    }
    TRY(check_new_tag(tag));
    return tag;
}

/// Entries of index.json as they are, or the image of a digest that is only inside one of them.
Result<std::vector<Descriptor>> entries_to_tag(const Layout& layout, const oci::spec::ImageIndex& index,
                                               const ImageQuery& query) {
    auto entries = entries_named(layout, index, query);
    if (entries || !query.digest.has_value()) return entries;
    const auto inner = find_image(layout, query);
    if (!inner) return entries;
    return std::vector<Descriptor>{inner->descriptor};
}

Result<int> run_tag(const oci::cli::Values& values) {
    const ImageArguments arguments = TRY(image_arguments(values, 1));
    const std::string tag = TRY(target_tag(arguments.place, arguments.others.front()));
    const auto [layout, query] = TRY(open_image_place(arguments.place, Access::change));
    const LayoutLock lock = TRY(layout.lock());
    oci::spec::ImageIndex index = TRY(layout.index());
    const std::vector<Descriptor> entries = TRY(entries_to_tag(layout, index, query));
    set_tag(index, tag, entries);
    TRY(layout.replace_index(lock, index));
    if (values.has("json")) TRY(print(written_as_json(tag, entries.front())));
    return 0;
}

oci::cli::Command tag_command() {
    return {
        .name = "tag",
        .summary = "give an image another tag",
        .arguments = "[IMAGE] TARGET",
        .description =
            "Makes TARGET name the image (all its platforms). TARGET is a name of the store when IMAGE is, "
            "else a tag of the same layout, alone or as LAYOUT:TAG. What TARGET named before stays in the "
            "layout until gc.",
        .options = {image_option("image to name"), switch_option("json", "print what was tagged as JSON")},
        .least_arguments = 1,
        .most_arguments = 2,
        .examples = {"ocimg tag app:1 app:latest", "ocimg tag --image layout:one two"},
    };
}

}  // namespace

CommandEntry tag_entry() {
    return {tag_command(), run_tag};
}

}  // namespace ocimg
