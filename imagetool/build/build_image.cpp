#include "imagetool/build/build_image.hpp"

#include <algorithm>

#include "imagetool/build/build_platform.hpp"
#include "imagetool/build/publish_image.hpp"
#include "imagetool/build/read_images.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg::build {

namespace {

using oci::Result;

Result<Layout> open_target_layout(const ImageToBuild& image) {
    if (image.places.empty()) return open_default_store(Access::create);
    return std::move(TRY(open_image_place(image.places.front(), Access::create)).layout);
}

Result<void> write_image_outputs(const BuildShared& shared, const Layout& layout, const BuiltImage& built) {
    for (const OutputRequest& output : shared.request.outputs) {
        if (!output.is_image()) continue;
        shared.progress.note("writing " + output.place->text);
        TRY(write_image_output(layout, built.digest, output, shared.resolver.access()));
    }
    return {};
}

/// One image, for each of its platforms.
Result<BuiltImage> build_one(const BuildShared& shared, const ImageToBuild& image) {
    const bool files_only = image.wanted && shared.request.files_only();
    std::optional<Layout> layout;
    if (!files_only) layout.emplace(TRY(open_target_layout(image)));
    std::vector<Image> images;
    for (const oci::spec::Platform& platform : image.platforms) {
        const PlatformBuild build{.image = image,
                                  .platform = platform,
                                  .several = image.platforms.size() > 1,
                                  .layout = layout.has_value() ? &*layout : nullptr};
        if (build.several || !image.name.empty())
            shared.progress.note("building " + (image.name.empty() ? "" : image.name + " ") + "for " +
                                 to_text(platform));
        auto made = TRY(build_platform(shared, build));
        if (made.has_value()) images.push_back(std::move(*made));
    }
    if (!layout.has_value()) return BuiltImage{};
    BuiltImage built =
        TRY(publish_images(*layout, std::move(images), shared.request.annotations, image.places));
    if (image.wanted) TRY(write_image_outputs(shared, *layout, built));
    return built;
}

/// Every platform that something is built for: a base image is pulled for all of them at once.
std::vector<oci::spec::Platform> platforms_of(const std::vector<ImageToBuild>& images) {
    std::vector<oci::spec::Platform> platforms;
    for (const ImageToBuild& image : images) {
        for (const oci::spec::Platform& platform : image.platforms)
            if (std::find(platforms.begin(), platforms.end(), platform) == platforms.end())
                platforms.push_back(platform);
    }
    return platforms;
}

}  // namespace

bool BuildRequest::files_only() const {
    return places.empty() && !outputs.empty() &&
           std::none_of(outputs.begin(), outputs.end(), [](const auto& output) { return output.is_image(); });
}

Result<std::vector<BuiltImage>> build_images(const BuildRequest& request, BuildProgress& progress) {
    const BuildCache cache = TRY(BuildCache::open(request.cache_path));
    const FetchedContext context = TRY(fetch_context(request.context, cache));
    const std::vector<ImageToBuild> images = TRY(read_images(request, context));
    ImageResolver resolver(
        {.pull = request.pull, .remote = request.remote, .platforms = platforms_of(images)},
        [&progress](std::string_view text) { progress.note(text); });
    CacheImports imports = TRY(CacheImports::open(
        request.cache_from, [&resolver]() -> RemoteAccess& { return resolver.access(); }, progress));
    CacheExport exported(!request.cache_to.empty());
    const BuildShared shared{.request = request,
                             .cache = cache,
                             .context = context,
                             .resolver = resolver,
                             .imports = imports,
                             .exported = exported,
                             .progress = progress};
    std::vector<BuiltImage> built;
    for (const ImageToBuild& image : images) {
        BuiltImage one = TRY(build_one(shared, image));
        if (image.wanted) built.push_back(std::move(one));
        resolver.keep_own(image.name);
    }
    for (const ImagePlace& place : request.cache_to) TRY(exported.write(cache, place, resolver.access()));
    return built;
}

}  // namespace ocimg::build
