#include "imagetool/build/read_images.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "imagetool/build/build_context.hpp"
#include "imagetool/buildfile/build_file.hpp"
#include "imagetool/store/host_platform.hpp"

namespace ocimg::build {

namespace {

using buildfile::BuildImage;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

/// The names of images and stages that an instruction takes files from.
struct Sources {
    std::set<std::string>& names;

    void operator()(const dockerfile::Copy& copy) const { names.insert(copy.from); }
    void operator()(const dockerfile::Run& run) const {
        for (const auto& mount : run.mounts)
            if (mount.value.has_value()) names.insert(mount.value->from);
    }
    template <class Other>
    void operator()(const Other& /*other*/) const {}
};

std::set<std::string> sources_of(const dockerfile::Dockerfile& file) {
    std::set<std::string> names;
    for (const dockerfile::Stage& stage : file.stages) {
        names.insert(stage.from.image);
        for (const auto& line : stage.instructions) std::visit(Sources{names}, line.body);
    }
    return names;
}

/// The images of a build file that are asked for, after those they are made from.
class Selection {
public:
    explicit Selection(const buildfile::BuildFile& file) {
        for (const BuildImage& image : file.images) images_[image.name] = &image;
    }

    Result<void> add(const std::string& name) {
        if (done_.contains(name)) return {};
        if (!open_.insert(name).second)
            return failure(ErrorCode::invalid,
                           "the image " + quote(name) + " needs itself, by way of others");
        const BuildImage& image = *images_.at(name);
        for (const std::string& source : sources_of(image.file))
            if (source != name && images_.contains(source)) TRY(add(source));
        done_.insert(name);
        order_.push_back(&image);
        return {};
    }

    [[nodiscard]] const std::vector<const BuildImage*>& order() const { return order_; }

private:
    std::map<std::string, const BuildImage*> images_;
    std::set<std::string> open_;
    std::set<std::string> done_;
    std::vector<const BuildImage*> order_;
};

Result<std::vector<oci::spec::Platform>> platforms_of(const BuildRequest& request, const BuildImage& image) {
    std::vector<oci::spec::Platform> platforms = request.platforms;
    if (platforms.empty())
        for (const std::string& text : image.platforms)
            platforms.push_back(TRY(oci::spec::parse_platform(text)));
    if (platforms.empty()) platforms.push_back(host_platform());
    return platforms;
}

Result<std::vector<ImageToBuild>> select_images(const BuildRequest& request,
                                                const buildfile::BuildFile& file) {
    std::set<std::string> wanted;
    for (const std::string& name : request.only) wanted.insert(TRY(buildfile::select_image(file, name)).name);
    if (wanted.empty())
        for (const BuildImage& image : file.images) wanted.insert(image.name);
    if (wanted.size() > 1 && (!request.places.empty() || !request.outputs.empty()))
        return failure(
            ErrorCode::invalid,
            "--tag and --output work with one image, the build file has several: choose with --only");
    Selection selection(file);
    for (const BuildImage& image : file.images)
        if (wanted.contains(image.name)) TRY(selection.add(image.name));
    std::vector<ImageToBuild> images;
    for (const BuildImage* const image : selection.order()) {
        ImageToBuild made{.name = image->name,
                          .file = image->file,
                          .places = {},
                          .platforms = TRY(platforms_of(request, *image)),
                          .wanted = wanted.contains(image->name)};
        if (made.wanted) made.places = request.places;
        // Its name in the file is its name in the store, where images that are made from it find it.
        if (made.places.empty() && !(made.wanted && request.files_only()))
            made.places.push_back(TRY(parse_store_name(image->name).in("images." + image->name)));
        images.push_back(std::move(made));
    }
    return images;
}

}  // namespace

Result<std::vector<ImageToBuild>> read_images(const BuildRequest& request, const FetchedContext& context) {
    const BuildContext directory = TRY(open_context(context.path, "the build context"));
    DockerfileText text{"standard input", context.dockerfile.value_or("")};
    if (!context.dockerfile.has_value()) text = TRY(read_dockerfile(directory, context.path, request.file));
    if (buildfile::is_build_file(text.name)) {
        const auto read = [&](const std::string& path) -> Result<std::string> {
            return std::move(TRY(read_dockerfile(directory, context.path, path)).text);
        };
        return select_images(request, TRY(buildfile::parse_build_file(text.text, text.name, read)));
    }
    if (!request.only.empty())
        return failure(ErrorCode::invalid,
                       "--only works with a build file (.yaml or .yml), not with " + quote(text.name));
    std::vector<ImageToBuild> images(1);
    images.front().file = TRY(dockerfile::parse_dockerfile(text.text, text.name));
    images.front().places = request.places;
    images.front().platforms = request.platforms;
    if (request.platforms.empty()) images.front().platforms.push_back(host_platform());
    return images;
}

}  // namespace ocimg::build
