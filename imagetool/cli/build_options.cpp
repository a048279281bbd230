#include "imagetool/cli/build_options.hpp"

#include "imagetool/cli/options.hpp"

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
        with_files(with_short(value_option("file", "PATH", "the Dockerfile; - is standard input"), "f")),
        with_short(list_option("output", "DIRECTORY|type=local|tar,dest=PATH",
                               "write the files of the result; without --tag no image is made"),
                   "o"),
        value_option("target", "STAGE", "build this stage, and what it needs"),
        list_option("build-arg", "NAME[=VALUE]", "value of an ARG; without a value that of the environment"),
        list_option("build-context", "NAME=PLACE",
                    "a named context: a directory, docker-image://NAME or oci-layout://PATH"),
        value_option("platform", "OS/ARCH[/VARIANT]", "platform of the image (default: this machine's)"),
        list_option("label", "NAME=VALUE", "label of the image"),
        list_option("annotation", "NAME=VALUE", "annotation of the image's manifest"),
    };
}

std::vector<Option> how_it_is_built() {
    return {
        switch_option("no-cache", "do every step anew"),
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
    for (Option& option : how_it_is_built()) options.push_back(std::move(option));
    return {
        .name = "build",
        .summary = "build an image from a Dockerfile",
        .arguments = "[CONTEXT]",
        .description =
            "Builds the last stage of the Dockerfile, or --target, and the stages it needs, independent ones "
            "at the same time. CONTEXT is a directory, a URL of a tar archive, a git repository "
            "(https://host/repo.git#ref:directory), or - for a tar archive or a Dockerfile on standard "
            "input. "
            "Base images come from the default store. Each RUN step is a bundle for an OCI "
            "runtime, with Docker's capabilities and seccomp profile; its network is the host's, unless "
            "--network says none. Steps that were done before come from the cache ($OCIMG_CACHE, "
            "/var/cache/ocimg, ~/.cache/ocimg), which can be deleted at any time.\n\nThe same context gives "
            "the same image: times later than SOURCE_DATE_EPOCH, or than the newest file and base image that "
            "go into a step, become it. See docs/build.md.",
        .options = std::move(options),
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg build -t app:1 .",
                     "ocimg build -t layout:latest -f build/Dockerfile --target test .",
                     "ocimg build -t app:1 --secret id=npmrc,src=$HOME/.npmrc --progress plain ."},
    };
}

}  // namespace ocimg
