#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/tags.hpp"
#include "imagetool/transfer/open_endpoints.hpp"
#include "spec/image/image_fields.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

using oci::Result;
using oci::spec::Descriptor;
using oci::spec::ExecutionConfig;

/// "NAME:        value" in one column; nothing for an empty value.
std::string line(std::string name, const std::string& value) {
    if (value.empty()) return {};
    name += ":";
    name.resize(std::max<std::size_t>(name.size() + 1, 14), ' ');
    return name + printable(value) + "\n";
}

std::string words_as_json(const std::optional<std::vector<std::string>>& words) {
    return words.has_value() ? oci::spec::write_json(*words) : std::string();
}

std::string describe_process(const ExecutionConfig& config) {
    std::string text = line("Entrypoint", words_as_json(config.entrypoint));
    text += line("Command", words_as_json(config.cmd));
    text += line("User", config.user);
    text += line("Directory", config.working_dir);
    text += line("Stop signal", config.stop_signal);
    for (const std::string& variable : config.env) text += line("Environment", variable);
    for (const auto& [name, value] : config.labels) text += line("Label", name + "=" + value);
    for (const auto& [volume, empty] : config.volumes) text += line("Volume", volume);
    for (const auto& [port, empty] : config.exposed_ports) text += line("Port", port);
    return text;
}

std::string describe_layers(const FoundImage& image) {
    std::string text = "Layers:\n";
    for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
        const Descriptor& layer = image.manifest.layers[i];
        text += "  " + layer.digest + "  " + std::to_string(layer.size) + " bytes  " +
                printable(layer.media_type) + "\n    diff id " + image.config.rootfs.diff_ids[i] + "\n";
    }
    return image.manifest.layers.empty() ? "Layers:       none\n" : text;
}

std::string describe_history(const std::vector<oci::spec::History>& history) {
    std::string text = history.empty() ? "" : "History:\n";
    for (const oci::spec::History& step : history) {
        text += "  " + (step.created.empty() ? "-" : printable(step.created)) + "  " +
                (step.empty_layer ? "no layer  " : "layer     ") +
                printable(step.created_by.empty() ? step.comment : step.created_by) + "\n";
    }
    return text;
}

/// Where the image is: what is read by way of a temporary layout is told as it was named.
std::string name_of(const ImagePlace& place, const Layout& layout, const FoundImage& image) {
    const bool stays = place.kind == PlaceKind::layout || place.kind == PlaceKind::store;
    return stays ? layout.path() + (image.tag.empty() ? "" : ":" + image.tag) : place.text;
}

std::string as_text(const std::string& named, const FoundImage& image) {
    std::string text = line("Image", named);
    text += line("Manifest", image.descriptor.digest);
    text += line("Config", image.manifest.config.digest);
    text += line("Platform", image.config.os + "/" + image.config.architecture +
                                 (image.config.variant.empty() ? "" : "/" + image.config.variant));
    text += line("Created", image.config.created);
    text += line("Author", image.config.author);
    for (const auto& [name, value] : image.manifest.annotations)
        text += line("Annotation", name + "=" + value);
    if (image.config.config.has_value()) text += describe_process(*image.config.config);
    return text + describe_layers(image) + describe_history(image.config.history);
}

std::string as_json(const FoundImage& image) {
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    out.key("descriptor");
    write_value(out, image.descriptor);
    out.key("manifest");
    write_value(out, image.manifest);
    out.key("config");
    write_value(out, image.config);
    out.end_object();
    return out.take() + "\n";
}

/// A document of the image as it is stored, or indented: the bytes that its digest is of, or JSON for people.
Result<std::string> document_text(const Layout& layout, const Descriptor& descriptor, bool raw,
                                  const std::string& indented) {
    return raw ? layout.read_blob(descriptor) : indented + "\n";
}

/// --manifest, --config or --index; --raw alone is the manifest. Nothing when none is asked for.
Result<std::optional<std::string>> chosen_document(const oci::cli::Values& values, const Layout& layout,
                                                   const FoundImage& image) {
    const bool raw = values.has("raw");
    std::optional<std::string> text;
    if (values.has("config")) {
        text = TRY(
            document_text(layout, image.manifest.config, raw, oci::spec::write_json(image.config, "    ")));
    } else if (raw || values.has("manifest")) {
        text =
            TRY(document_text(layout, image.descriptor, raw, oci::spec::write_json(image.manifest, "    ")));
    }
    return text;
}

/// The index that the tag names.
Result<std::string> index_text(const ImagePlace& place, const oci::cli::Values& values) {
    RemoteAccess access(TRY(read_remote_options(values)));
    const auto source = TRY(open_source(place, access));
    const Document root = TRY(source->root());
    if (oci::spec::media_kind(root.media_type) != oci::spec::MediaKind::index) {
        return oci::failure(oci::ErrorCode::invalid, "--index: the tag names one image, not an index");
    }
    if (values.has("raw")) return root.text;
    const auto index = TRY(oci::spec::parse_index(root.text, "index " + root.digest, root.media_type));
    return oci::spec::write_json(index, "    ") + "\n";
}

Result<int> run_inspect(const oci::cli::Values& values) {
    const ImagePlace place = TRY(image_arguments(values)).place;
    if (values.has("index")) {
        TRY(print(TRY(index_text(place, values))));
        return 0;
    }
    const auto [layout, query] = TRY(open_to_read(place, values, true));
    const FoundImage image = TRY(find_image(layout, query));
    if (const auto document = TRY(chosen_document(values, layout, image))) {
        TRY(print(*document));
        return 0;
    }
    TRY(print(values.has("json") ? as_json(image) : as_text(name_of(place, layout, image), image)));
    return 0;
}

oci::cli::Command inspect_command() {
    return {
        .name = "inspect",
        .summary = "show an image: platform, process, layers, history",
        .arguments = "[IMAGE]",
        .description = "Of an image in a registry only the documents are fetched, not the layers.",
        .options = {image_option("image to show; the tag may be left out when there is one image"),
                    platform_option(), switch_option("json", "print JSON: descriptor, manifest and config"),
                    switch_option("manifest", "print the manifest"),
                    switch_option("config", "print the image's config"),
                    switch_option("index", "print the index that the tag names"),
                    switch_option("raw", "print the bytes as they are stored; alone: of the manifest")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg inspect debian:12", "ocimg inspect --image layout:latest"},
    };
}

}  // namespace

CommandEntry inspect_entry() {
    return {with_remote_options(inspect_command()), run_inspect};
}

}  // namespace ocimg
