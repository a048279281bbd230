#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/transfer/archive_source.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

Result<std::vector<std::string>> fetch_tags(RemoteAccess& access, const oci::spec::Reference& reference) {
    const std::vector<RegistryClient> clients = TRY(access.open_for_reading(reference));
    for (const RegistryClient& client : clients) {
        auto tags = client.tags();
        if (tags || &client == &clients.back()) return tags;
    }
    return failure("no registry to ask");
}

/// Line by line, or as skopeo prints it; an archive is no repository.
Result<int> print_tags(const std::string& repository, const std::vector<std::string>& tags, bool json) {
    if (!json) {
        std::string lines;
        for (const std::string& tag : tags) lines += printable(tag) + "\n";
        TRY(print(lines));
        return 0;
    }
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    if (!repository.empty()) {
        out.key("Repository");
        out.string(repository);
    }
    out.key("Tags");
    oci::spec::write_value(out, tags);
    out.end_object();
    TRY(print(out.take() + "\n"));
    return 0;
}

Result<int> run_list_tags(const oci::cli::Values& values) {
    std::string text = values.arguments().front();
    if (constexpr std::string_view archive = "docker-archive:"; text.starts_with(archive)) {
        return print_tags({}, TRY(list_saved_images(text.substr(archive.size()))), values.has("json"));
    }
    if (text.starts_with("docker://")) text.erase(0, 9);
    RemoteAccess access(TRY(read_remote_options(values)));
    const oci::spec::Reference reference = TRY(plan_references(*TRY(access.registries_conf()), text)).front();
    if (!reference.tag.empty() || reference.digest.has_value()) {
        return failure(ErrorCode::invalid,
                       oci::quote(text) + " names an image: expected a repository, without tag");
    }
    return print_tags(reference.registry + "/" + reference.repository, TRY(fetch_tags(access, reference)),
                      values.has("json"));
}

oci::cli::Command list_tags_command() {
    oci::cli::Command command{
        .name = "list-tags",
        .summary = "list the tags of a repository in a registry, or the names in a docker-archive",
        .arguments = "REPOSITORY|docker-archive:FILE",
        .options = {switch_option("json", "print JSON")},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg list-tags quay.io/team/app"},
    };
    append_options(command.options, remote_options());
    return command;
}

}  // namespace

CommandEntry list_tags_entry() {
    return {list_tags_command(), run_list_tags};
}

}  // namespace ocimg
