#include <fnmatch.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/transfer/layout_target.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "imagetool/transfer/registry_source.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Reference;

constexpr std::size_t list_limit = 16U << 20U;

/// A repository and which of its tags; without tags, all.
struct Wanted {
    Reference repository;
    std::vector<std::string> tags;
};

Result<Wanted> to_wanted(std::string text) {
    if (text.starts_with("docker://")) text.erase(0, 9);
    Wanted wanted{.repository = TRY(oci::spec::parse_reference(text)), .tags = {}};
    if (wanted.repository.digest.has_value())
        return failure(ErrorCode::invalid, oci::quote(text) + ": a sync goes by tags, not by digests");
    if (!wanted.repository.tag.empty()) wanted.tags.push_back(wanted.repository.tag);
    wanted.repository.tag.clear();
    return wanted;
}

/// SOURCE, or the lines of the file after --from: names of repositories or images, "#" begins a comment.
Result<std::vector<Wanted>> read_wanted(const oci::cli::Values& values) {
    std::vector<Wanted> all;
    if (!values.has("from")) {
        all.push_back(TRY(to_wanted(values.arguments().front())));
        return all;
    }
    const std::string file = values.get("from");
    const std::string text = TRY(oci::read_file(oci::current_directory, file, list_limit));
    std::size_t number = 0;
    for (const std::string& line : oci::split(text, '\n')) {
        ++number;
        const std::string_view name = oci::trim(std::string_view(line).substr(0, line.find('#')));
        if (!name.empty())
            all.push_back(TRY(to_wanted(std::string(name)).in(file + ":" + std::to_string(number))));
    }
    return all;
}

/// One run of sync.
class Sync {
public:
    Sync(const oci::cli::Values& values, RemoteAccess& reading, RemoteAccess& writing, CopyOptions options,
         Progress& progress)
        : values_(values),
          reading_(reading),
          writing_(writing),
          options_(std::move(options)),
          progress_(progress) {
        options_.skip_same = true;
    }

    Result<void> run(const Wanted& wanted, const std::string& destination) {
        const auto clients = TRY(reading_.open_for_reading(wanted.repository));
        std::vector<std::string> tags = wanted.tags;
        if (tags.empty()) tags = TRY(clients.back().tags());
        std::erase_if(tags, [&](const std::string& tag) { return !is_chosen(tag); });
        const auto known = std::make_shared<KnownBlobs>();
        for (const std::string& tag : tags) {
            const std::string name =
                wanted.repository.registry + "/" + wanted.repository.repository + ":" + tag;
            if (values_.has("dry-run")) {
                if (values_.has("json"))
                    rows_.push_back({.name = name, .digest = {}, .error = {}});
                else
                    TRY(print(name + "\n"));
                continue;
            }
            RegistrySource source(clients, tag);
            auto copied = copy(source, wanted.repository, tag, destination, known).in("sync " + name);
            if (!copied && (!values_.has("keep-going") || oci::interruption() != 0)) return copied.error();
            rows_.push_back({.name = name,
                             .digest = copied ? copied->digest : std::string(),
                             .error = copied ? std::string() : copied.error().text});
            if (!copied) {
                warn(copied.error().text);
                ++failures_;
            } else {
                progress_.say("synced " + name);
            }
        }
        return {};
    }

    /// What became of each image, with --json.
    [[nodiscard]] std::string as_json() const {
        oci::spec::JsonWriter out("    ");
        out.begin_array();
        for (const Row& row : rows_) {
            out.begin_object();
            json_field(out, "name", row.name);
            if (!row.digest.empty()) json_field(out, "digest", row.digest);
            if (!row.error.empty()) json_field(out, "error", row.error);
            out.end_object();
        }
        out.end_array();
        return out.take() + "\n";
    }

    [[nodiscard]] Result<void> verdict() const {
        if (failures_ == 0) return {};
        return failure(oci::count_of(failures_, "image") + " could not be copied");
    }

private:
    struct Row {
        std::string name;
        std::string digest;  // empty: not copied
        std::string error;
    };

