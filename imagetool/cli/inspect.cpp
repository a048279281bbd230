#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/image/image_fields.hpp"
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

std::string as_text(const Layout& layout, const FoundImage& image) {
    std::string text = line("Image", layout.path() + (image.tag.empty() ? "" : ":" + image.tag));
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

Result<int> run_inspect(const oci::cli::Values& values) {
    auto [layout, query] = TRY(open_image_place(TRY(image_arguments(values)).place, Access::read));
    query.platform = TRY(platform_argument(values));
    const FoundImage image = TRY(find_image(layout, query));
    TRY(print(values.has("json") ? as_json(image) : as_text(layout, image)));
    return 0;
}

oci::cli::Command inspect_command() {
    return {
        .name = "inspect",
        .summary = "show an image: platform, process, layers, history",
        .arguments = "[IMAGE]",
        .options = {image_option("image to show; the tag may be left out when there is one image"),
                    platform_option(), switch_option("json", "print JSON: descriptor, manifest and config")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg inspect debian:12", "ocimg inspect --image layout:latest"},
    };
}

}  // namespace

CommandEntry inspect_entry() {
    return {inspect_command(), run_inspect};
}

}  // namespace ocimg
