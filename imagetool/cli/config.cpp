#include <array>

#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/image/set_config.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/store/save_image.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

constexpr std::array<const char*, 26> change_options{"clear",
                                                     "unset",
                                                     "cmd",
                                                     "entrypoint",
                                                     "env",
                                                     "label",
                                                     "annotation",
                                                     "volume",
                                                     "expose",
                                                     "user",
                                                     "workdir",
                                                     "stop-signal",
                                                     "author",
                                                     "platform",
                                                     "os-version",
                                                     "os-feature",
                                                     "shell",
                                                     "onbuild",
                                                     "healthcheck",
                                                     "healthcheck-none",
                                                     "healthcheck-interval",
                                                     "healthcheck-timeout",
                                                     "healthcheck-start-period",
                                                     "healthcheck-start-interval",
                                                     "healthcheck-retries",
                                                     "created"};

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
    changes.unset = values.all("unset");
    changes.os_version = value_of(values, "os-version");
    changes.os_features = values.all("os-feature");
    changes.shell = values.all("shell");
    changes.on_build = values.all("onbuild");
    changes.healthcheck = {.command = value_of(values, "healthcheck"),
                           .none = values.has("healthcheck-none"),
                           .interval = value_of(values, "healthcheck-interval"),
                           .timeout = value_of(values, "healthcheck-timeout"),
                           .start_period = value_of(values, "healthcheck-start-period"),
                           .start_interval = value_of(values, "healthcheck-start-interval"),
                           .retries = value_of(values, "healthcheck-retries")};
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
    const ChangeRecord record{
        .created_by = values.has("created-by") ? values.get("created-by") : history_text(values),
        .comment = values.get("comment"),
        .in_history = !values.has("no-history")};
    const auto created = TRY(creation_time(values));
    const auto [layout, query] = TRY(open_image_place(place, Access::change));
    const LayoutLock lock = TRY(layout.lock());
    const FoundImage found = TRY(find_image(layout, query));
    const Image image = TRY(set_config({found.manifest, found.config}, changes, record, created));
    const auto written =
        TRY(save_image(layout, lock, new_tag, image.manifest, image.config, ExistingTag::replace));
    if (values.has("json")) TRY(print(written_as_json(new_tag, written)));
    return 0;
}

oci::cli::Option field_option(const char* name, const char* help, const std::vector<std::string>& fields,
                              const char* value_name, const char* ending) {
    oci::cli::Option option = list_option(name, value_name, help);
    option.help += oci::join(fields, ", ");
    option.completes = oci::cli::Completes::words;
    for (const std::string& field : fields) option.words.push_back(field + ending);
    return option;
}

std::vector<oci::cli::Option> process_options() {
    return {list_option("cmd", "WORD", "default command, or arguments of the entrypoint"),
            list_option("entrypoint", "WORD", "command that is always run"),
            list_option("env", "NAME=VALUE", "set an environment variable"),
            value_option("user", "USER[:GROUP]", "user and group, as names or ids"),
            value_option("workdir", "PATH", "working directory"),
            list_option("volume", "PATH", "add a directory for data of the container's own"),
            list_option("expose", "PORT[/PROTOCOL]", "add a port that the image serves"),
            value_option("stop-signal", "SIGNAL", "signal that stops the container"),
            list_option("shell", "WORD", "shell of Dockerfile instructions, a word each"),
            list_option("onbuild", "INSTRUCTION", "add an instruction for builds on this image"),
            value_option("healthcheck", "COMMAND", "shell command that tells whether the container is well"),
            switch_option("healthcheck-none", "switch off the health check of a base image"),
            value_option("healthcheck-interval", "TIME", "time between checks, as in 1m30s"),
            value_option("healthcheck-timeout", "TIME", "how long one check may take"),
            value_option("healthcheck-start-period", "TIME", "how long failures do not count at first"),
            value_option("healthcheck-start-interval", "TIME", "time between checks in the start period"),
            value_option("healthcheck-retries", "NUMBER", "failures in a row until it counts as ill")};
}

std::vector<oci::cli::Option> config_options() {
    std::vector<oci::cli::Option> options{image_option("image to change"), new_tag_option()};
    for (oci::cli::Option& option : process_options()) options.push_back(std::move(option));
    const std::vector<oci::cli::Option> rest{
        list_option("label", "NAME=VALUE", "set a label"),
        list_option("annotation", "NAME=VALUE", "set an annotation of the manifest"),
        value_option("author", "TEXT", "author of the image"),
        value_option("platform", "OS/ARCH[/VARIANT]", "platform that the image is made for"),
        value_option("os-version", "TEXT", "version of the operating system"),
        list_option("os-feature", "TEXT", "add a feature that the operating system must have"),
        field_option("clear", "clear a field first: ", clearable_fields(), "FIELD", ""),
        field_option("unset", "remove one key of a field: ", unsettable_fields(), "FIELD=KEY", "="),
        created_option(),
        value_option("created-by", "TEXT", "text for the image's history"),
        value_option("comment", "TEXT", "comment for the image's history"),
        switch_option("no-history", "leave no line in the image's history"),
        written_json_option()};
    options.insert(options.end(), rest.begin(), rest.end());
    return options;
}

oci::cli::Command config_command() {
    return {
        .name = "config",
        .summary = "change what an image runs, and how",
        .arguments = "[IMAGE]",
        .description =
            "Makes the tag name an image with another configuration. --cmd, --entrypoint and --shell are "
            "repeated, once for each word.",
        .options = config_options(),
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg config app:1 --cmd /bin/sh --cmd -c --cmd 'echo hello'",
                     "ocimg config --image layout:latest --user 1000:1000 --env PATH=/bin --workdir /srv",
                     "ocimg config app:1 --unset env=DEBUG --clear entrypoint"},
    };
}

}  // namespace

CommandEntry config_entry() {
    return {config_command(), run_config};
}

}  // namespace ocimg
