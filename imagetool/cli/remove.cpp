#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/tags.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Descriptor;

Result<std::vector<ImagePlace>> places_of(const oci::cli::Values& values) {
    std::vector<ImagePlace> places;
    if (values.has("image")) {
        places.push_back(TRY(parse_image_place(values.get("image"), BareName::layout, is_layout_directory)));
    }
    for (const std::string& text : values.arguments()) {
        places.push_back(TRY(place_argument(text)));
        const ImagePlace& place = places.back();
        if (place.tag.empty() && !place.digest.has_value() && !values.has("all")) {
            return failure(ErrorCode::invalid,
                           oci::quote(text) + " names no image: give a tag or a digest, or --all");
        }
    }
    return places;
}

/// Takes the entries out of one layout's index.json, under its lock, and adds them to `removed`.
Result<void> remove_from(const Layout& layout, const ImageQuery& query, std::vector<Descriptor>& removed) {
    const LayoutLock lock = TRY(layout.lock());
    oci::spec::ImageIndex index = TRY(layout.index());
    const std::vector<Descriptor> entries = TRY(entries_named(layout, index, query));
    remove_entries(index, entries);
    TRY(layout.replace_index(lock, index));
    removed.insert(removed.end(), entries.begin(), entries.end());
    return {};
}

std::string as_text(const std::vector<Descriptor>& removed) {
    std::string text;
    for (const Descriptor& entry : removed) {
        const std::string tag = tag_of(entry);
        text += tag.empty() ? "Removed: " + entry.digest + "\n"
                            : "Untagged: " + printable(familiar_name(tag)) + " " + entry.digest + "\n";
    }
    return text;
}

std::string as_json(const std::vector<Descriptor>& removed) {
    oci::spec::JsonWriter out("    ");
    out.begin_array();
    for (const Descriptor& entry : removed) {
        out.begin_object();
        if (!tag_of(entry).empty()) json_field(out, "tag", tag_of(entry));
        json_field(out, "digest", entry.digest);
        out.end_object();
    }
    out.end_array();
    return out.take() + "\n";
}

Result<std::vector<Descriptor>> remove_all(const std::vector<ImagePlace>& places) {
    std::vector<Descriptor> removed;
    if (places.size() > 1) return failure(ErrorCode::invalid, "remove --all: give one LAYOUT, or none");
    const auto layout = places.empty() ? open_default_store(Access::read) : Layout::open(places[0].path);
    if (!layout) {
        if (places.empty() && layout.error().code == ErrorCode::not_found) return removed;
        return layout.error();
    }
    if (TRY(layout->index()).manifests.empty()) return removed;
    TRY(remove_from(*layout, {}, removed));
    return removed;
}

Result<std::vector<Descriptor>> remove_each(const std::vector<ImagePlace>& places) {
    std::vector<Descriptor> removed;
    std::vector<OpenedPlace> opened;
    // Everything is looked up before anything is removed.
    for (const ImagePlace& place : places) {
        opened.push_back(TRY(open_image_place(place, Access::change)));
        const OpenedPlace& last = opened.back();
        TRY(entries_named(last.layout, TRY(last.layout.index()), last.query));
    }
    for (const OpenedPlace& place : opened) TRY(remove_from(place.layout, place.query, removed));
    return removed;
}

Result<int> run_remove(const oci::cli::Values& values) {
    const std::vector<ImagePlace> places = TRY(places_of(values));
    if (places.empty() && !values.has("all")) return failure(ErrorCode::invalid, "remove: no image is named");
    const auto removed = TRY(values.has("all") ? remove_all(places) : remove_each(places));
    TRY(print(values.has("json") ? as_json(removed) : as_text(removed)));
    return 0;
}

oci::cli::Command remove_command() {
    return {
        .name = "remove",
        .summary = "remove tags from the store or a layout",
        .arguments = "[IMAGE...]",
        .description =
            "Takes the entries of a tag, or of a digest with every tag it has, out of index.json. The blobs "
            "stay until gc, which removes what no tag leads to.",
        .options = {image_option("image to remove"),
                    switch_option("all", "remove every image of the store, or of LAYOUT"),
                    switch_option("json", "print what was removed as JSON")},
        .least_arguments = 0,
        .most_arguments = oci::cli::many_arguments,
        .examples = {"ocimg rmi app:1 app:2", "ocimg remove ./layout:old", "ocimg remove --all ./layout"},
        .aliases = {"rmi", "rm"},
    };
}

}  // namespace

CommandEntry remove_entry() {
    return {remove_command(), run_remove};
}

}  // namespace ocimg
