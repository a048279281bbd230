#include "imagetool/cli/program.hpp"

#include "base/text.hpp"
#include "imagetool/image/edit.hpp"

namespace ocimg {

namespace {

using oci::cli::Command;
using oci::cli::Completes;
using oci::cli::Option;
using oci::cli::OptionKind;

Option value(const char* name, const char* value_name, const char* help) {
    return {.name = name, .kind = OptionKind::value, .value_name = value_name, .help = help};
}

Option list(const char* name, const char* value_name, const char* help) {
    return {.name = name, .kind = OptionKind::list, .value_name = value_name, .help = help};
}

Option switch_option(const char* name, const char* help) {
    return {.name = name, .kind = OptionKind::boolean, .help = help};
}

Option image_option(const char* help) {
    Option option = value("image", "LAYOUT:TAG", help);
    option.completes = Completes::directories;
    return option;
}

Option created_option() {
    return value("created", "TIME", "creation time by RFC 3339 (default: SOURCE_DATE_EPOCH, else 1970)");
}

Command new_command() {
    return {
        .name = "new",
        .summary = "make an empty layout, or an image without layers in it",
        .arguments = "[LAYOUT]",
        .description =
            "With LAYOUT: makes an empty OCI image layout in that directory, which must be empty "
            "or not exist.\n\nWith --image: makes an image without layers under a tag that does "
            "not exist yet; the layout is made too when there is none.",
        .options = {image_option("make an empty image under this tag"),
                    value("platform", "OS/ARCH[/VARIANT]", "platform of the image (default: this machine's)"),
                    created_option()},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg new layout", "ocimg new --image layout:latest --platform linux/arm64"},
    };
}

Command append_command() {
    Option compression = value("compression", "NAME", "compression of the new layer: gzip, zstd or none");
    compression.default_value = "gzip";
    compression.completes = Completes::words;
    compression.words = {"gzip", "zstd", "none"};
    return {
        .name = "append",
        .summary = "add a directory or a tar archive to an image as its top layer",
        .arguments = "DIRECTORY|TAR",
        .description =
            "Writes a layer and makes the tag name the image with it on top. A directory is "
            "written with sorted entries; file times later than SOURCE_DATE_EPOCH, when that is "
            "set, become it. A tar archive, compressed or not, is taken as it is; - reads one "
            "from standard input.",
        .options = {image_option("image to add to"),
                    value("tag", "TAG", "write the new image under this tag"), compression,
                    value("prefix", "PATH", "put the directory's content at this path of the image"),
                    value("platform", "OS/ARCH[/VARIANT]", "which image, when the tag has several platforms"),
                    value("created-by", "TEXT", "text for the image's history"), created_option()},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg append --image layout:latest rootfs",
                     "ocimg append --image layout:latest --tag with-app --prefix opt/app build"},
    };
}

Command config_command() {
    Option clear = list("clear", "FIELD", "clear a field first: ");
    clear.help += oci::join(clearable_fields(), ", ");
    clear.completes = Completes::words;
    clear.words = clearable_fields();
    return {
        .name = "config",
        .summary = "change what an image runs, and how",
        .description =
            "Makes the tag name an image with another configuration. --cmd and --entrypoint are "
            "repeated, once for each word.",
        .options = {image_option("image to change"),
                    value("tag", "TAG", "write the new image under this tag"),
                    list("cmd", "WORD", "default command, or arguments of the entrypoint"),
                    list("entrypoint", "WORD", "command that is always run"),
                    list("env", "NAME=VALUE", "set an environment variable"),
                    list("label", "NAME=VALUE", "set a label"),
                    list("annotation", "NAME=VALUE", "set an annotation of the manifest"),
                    list("volume", "PATH", "add a directory for data of the container's own"),
                    list("expose", "PORT[/PROTOCOL]", "add a port that the image serves"),
                    value("user", "USER[:GROUP]", "user and group, as names or ids"),
                    value("workdir", "PATH", "working directory"),
                    value("stop-signal", "SIGNAL", "signal that stops the container"),
                    value("author", "TEXT", "author of the image"),
                    value("platform", "OS/ARCH[/VARIANT]", "platform that the image is made for"), clear,
                    created_option()},
        .examples = {"ocimg config --image layout:latest --cmd /bin/sh --cmd -c --cmd 'echo hello'",
                     "ocimg config --image layout:latest --user 1000:1000 --env PATH=/bin --workdir /srv"},
    };
}

Command list_command() {
    return {
        .name = "list",
        .summary = "list the images of a layout",
        .arguments = "LAYOUT",
        .options = {switch_option("json", "print JSON")},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg list layout"},
    };
}

Command inspect_command() {
    return {
        .name = "inspect",
        .summary = "show an image: platform, process, layers, history",
        .options = {image_option("image to show; the tag may be left out when there is one image"),
                    value("platform", "OS/ARCH[/VARIANT]", "which image, when the tag has several platforms"),
                    switch_option("json", "print JSON: descriptor, manifest and config")},
        .examples = {"ocimg inspect --image layout:latest"},
    };
}

Command unpack_command() {
    return {
        .name = "unpack",
        .summary = "unpack an image into a bundle for an OCI runtime",
        .arguments = "BUNDLE",
        .description =
            "Writes BUNDLE/rootfs from the layers and BUNDLE/config.json from the image's "
            "configuration. Every blob is checked against its digest, every layer against its "
            "diff id. When anything fails, BUNDLE is as it was before.",
        .options = {image_option("image to unpack; the tag may be left out when there is one image"),
                    value("platform", "OS/ARCH[/VARIANT]",
                          "which image, when the tag has several platforms (default: this machine's)"),
                    switch_option("force", "replace rootfs and config.json of an existing bundle"),
                    switch_option("keep-dirlinks",
                                  "follow a link where a layer has a directory, do not "
                                  "replace it")},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg unpack --image layout:latest bundle"},
    };
}

Command generate_command() {
    Option directory = value("dir", "DIRECTORY", "where to write");
    directory.completes = Completes::directories;
    return {
        .name = "generate",
        .summary = "write the man pages and the completion scripts",
        .options = {directory},
        .hidden = true,
    };
}

oci::cli::Program make_program() {
    return {
        .name = "ocimg",
        .summary = "make, change, inspect and unpack OCI images without a daemon",
        .description =
            "ocimg works on OCI image layouts: directories with index.json, oci-layout and blobs. "
            "An image is named LAYOUT:TAG. The same input gives the same digests.",
        .commands = {new_command(), append_command(), config_command(), list_command(), inspect_command(),
                     unpack_command(), generate_command()},
        .manual_section = "1",
    };
}

}  // namespace

const oci::cli::Program& program() {
    static const oci::cli::Program table = make_program();
    return table;
}

}  // namespace ocimg