    [[nodiscard]] bool is_chosen(const std::string& tag) const {
        const std::vector<std::string> patterns = values_.all("tag");
        return patterns.empty() ||
               std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
                   return ::fnmatch(pattern.c_str(), tag.c_str(), 0) == 0;
               });
    }

    /// What a repository is called in the destination: its last component, or with --scoped all of it.
    [[nodiscard]] std::string name_of(const Reference& repository) const {
        if (!values_.has("scoped")) return repository.repository.substr(repository.repository.rfind('/') + 1);
        std::string host = repository.registry;
        std::replace(host.begin(), host.end(), ':', '-');
        return oci::to_lower(host) + "/" + repository.repository;
    }

    Result<Document> copy(RegistrySource& source, const Reference& repository, const std::string& tag,
                          const std::string& destination, const std::shared_ptr<KnownBlobs>& known) {
        if (destination.starts_with("docker://")) {
            const Reference to =
                TRY(oci::spec::parse_reference(destination.substr(9) + "/" + name_of(repository)));
            RegistryTarget target(TRY(writing_.open_for_writing(to)), tag, {}, known);
            return copy_image(source, target, options_, progress_);
        }
        const ImagePlace place = TRY(place_argument(destination));
        if (place.kind != PlaceKind::layout || !place.tag.empty()) {
            return failure(ErrorCode::invalid,
                           oci::quote(destination) + ": expected docker://REGISTRY[/PATH] or oci:DIRECTORY");
        }
        LayoutTarget target(TRY(Layout::open_or_create(place.path)), name_of(repository) + ":" + tag);
        return copy_image(source, target, options_, progress_);
    }

    const oci::cli::Values& values_;
    RemoteAccess& reading_;
    RemoteAccess& writing_;
    CopyOptions options_;
    Progress& progress_;
    std::vector<Row> rows_;
    std::size_t failures_ = 0;
};

Result<int> run_sync(const oci::cli::Values& values) {
    oci::catch_interruptions();
    const std::size_t expected = values.has("from") ? 1 : 2;
    if (values.arguments().size() != expected) {
        return failure(ErrorCode::invalid, "expected SOURCE DESTINATION, or --from FILE DESTINATION");
    }
    const std::vector<Wanted> all = TRY(read_wanted(values));
    RemoteAccess reading(TRY(read_remote_options(values, "src")));
    RemoteAccess writing(TRY(read_remote_options(values, "dest")));
    const auto progress = TRY(open_transfer_progress(values));
    Sync sync(values, reading, writing, TRY(read_copy_options(values)), *progress);
    for (const Wanted& wanted : all) TRY(sync.run(wanted, values.arguments().back()));
    if (values.has("json")) TRY(print(sync.as_json()));
    TRY(sync.verdict());
    return 0;
}

oci::cli::Command sync_command() {
    oci::cli::Command command{
        .name = "sync",
        .summary = "copy every tag of a repository",
        .arguments = "[SOURCE] DESTINATION",
        .description =
            "Copies all tags of SOURCE (docker://REGISTRY/NAME), or what the lines of a file name, below "
            "docker://REGISTRY/PATH or into the layout oci:DIRECTORY. Tags that the destination has with the "
            "same digest are passed over.",
        .options = {value_option("from", "FILE",
                                 "file with one repository or image a line, instead of SOURCE"),
                    list_option("tag", "PATTERN",
                                "only tags that match, with * ? and []; may be given more than once"),
                    switch_option("scoped", "keep the source's whole name in the destination"),
                    switch_option("dry-run", "print what would be copied"),
                    switch_option("keep-going", "go on after an image that fails")},
        .least_arguments = 1,
        .most_arguments = 2,
        .examples = {"ocimg sync docker://quay.io/team/app docker://mirror.example.com/quay",
                     "ocimg sync --from images.txt --scoped oci:mirror"},
    };
    append_options(command.options, copy_options());
    append_options(command.options, remote_options());
    append_options(command.options, side_options("src"));
    append_options(command.options, side_options("dest"));
    append_options(command.options, progress_options());
    return command;
}

}  // namespace

CommandEntry sync_entry() {
    return {sync_command(), run_sync};
}

}  // namespace ocimg
