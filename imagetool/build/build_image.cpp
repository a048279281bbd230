#include "imagetool/build/build_image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/build_context.hpp"
#include "imagetool/build/execute_build.hpp"
#include "imagetool/build/export_image.hpp"
#include "imagetool/build/fetch_context.hpp"
#include "imagetool/build/plan_build.hpp"
#include "imagetool/build/publish_image.hpp"
#include "imagetool/build/resolve_image.hpp"
#include "imagetool/store/host_platform.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg::build {

namespace {

using oci::failure;
using oci::Result;

/// The build's contexts, the main one first, and the Dockerfile.
struct BuildInput {
    std::deque<BuildContext> contexts;
    dockerfile::Dockerfile file;
    PlanRequest plan;
};

bool names_image(const std::string& context) {
    return context.starts_with("docker-image://") || context.starts_with("oci-layout://");
}

Result<BuildInput> read_input(const BuildRequest& request, const FetchedContext& main) {
    BuildInput input;
    input.contexts.push_back(TRY(open_context(main.path, "the build context")));
    DockerfileText text{"standard input", main.dockerfile.value_or("")};
    if (!main.dockerfile.has_value())
        text = TRY(read_dockerfile(input.contexts.front(), main.path, request.file));
    TRY(read_ignore_file(input.contexts.front(), main.path, request.file));
    input.file = TRY(dockerfile::parse_dockerfile(text.text, text.name));
    for (const auto& [name, context] : request.build_contexts) {
        if (names_image(context)) {
            input.plan.image_contexts[name] = context;
            continue;
        }
        input.plan.context_names.push_back(name);
        input.contexts.push_back(TRY(open_context(context, "the context " + oci::quote(name))));
        TRY(read_ignore_file(input.contexts.back(), context, "-"));
    }
    return input;
}

void complete_plan_request(const BuildRequest& request, PlanRequest& plan) {
    plan.arguments.values = request.build_args;
    plan.arguments.build_platform = host_platform();
    plan.arguments.target_platform = request.platform.value_or(plan.arguments.build_platform);
    plan.arguments.target_stage = request.target;
    plan.target = request.target;
    plan.labels = request.labels;
    plan.allow_insecure = request.allow_insecure;
}

/// --network counts for the RUN steps that do not say one themselves.
void set_network(BuildGraph& graph, dockerfile::RunNetwork network) {
    for (PlannedStage& stage : graph.stages) {
        for (PlannedStep& step : stage.steps) {
            auto* const run = std::get_if<RunStep>(&step.action);
            if (run != nullptr && run->network == dockerfile::RunNetwork::default_network)
                run->network = network;
        }
    }
}

/// Writes layers of the target into the layout while later steps still run.
class EarlyExport {
public:
    EarlyExport(const BuildGraph& graph, LayerExporter& exporter) : exporter_(exporter) {
        std::size_t stage = graph.target;
        in_image_.push_back(stage);
        while (graph.stages[stage].base.kind == TreeSource::Kind::stage) {
            stage = graph.stages[stage].base.index;
            in_image_.push_back(stage);
        }
    }

    void offer(std::size_t stage, const StageFiles& files) {
        if (std::find(in_image_.begin(), in_image_.end(), stage) == in_image_.end()) return;
        const std::lock_guard guard(mutex_);
        const StageLayer layer = files.layers.back();
        if (blobs_.contains(layer.key)) return;
        blobs_[layer.key] =
            std::async(std::launch::async, [this, layer] { return exporter_.write(layer); }).share();
    }

    /// All layers of the image, the lowest first.
    Result<std::vector<LayerBlob>> finish(const StageFiles& files) {
        std::vector<LayerBlob> blobs;
        for (const StageLayer& layer : files.layers) {
            const auto early = blobs_.find(layer.key);
            if (layer.key.empty() || early == blobs_.end()) {
                blobs.push_back(TRY(exporter_.write(layer)));
                continue;
            }
            const Result<LayerBlob>& written = early->second.get();
            blobs.push_back(TRY(Result<LayerBlob>(written)));
        }
        return blobs;
    }

private:
    LayerExporter& exporter_;
    std::vector<std::size_t> in_image_;
    std::mutex mutex_;
    std::map<std::string, std::shared_future<Result<LayerBlob>>> blobs_;
};

Result<Layout> open_target_layout(const BuildRequest& request) {
    if (request.places.empty()) return open_default_store(Access::create);
    return std::move(TRY(open_image_place(request.places.front(), Access::create)).layout);
}

void show_warnings(const dockerfile::Dockerfile& file, const BuildGraph& graph, BuildProgress& progress) {
    for (const auto& warning : file.warnings)
        progress.warning(show_place(file.file, file.text, warning.place, warning.message));
    for (const std::string& warning : graph.warnings) progress.warning(warning);
}

/// --output: the files of the result.
Result<BuiltImage> write_outputs(const BuildRequest& request, const Trees& trees, const StageFiles& files) {
    if (request.outputs.empty()) return BuiltImage{};
    const oci::Fd root = TRY(trees.directories().open_view(files, trees.empty()));
    for (const OutputRequest& output : request.outputs) TRY(write_output(root, output, files.time));
    return BuiltImage{};
}

std::string salt_of(const BuildRequest& request) {
    return request.source_date.has_value() ? std::to_string(*request.source_date) : std::string();
}

}  // namespace

Result<BuiltImage> build_image(BuildRequest request, BuildProgress& progress) {
    const BuildCache cache = TRY(BuildCache::open(request.cache_path));
    const FetchedContext main = TRY(fetch_context(request.context, cache));
    BuildInput input = TRY(read_input(request, main));
    complete_plan_request(request, input.plan);
    BuildGraph graph = TRY(plan_build(input.file, input.plan, resolve_image));
    if (request.network.has_value()) set_network(graph, *request.network);
    show_warnings(input.file, graph, progress);

    const LayerCache unpacked = TRY(LayerCache::open(request.cache_path + "/unpacked"));
    const WorkDirectory common = TRY(cache.make_work());
    LayerDirectories directories(cache, unpacked, graph);
    Trees trees(graph, std::move(input.contexts), directories, TRY(common.make("empty", 0755)),
                salt_of(request));
    const StageSettings settings{
        .use_cache = request.use_cache, .source_date = request.source_date, .run = std::move(request.run)};
    BuildServices services{.graph = graph,
                           .cache = cache,
                           .trees = trees,
                           .progress = progress,
                           .settings = settings,
                           .on_layer = [](std::size_t, const StageFiles&) {},
                           .is_cancelled = [] { return false; }};
    const std::size_t jobs =
        request.jobs > 0 ? request.jobs : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
    if (!request.outputs.empty() && request.places.empty())
        return write_outputs(request, trees, TRY(execute_build(services, jobs)));

    const Layout layout = TRY(open_target_layout(request));
    LayerExporter exporter(cache, graph, layout);
    EarlyExport early(graph, exporter);
    services.on_layer = [&](std::size_t stage, const StageFiles& files) { early.offer(stage, files); };
    const StageFiles files = TRY(execute_build(services, jobs));
    const std::vector<LayerBlob> blobs = TRY(early.finish(files));
    TRY(write_outputs(request, trees, files));
    const Image image = make_image(graph, graph.target, files, blobs);
    return publish_image(layout, image, request.annotations, request.places);
}

}  // namespace ocimg::build
