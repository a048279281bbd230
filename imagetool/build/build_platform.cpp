#include "imagetool/build/build_platform.hpp"

#include <algorithm>
#include <future>
#include <thread>

#include "base/text.hpp"
#include "imagetool/build/build_context.hpp"
#include "imagetool/build/execute_build.hpp"
#include "imagetool/build/export_image.hpp"
#include "imagetool/build/plan_build.hpp"
#include "imagetool/bundle/user_namespace.hpp"
#include "imagetool/change/recompose.hpp"
#include "imagetool/change/squash.hpp"
#include "imagetool/overlay/plain_copy.hpp"
#include "imagetool/store/host_platform.hpp"

namespace ocimg::build {

namespace {

using oci::Result;

bool names_image(const std::string& context) {
    return context.starts_with("docker-image://") || context.starts_with("oci-layout://");
}

/// Opens the contexts, the main one first, and tells the plan their names.
Result<std::deque<BuildContext>> open_contexts(const BuildShared& shared, PlanRequest& plan) {
    const BuildRequest& request = shared.request;
    const std::string& main = shared.context.path;
    std::deque<BuildContext> contexts;
    contexts.push_back(TRY(open_context(main, "the build context")));
    TRY(read_ignore_file(contexts.front(), main, request.file));
    for (const auto& [name, context] : request.build_contexts) {
        if (names_image(context)) {
            plan.image_contexts[name] = context;
            continue;
        }
        plan.context_names.push_back(name);
        contexts.push_back(TRY(open_context(context, "the context " + oci::quote(name))));
        TRY(read_ignore_file(contexts.back(), context, "-"));
    }
    // With a date of the user's own, files keep times that are older.
    for (BuildContext& context : contexts)
        context.has_dates = request.context_dates || request.source_date.has_value();
    return contexts;
}

PlanRequest plan_request(const BuildRequest& request, const PlatformBuild& build) {
    PlanRequest plan;
    plan.arguments.values = request.build_args;
    plan.arguments.build_platform = host_platform();
    plan.arguments.target_platform = build.platform;
    plan.arguments.target_stage = build.image.wanted ? request.target : std::string();
    plan.target = plan.arguments.target_stage;
    plan.labels = request.labels;
    plan.allow_insecure = request.allow_insecure;
    return plan;
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

void show_warnings(const dockerfile::Dockerfile& file, const BuildGraph& graph, BuildProgress& progress) {
    for (const auto& warning : file.warnings)
        progress.warning(show_place(file.file, file.text, warning.place, warning.message));
    for (const std::string& warning : graph.warnings) progress.warning(warning);
}

/// "linux_arm64": the directory of one platform among several.
std::string directory_of(const oci::spec::Platform& platform) {
    std::string name = to_text(platform);
    std::replace(name.begin(), name.end(), '/', '_');
    return name;
}

/// --output: the files of the result.
Result<void> write_files(const BuildShared& shared, const PlatformBuild& build, const Trees& trees,
                         const StageFiles& files) {
    for (OutputRequest output : shared.request.outputs) {
        if (output.is_image()) continue;
        if (build.several && output.kind == OutputRequest::Kind::tar)
            return oci::failure(
                oci::ErrorCode::unsupported,
                "--output type=tar holds one platform: use type=local, which makes a directory for each");
        if (build.several) output.destination += "/" + directory_of(build.platform);
        const oci::Fd root = TRY(trees.directories().open_view(files, trees.empty()));
        TRY(write_output(root, output, files.time));
    }
    return {};
}

/// --squash: one layer in the place of those that the build made.
Result<Image> squash(Image image, std::size_t base_layers, const Layout& layout, std::int64_t time) {
    if (image.manifest.layers.size() < base_layers + 2) return image;
    FoundImage whole;
    whole.manifest = image.manifest;
    whole.config = image.config;
    const NewLayerOptions options{.clamp_mtime = time};
    const FinishedLayer layer = TRY(write_squashed_layer(layout, whole, base_layers, options));
    return with_squashed_layer(std::move(image), base_layers, layer, oci::spec::Timestamp{.seconds = time});
}

std::size_t base_layers_of(const StageFiles& files) {
    return static_cast<std::size_t>(std::count_if(files.layers.begin(), files.layers.end(),
                                                  [](const auto& layer) { return layer.key.empty(); }));
}

std::string salt_of(const BuildRequest& request) {
    if (request.context_dates) return "context";
    return request.source_date.has_value() ? std::to_string(*request.source_date) : std::string();
}

}  // namespace

Result<std::optional<Image>> build_platform(const BuildShared& shared, const PlatformBuild& build) {
    const BuildRequest& request = shared.request;
    PlanRequest plan = plan_request(request, build);
    std::deque<BuildContext> contexts = TRY(open_contexts(shared, plan));
    const auto resolve = [&](const std::string& name, const oci::spec::Platform& platform) {
        return shared.resolver.resolve(name, platform);
    };
    BuildGraph graph = TRY(plan_build(build.image.file, plan, resolve));
    if (request.network.has_value()) set_network(graph, *request.network);
    show_warnings(build.image.file, graph, shared.progress);

    LayerCache::Options layers;
    if (request.run.rootless) layers.ids = TRY(look_up_own_ids()).existing;
    const WorkDirectory common = TRY(shared.cache.make_work());
    layers.plain_copies = !overlay_works(TRY(common.make("probe")), layers.attributes);
    if (layers.plain_copies)
        shared.progress.note("no overlay can be mounted: trees are copied for each step");
    const LayerCache unpacked = TRY(LayerCache::open(request.cache_path + "/unpacked", layers));
    LayerDirectories directories(shared.cache, unpacked, graph);
    Trees trees(graph, std::move(contexts), directories, TRY(common.make("empty", 0755)), salt_of(request));
    const StageSettings settings{
        .use_cache = request.use_cache, .source_date = request.source_date, .run = request.run};
    BuildServices services{.graph = graph,
                           .cache = shared.cache,
                           .trees = trees,
                           .progress = shared.progress,
                           .settings = settings,
                           .imports = shared.imports,
                           .exported = shared.exported,
                           .on_layer = [](std::size_t, const StageFiles&) {},
                           .is_cancelled = [] { return false; }};
    const std::size_t jobs =
        request.jobs > 0 ? request.jobs : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
    if (build.layout == nullptr) {
        TRY(write_files(shared, build, trees, TRY(execute_build(services, jobs))));
        return std::optional<Image>();
    }
    LayerExporter exporter(shared.cache, graph, *build.layout);
    EarlyExport early(graph, exporter);
    services.on_layer = [&](std::size_t stage, const StageFiles& files) { early.offer(stage, files); };
    const StageFiles files = TRY(execute_build(services, jobs));
    const std::vector<LayerBlob> blobs = TRY(early.finish(files));
    if (build.image.wanted) TRY(write_files(shared, build, trees, files));
    Image image = make_image(graph, graph.target, files, blobs);
    if (request.squash)
        image = TRY(squash(std::move(image), base_layers_of(files), *build.layout, files.time));
    return std::optional(std::move(image));
}

}  // namespace ocimg::build
