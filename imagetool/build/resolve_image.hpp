#pragma once
// Names of images in a Dockerfile to images: the default store first, then the registries.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/remote/remote_access.hpp"
#include "imagetool/store/image_place.hpp"

namespace ocimg::build {

/// Which base images are fetched from a registry: those that are missing, all of them (--pull), or none.
enum class PullPolicy { missing, always, never };

class ImageResolver {
public:
    struct Options {
        PullPolicy pull = PullPolicy::missing;
        RemoteOptions remote;
        std::vector<oci::spec::Platform> platforms;  // of the whole build: an image is pulled for all of them
    };
    /// `note` is told of each pull.
    ImageResolver(Options options, std::function<void(std::string_view)> note)
        : options_(std::move(options)), note_(std::move(note)) {}

    /// An image of the default store, or of a registry by way of the store; of a layout
    /// ("oci-layout://PATH[:TAG]"), or by "docker-image://NAME".
    oci::Result<BaseImage> resolve(const std::string& name, const oci::spec::Platform& platform);

    /// The image was built just now: it is not pulled, whatever the policy says.
    void keep_own(const std::string& name) { own_.insert(name); }

    /// The way to registries, opened when it is first asked for.
    RemoteAccess& access();

private:
    oci::Result<BaseImage> from_registry(const std::string& name, const std::string& text,
                                         const oci::spec::Platform& platform);
    oci::Result<void> pull(const oci::spec::Reference& reference, const oci::spec::Platform& platform);

    Options options_;
    std::function<void(std::string_view)> note_;
    std::unique_ptr<RemoteAccess> access_;
    std::set<std::string> own_;
    std::set<std::string> pulled_;
};

}  // namespace ocimg::build
