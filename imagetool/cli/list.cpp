#include <algorithm>

#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

using oci::Result;
using oci::spec::Descriptor;

/// One line of the list: an entry of index.json and what can be said about it.
struct Row {
    std::string tag;
    std::string platform;
    Descriptor descriptor;
};

/// "linux/amd64", or several with commas. What cannot be read (a layout may lack blobs) is "-".
std::string platforms_of(const Layout& layout, const Descriptor& descriptor) {
    const auto images = images_below(layout, descriptor);
    if (!images) return "-";
    std::string text;
    for (const Descriptor& image : *images) {
        std::string one = "-";
        if (image.platform.has_value()) {
            one = to_text(*image.platform);
        } else if (const auto read = read_image(layout, image); read) {
            one = to_text(oci::spec::Platform{.architecture = read->config.architecture,
                                              .os = read->config.os,
                                              .variant = read->config.variant});
        }
        text += (text.empty() ? "" : ",") + one;
    }
    return text.empty() ? "-" : printable(text);
}

std::string as_json(const std::vector<Row>& rows) {
    oci::spec::JsonWriter out("    ");
    out.begin_array();
    for (const Row& row : rows) {
        out.begin_object();
        out.key("tag");
        row.tag.empty() ? out.null() : out.string(row.tag);
        out.key("mediaType");
        out.string(row.descriptor.media_type);
        out.key("digest");
        out.string(row.descriptor.digest);
        out.key("size");
        out.number(row.descriptor.size);
        out.key("platform");
        out.string(row.platform);
        out.end_object();
    }
    out.end_array();
    return out.take() + "\n";
}

std::string as_text(const std::vector<Row>& rows) {
    std::size_t tag_width = 3;
    std::size_t platform_width = 8;
    for (const Row& row : rows) {
        tag_width = std::max(tag_width, row.tag.size());
        platform_width = std::max(platform_width, row.platform.size());
    }
    const auto line = [&](std::string tag, std::string platform, const std::string& digest) {
        tag.resize(std::max(tag.size(), tag_width), ' ');
        platform.resize(std::max(platform.size(), platform_width), ' ');
        return tag + "  " + platform + "  " + digest + "\n";
    };
    std::string text = line("TAG", "PLATFORM", "DIGEST");
    for (const Row& row : rows) {
        text += line(row.tag.empty() ? "-" : printable(row.tag), row.platform, row.descriptor.digest);
    }
    return text;
}

Result<std::vector<Row>> read_rows(const Layout& layout) {
    const oci::spec::ImageIndex index = TRY(layout.index());
    std::vector<Row> rows;
    for (const Descriptor& descriptor : index.manifests) {
        rows.push_back({tag_of(descriptor), platforms_of(layout, descriptor), descriptor});
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.tag < b.tag; });
    return rows;
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
    TRY(print(values.has("json") ? as_json(rows) : as_text(rows)));
    return 0;
}

oci::cli::Command list_command() {
    return {
        .name = "list",
        .summary = "list the images of the default store or of a layout",
        .arguments = "[LAYOUT]",
        .options = {switch_option("json", "print JSON")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg list", "ocimg list layout"},
    };
}

}  // namespace

CommandEntry list_entry() {
    return {list_command(), run_list};
}

}  // namespace ocimg
