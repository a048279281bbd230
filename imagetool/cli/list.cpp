#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/image/image_json.hpp"

namespace ocimg {

namespace {

using oci::Result;
using oci::spec::Descriptor;

/// One line of the list: an entry of index.json and what can be said about it.
struct Row {
    std::string tag;
    std::string platforms = "-";  // "linux/amd64", or several with commas
    std::string created;
    std::uint64_t size = 0;  // of all blobs below the entry, each once
    Descriptor descriptor;
};

/// Adds an image to the row of its entry. A layout may lack blobs: what cannot be read says nothing.
void describe_image(const Layout& layout, const Descriptor& descriptor, std::set<std::string>& blobs,
                    Row& row, std::string& platforms) {
    const auto add = [&](const Descriptor& blob) {
        if (blobs.insert(blob.digest).second) row.size += static_cast<std::uint64_t>(blob.size);
    };
    add(descriptor);
    const auto image = read_image(layout, descriptor);
    std::string platform = "-";
    if (descriptor.platform.has_value()) platform = to_text(*descriptor.platform);
    if (image) {
        if (!descriptor.platform.has_value()) platform = to_text(oci::spec::platform_of(image->config));
        add(image->manifest.config);
        for (const Descriptor& layer : image->manifest.layers) add(layer);
        row.created = std::max(row.created, image->config.created);
    }
    platforms += (platforms.empty() ? "" : ",") + platform;
}

Row describe_entry(const Layout& layout, const Descriptor& descriptor) {
    Row row{.tag = tag_of(descriptor), .descriptor = descriptor};
    const auto images = images_below(layout, descriptor);
    if (!images) return row;
    std::set<std::string> blobs;
    std::string platforms;
    for (const Descriptor& image : *images) describe_image(layout, image, blobs, row, platforms);
    if (!platforms.empty()) row.platforms = platforms;
    if (!descriptor.artifact_type.empty()) row.platforms = descriptor.artifact_type;
    return row;
}

Result<std::vector<Row>> read_rows(const Layout& layout) {
    const oci::spec::ImageIndex index = TRY(layout.index());
    std::vector<Row> rows;
    for (const Descriptor& descriptor : index.manifests) rows.push_back(describe_entry(layout, descriptor));
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.tag < b.tag; });
    return rows;
}

std::string as_json(const std::vector<Row>& rows) {
    oci::spec::JsonWriter out("    ");
    out.begin_array();
    for (const Row& row : rows) {
        out.begin_object();
        out.key("tag");
        row.tag.empty() ? out.null() : out.string(oci::to_utf8(row.tag));
        json_field(out, "mediaType", row.descriptor.media_type);
        json_field(out, "digest", row.descriptor.digest);
        out.key("size");
        out.number(row.descriptor.size);
        json_field(out, "platform", row.platforms);
        if (!row.created.empty()) json_field(out, "created", row.created);
        json_number(out, "imageSize", row.size);
        out.end_object();
    }
    out.end_array();
    return out.take() + "\n";
}

std::string as_text(const std::vector<Row>& rows, bool in_store, bool whole) {
    std::vector<std::vector<std::string>> table{
        {in_store ? "NAME" : "TAG", "PLATFORM", "DIGEST", "SIZE", "CREATED"}};
    for (const Row& row : rows) {
        const std::string& digest = row.descriptor.digest;
        table.push_back({row.tag.empty() ? "-" : (in_store ? familiar_name(row.tag) : row.tag), row.platforms,
                         whole ? digest : short_digest(digest), human_size(row.size),
                         row.created.empty() ? "-" : row.created});
    }
    return text_table(table);
}

std::string only_digests(const std::vector<Row>& rows) {
    std::string text;
    for (const Row& row : rows) text += row.descriptor.digest + "\n";
    return text;
}

Result<int> run_list(const oci::cli::Values& values) {
    const bool in_store = values.arguments().empty();
    auto layout = in_store ? open_default_store(Access::read) : Layout::open(values.arguments().front());
    std::vector<Row> rows;
    if (layout) {
        rows = TRY(read_rows(*layout));
    } else if (!in_store || layout.error().code != oci::ErrorCode::not_found) {
        return layout.error();
    }
    if (values.has("json")) {
        TRY(print(as_json(rows)));
    } else {
        TRY(print(values.has("quiet") ? only_digests(rows)
                                      : as_text(rows, in_store, values.has("no-trunc"))));
    }
    return 0;
}

oci::cli::Command list_command() {
    return {
        .name = "list",
        .summary = "list the images of the default store or of a layout",
        .arguments = "[LAYOUT]",
        .description = "SIZE is that of the blobs, compressed as they are, each counted once.",
        .options = {switch_option("no-trunc", "show digests in full"),
                    switch_option("quiet", "print the digests only"), switch_option("json", "print JSON")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg images", "ocimg list layout"},
        .aliases = {"images", "ls"},
    };
}

}  // namespace

CommandEntry list_entry() {
    return {list_command(), run_list};
}

}  // namespace ocimg
