#include "imagetool/build/trees.hpp"

#include <fcntl.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/cache_key.hpp"
#include "spec/image/timestamp.hpp"

namespace ocimg::build {

using oci::Fd;
using oci::Result;

Trees::Trees(const BuildGraph& graph, std::deque<BuildContext> contexts, LayerDirectories& directories,
             Fd empty, std::string salt)
    : graph_(graph),
      contexts_(std::move(contexts)),
      directories_(directories),
      empty_(std::move(empty)),
      salt_(std::move(salt)) {}

StageFiles Trees::files_of(const TreeSource& source) const {
    StageFiles files;
    switch (source.kind) {
        case TreeSource::Kind::nothing:
            files.key = key_of_nothing(salt_);
            break;
        case TreeSource::Kind::image: {
            const BaseImage& image = graph_.images[source.index];
            // Its time goes into what is built on it, unless the user names one.
            files.key =
                key_of_image(image.config.rootfs.diff_ids, salt_.empty() ? image.config.created : salt_);
            if (const auto created = oci::spec::parse_timestamp(image.config.created))
                files.time = created->seconds;
            for (std::size_t i = 0; i < image.manifest.layers.size(); ++i)
                files.layers.push_back({.key = {}, .image = source.index, .index = i, .time = files.time});
            break;
        }
        case TreeSource::Kind::stage:
            return files_of_stage(source.index);
        case TreeSource::Kind::context:
            break;
    }
    return files;
}

StageFiles Trees::base_files(const PlannedStage& stage) const {
    return files_of(stage.base);
}

void Trees::finish_stage(std::size_t index, StageFiles files) {
    const std::lock_guard guard(mutex_);
    finished_[index] = std::move(files);
}

StageFiles Trees::files_of_stage(std::size_t index) const {
    const std::lock_guard guard(mutex_);
    const auto found = finished_.find(index);
    return found == finished_.end() ? StageFiles{} : found->second;
}

OpenedTree Trees::describe(const TreeSource& source) const {
    OpenedTree tree;
    switch (source.kind) {
        case TreeSource::Kind::context: {
            const BuildContext& context = contexts_[source.index];
            tree.ignore = context.ignore.empty() ? nullptr : &context.ignore;
            tree.is_context = true;
            tree.has_dates = context.has_dates;
            tree.name = context.name;
            return tree;
        }
        case TreeSource::Kind::stage: {
            const std::string& name = graph_.stages[source.index].name;
            tree.name = "stage " + (name.empty() ? std::to_string(source.index) : name);
            break;
        }
        case TreeSource::Kind::image:
            tree.name = "image " + oci::quote(graph_.images[source.index].name);
            break;
        case TreeSource::Kind::nothing:
            tree.name = "an empty image";
            break;
    }
    const StageFiles files = files_of(source);
    tree.key = files.key;
    tree.time = files.time;
    return tree;
}

Result<OpenedTree> Trees::open(const TreeSource& source) const {
    OpenedTree tree = describe(source);
    if (source.kind == TreeSource::Kind::context) {
        tree.root = TRY(oci::duplicate(contexts_[source.index].root));
        return tree;
    }
    tree.root = TRY(directories_.open_view(files_of(source), empty_).in(tree.name));
    return tree;
}

}  // namespace ocimg::build
