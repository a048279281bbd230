#include "imagetool/cli/build_options.hpp"

#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"

namespace ocimg {

namespace {

using oci::cli::Completes;
using oci::cli::Option;

Option with_short(Option option, const char* name) {
    option.short_name = name;
    return option;
}

Option with_words(Option option, std::vector<std::string> words, const char* usual) {
    option.completes = Completes::words;
    option.words = std::move(words);
    option.default_value = usual;
    return option;
}

Option with_files(Option option) {
    option.completes = Completes::files;
    return option;
}

std::vector<Option> what_is_built() {
    return {
        with_short(list_option("tag", "IMAGE", "name of the image: of the default store, or LAYOUT:TAG"),
                   "t"),
        with_files(with_short(
            value_option("file", "PATH", "the Dockerfile, or a build file (.yaml); - is standard input"),
            "f")),
        list_option("only", "NAME", "of a build file, only this image and those it is made from"),
        with_short(list_option("output", "DIRECTORY|type=TYPE,dest=PATH",
                               "also write files (local, tar), an archive (oci, docker), or push (registry)"),
                   "o"),
        switch_option("push", "push the image to the registry of each --tag"),
        value_option("target", "STAGE", "build this stage, and what it needs"),
        list_option("build-arg", "NAME[=VALUE]", "value of an ARG; without a value that of the environment"),
        list_option("build-context", "NAME=PLACE",
                    "a named context: a directory, docker-image://NAME or oci-layout://PATH"),
        list_option("platform", "OS/ARCH[/VARIANT]",
                    "platform of the image (default: this machine's); several make an index"),
        list_option("label", "NAME=VALUE", "label of the image"),
        list_option("annotation", "NAME=VALUE", "annotation of the image's manifest"),
    };
}

std::vector<Option> how_it_is_built() {
    return {
        switch_option("check", "only look for what is wrong with the Dockerfile (see ocimg lint)"),
        value_option("call", "check[,format=json]", "as --check, and how to print what is found"),
        switch_option("pull", "fetch every base image, also those that are in the store"),
        switch_option("pull-never", "fetch no base image"),
        switch_option("no-cache", "do every step anew"),
        list_option("cache-from", "NAME|type=registry|local,...",
                    "take results of steps from a registry or a layout, too"),
        list_option("cache-to", "NAME|type=registry|local,...",
                    "write results of all steps to a registry or a layout"),
        switch_option("squash", "make one layer of those that the build adds to its base image"),
        list_option("secret", "id=ID[,src=PATH|,env=NAME]", "a file or variable for RUN --mount=type=secret"),
        list_option("ssh", "ID[=SOCKET]", "an agent's socket for RUN --mount=type=ssh"),
        list_option("add-host", "NAME:IP", "a line of /etc/hosts in RUN steps"),
        with_words(value_option("network", "MODE", "network of RUN steps: default, none or host"),
                   {"default", "none", "host"}, ""),
        list_option("allow", "ENTITLEMENT", "security.insecure: permits RUN --security=insecure"),
        with_files(value_option("runtime", "PROGRAM", "OCI runtime for RUN steps (default: ocirun)")),
        value_option("jobs", "N", "stages at the same time (default: one for each processor)"),
        with_words(value_option("on-failure", "WHAT",
                                "where a command failed: stop, shell (a shell there), keep (a bundle)"),
                   {"stop", "shell", "keep"}, "stop"),
        with_words(value_option("progress", "KIND", "auto, plain, tty, json or quiet"),
                   {"auto", "plain", "tty", "json", "quiet"}, "auto"),
        with_short(switch_option("quiet", "print nothing but the image's id"), "q"),
        with_files(value_option("iidfile", "PATH", "write the image's id into this file")),
        with_files(value_option("metadata-file", "PATH", "write what was built as JSON into this file")),
    };
}

}  // namespace

oci::cli::Command build_command() {
    std::vector<Option> options = what_is_built();
    append_options(options, how_it_is_built());
    append_options(options, remote_options());
    return {
        .name = "build",
        .summary = "build images from a Dockerfile or a build file",
        .arguments = "[CONTEXT]",
        .description =
            "Builds the last stage of the Dockerfile, or --target, and the stages it needs, independent ones "
            "at the same time. CONTEXT is a directory, a URL of a tar archive, a git repository "
            "(https://host/repo.git#ref:directory), or - for a tar archive or a Dockerfile on standard "
            "input. "
            "Base images come from the default store, missing ones from their registries. Each RUN step is a "
            "bundle for an OCI "
            "runtime, with Docker's capabilities and seccomp profile; its network is the host's, unless "
            "--network says none. Steps that were done before come from the cache ($OCIMG_CACHE, "
            "/var/cache/ocimg, ~/.cache/ocimg), which can be deleted at any time.\n\nThe same context gives "
            "the same image: times later than SOURCE_DATE_EPOCH, or than the base image and the other dated "
            "inputs of a step, become that; times of the context's files count when it is set, or is "
            "\"context\" (--build-arg). See docs/build.md.",
        .options = std::move(options),
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg build -t app:1 .", "ocimg build --check .",
                     "ocimg build -f images.yaml --only app .",
                     "ocimg build -t registry.example/app:1 --push --platform linux/amd64,linux/arm64 .",
                     "ocimg build -t layout:latest -f build/Dockerfile --target test .",
                     "ocimg build -t app:1 --secret id=npmrc,src=$HOME/.npmrc --progress plain ."},
    };
}

}  // namespace ocimg
