#include <array>

#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/save_image.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

constexpr std::array<const char*, 14> change_options{
    "clear",  "cmd",  "entrypoint", "env",         "label",  "annotation", "volume",
    "expose", "user", "workdir",    "stop-signal", "author", "platform",   "created"};

std::optional<std::string> value_of(const oci::cli::Values& values, const char* name) {
    return values.has(name) ? std::optional(values.get(name)) : std::nullopt;
}

std::optional<std::vector<std::string>> words_of(const oci::cli::Values& values, const char* name) {
    std::vector<std::string> words = values.all(name);
    return words.empty() ? std::nullopt : std::optional(std::move(words));
}

Result<ConfigChanges> changes_of(const oci::cli::Values& values) {
    ConfigChanges changes;
    changes.clear = values.all("clear");
    changes.entrypoint = words_of(values, "entrypoint");
    changes.cmd = words_of(values, "cmd");
    changes.env = values.all("env");
    changes.labels = values.all("label");
    changes.annotations = values.all("annotation");
    changes.volumes = values.all("volume");
    changes.exposed_ports = values.all("expose");
    changes.user = value_of(values, "user");
    changes.working_dir = value_of(values, "workdir");
    changes.stop_signal = value_of(values, "stop-signal");
    changes.author = value_of(values, "author");
    changes.platform = TRY(platform_argument(values));
    return changes;
}

/// "ocimg config: cmd, env": the fields, not their values, which the config itself holds.
std::string history_text(const oci::cli::Values& values) {
    std::vector<std::string> names;
    for (const char* name : change_options) {
        if (!values.all(name).empty()) names.emplace_back(name);
    }
    return "ocimg config: " + oci::join(names, ", ");
}

bool changes_anything(const oci::cli::Values& values) {
    for (const char* name : change_options) {
        if (!values.all(name).empty()) return true;
    }
    return values.has("tag");
}

Result<int> run_config(const oci::cli::Values& values) {
    const ImagePlace place = TRY(image_arguments(values)).place;
    if (!changes_anything(values)) return failure(ErrorCode::invalid, "config: nothing to change is given");
    const std::string new_tag = TRY(new_tag_argument(values, place));
    const ConfigChanges changes = TRY(changes_of(values));
    const auto created = TRY(creation_time(values));
    const auto [layout, query] = TRY(open_image_place(place, Access::change));
    const LayoutLock lock = TRY(layout.lock());
    const FoundImage found = TRY(find_image(layout, query));
    const Image image =
        TRY(set_config({found.manifest, found.config}, changes, history_text(values), created));
    const auto written =
        TRY(save_image(layout, lock, new_tag, image.manifest, image.config, ExistingTag::replace));
    if (values.has("json")) TRY(print(written_as_json(new_tag, written)));
    return 0;
}

oci::cli::Command config_command() {
    oci::cli::Option clear = list_option("clear", "FIELD", "clear a field first: ");
    clear.help += oci::join(clearable_fields(), ", ");
    clear.completes = oci::cli::Completes::words;
    clear.words = clearable_fields();
    return {
        .name = "config",
        .summary = "change what an image runs, and how",
        .arguments = "[IMAGE]",
        .description =
            "Makes the tag name an image with another configuration. --cmd and --entrypoint are "
            "repeated, once for each word.",
        .options = {image_option("image to change"), new_tag_option(),
                    list_option("cmd", "WORD", "default command, or arguments of the entrypoint"),
                    list_option("entrypoint", "WORD", "command that is always run"),
                    list_option("env", "NAME=VALUE", "set an environment variable"),
                    list_option("label", "NAME=VALUE", "set a label"),
                    list_option("annotation", "NAME=VALUE", "set an annotation of the manifest"),
                    list_option("volume", "PATH", "add a directory for data of the container's own"),
                    list_option("expose", "PORT[/PROTOCOL]", "add a port that the image serves"),
                    value_option("user", "USER[:GROUP]", "user and group, as names or ids"),
                    value_option("workdir", "PATH", "working directory"),
                    value_option("stop-signal", "SIGNAL", "signal that stops the container"),
                    value_option("author", "TEXT", "author of the image"),
                    value_option("platform", "OS/ARCH[/VARIANT]", "platform that the image is made for"),
                    clear, created_option(), written_json_option()},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg config --image layout:latest --cmd /bin/sh --cmd -c --cmd 'echo hello'",
                     "ocimg config --image layout:latest --user 1000:1000 --env PATH=/bin --workdir /srv"},
    };
}

}  // namespace

CommandEntry config_entry() {
    return {config_command(), run_config};
}

}  // namespace ocimg
