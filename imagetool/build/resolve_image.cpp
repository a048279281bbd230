#include "imagetool/build/resolve_image.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/store/find_image.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "imagetool/transfer/pull_reference.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::Result;
using oci::spec::Platform;

constexpr std::string_view layout_scheme = "oci-layout://";
constexpr std::string_view image_scheme = "docker-image://";

Result<BaseImage> read(const ImagePlace& place, const std::string& name, const Platform& platform) {
    OpenedPlace opened = TRY(open_image_place(place, Access::read));
    opened.query.platform = platform;
    FoundImage found = TRY(find_image(opened.layout, opened.query));
    if (found.config.rootfs.diff_ids.size() != found.manifest.layers.size())
        return oci::failure(ErrorCode::invalid, "it has not as many layers as diff ids");
    return BaseImage{name, opened.layout.path(), std::move(found.manifest), std::move(found.config)};
}

Result<BaseImage> read_from_store(const oci::spec::Reference& reference, const std::string& name,
                                  const Platform& platform) {
    return read(TRY(parse_store_name(reference.text())), name, platform);
}

}  // namespace

RemoteAccess& ImageResolver::access() {
    if (!access_) access_ = std::make_unique<RemoteAccess>(options_.remote);
    return *access_;
}

Result<BaseImage> ImageResolver::resolve(const std::string& name, const Platform& platform) {
    const std::string context = "image " + oci::quote(name);
    if (name.starts_with(layout_scheme)) {
        const auto place = TRY(parse_image_place("oci:" + name.substr(layout_scheme.size()), BareName::layout,
                                                 is_layout_directory)
                                   .in(context));
        return read(place, name, platform).in(context);
    }
    const std::string text = name.starts_with(image_scheme) ? name.substr(image_scheme.size()) : name;
    const ImagePlace place = TRY(parse_store_name(text).in(context));
    if (options_.pull != PullPolicy::always || own_.contains(text) || !place.reference.has_value()) {
        auto found = read(place, name, platform);
        const bool may_pull = place.reference.has_value() && options_.pull != PullPolicy::never;
        if (found || found.error().code != ErrorCode::not_found || !may_pull)
            return std::move(found).in(context);
    }
    return from_registry(name, text, platform).in(context);
}

Result<BaseImage> ImageResolver::from_registry(const std::string& name, const std::string& text,
                                               const Platform& platform) {
    const auto candidates = TRY(plan_references(*TRY(access().registries_conf()), text));
    if (options_.pull == PullPolicy::missing) {
        for (const auto& candidate : candidates)
            if (auto found = read_from_store(candidate, name, platform)) return found;
    }
    std::string reasons;
    for (const auto& candidate : candidates) {
        const auto pulled = pull(candidate, platform);
        if (pulled) return read_from_store(candidate, name, platform);
        reasons += (reasons.empty() ? "" : "; ") + candidate.text() + ": " + pulled.error().text;
    }
    return oci::failure(ErrorCode::not_found, "it is not in the store and cannot be pulled: " + reasons);
}

Result<void> ImageResolver::pull(const oci::spec::Reference& reference, const Platform& platform) {
    const std::string what = reference.text() + " " + to_text(platform);
    if (!pulled_.insert(what).second) return {};
    note_("pulling " + familiar_name(reference.text()) + " for " + to_text(platform));
    const auto progress = Progress::open(ProgressStyle::none, {});
    CopyOptions options;
    options.platforms = options_.platforms;
    if (std::find(options.platforms.begin(), options.platforms.end(), platform) == options.platforms.end())
        options.platforms.push_back(platform);
    if (options.platforms.size() > 1) {
        // All of them as one index, so that one platform's image does not take the place of another's.
        if (pull_reference(reference, access(), options, *progress)) {
            for (const Platform& other : options.platforms)
                pulled_.insert(reference.text() + " " + to_text(other));
            return {};
        }
        options.platforms = {platform};
    }
    TRY(pull_reference(reference, access(), options, *progress));
    return {};
}

}  // namespace ocimg::build
