#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/look/compare_trees.hpp"
#include "imagetool/look/read_tree.hpp"

namespace ocimg {

namespace {

using oci::Result;

constexpr int exit_different = 2;

std::string_view change_name(Change change) {
    switch (change) {
        case Change::added:
            return "added";
        case Change::removed:
            return "removed";
        case Change::changed:
            break;
    }
    return "changed";
}

std::string aspect_text(const Aspect& aspect) {
    if (aspect.name == "content") return "content";
    const auto value = [](const std::string& text) {
        return text.empty() ? std::string("-") : printable(text);
    };
    return printable(aspect.name) + " " + value(aspect.before) + " -> " + value(aspect.after);
}

std::string as_text(const std::vector<FileDifference>& differences) {
    std::string text;
    for (const FileDifference& difference : differences) {
        const std::string_view name = change_name(difference.change);
        text += static_cast<char>(name.front() - 'a' + 'A');
        text += " " + printable("/" + difference.path);
        std::vector<std::string> aspects;
        for (const Aspect& aspect : difference.aspects) aspects.push_back(aspect_text(aspect));
        if (!aspects.empty()) text += "  (" + oci::join(aspects, ", ") + ")";
        text += "\n";
    }
    return text;
}

std::string as_json(const std::vector<FileDifference>& differences) {
    oci::spec::JsonWriter out("    ");
    out.begin_array();
    for (const FileDifference& difference : differences) {
        out.begin_object();
        json_field(out, "path", "/" + difference.path);
        json_field(out, "change", change_name(difference.change));
        if (!difference.aspects.empty()) {
            out.key("aspects");
            out.begin_object();
            for (const Aspect& aspect : difference.aspects) {
                out.key(oci::to_utf8(aspect.name));
                out.begin_object();
                json_field(out, "before", aspect.before);
                json_field(out, "after", aspect.after);
                out.end_object();
            }
            out.end_object();
        }
        out.end_object();
    }
    out.end_array();
    return out.take() + "\n";
}

Result<ImageTree> read_tree(const std::string& name, const oci::cli::Values& values, Progress& progress) {
    const auto [layout, image] = TRY(open_image_to_read(TRY(place_argument(name)), values));
    return read_image_tree(layout, image, Contents::hashed, &progress);
}

Result<int> run_diff(const oci::cli::Values& values) {
    const std::string& first = values.arguments()[0];
    const std::string& second = values.arguments()[1];
    const auto progress = TRY(open_progress(values));
    const ImageTree before = TRY(read_tree(first, values, *progress).in(first));
    const ImageTree after = TRY(read_tree(second, values, *progress).in(second));
    const auto differences = compare_trees(before, after, {.mtime = values.has("mtime")});
    TRY(print(values.has("json") ? as_json(differences) : as_text(differences)));
    return values.has("exit-code") && !differences.empty() ? exit_different : 0;
}

oci::cli::Command diff_command() {
    return {
        .name = "diff",
        .summary = "show how the files of two images differ",
        .arguments = "IMAGE IMAGE",
        .description =
            "One line for each file of what containers of the images would see: A added, R removed, C "
            "changed, and in what: kind, mode, owner, size, content, target of a link, device, extended "
            "attributes, and with --mtime the time.",
        .options = {platform_option(), switch_option("mtime", "modification times count too"),
                    switch_option("exit-code", "exit with 2 when there are differences"), progress_option(),
                    switch_option("json", "print JSON")},
        .least_arguments = 2,
        .most_arguments = 2,
        .examples = {"ocimg diff app:1 app:2", "ocimg diff ./layout:old oci:/srv/other:new"},
    };
}

}  // namespace

CommandEntry diff_entry() {
    return {with_remote_options(diff_command()), run_diff};
}

}  // namespace ocimg
