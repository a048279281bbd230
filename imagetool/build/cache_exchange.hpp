#pragma once
// Results of steps that travel between machines: an artifact in a layout or a registry, whose layers are
// those of the steps and whose config says which step each belongs to.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_progress.hpp"
#include "imagetool/build/step_area.hpp"
#include "imagetool/remote/remote_access.hpp"
#include "imagetool/store/image_place.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/transfer/image_source.hpp"

namespace ocimg::build {

/// A step's key and what came out of it; the layer is a blob of the artifact.
struct SharedStep {
    std::string key;
    StepRecord record;
};

/// The artifact's config.
struct SharedSteps {
    std::int64_t version = 1;
    std::vector<SharedStep> steps;
};

/// What --cache-from names. From any thread once it is open.
class CacheImports {
public:
    /// Reads the lists. A place that cannot be read is a warning: the build only has more to do.
    static oci::Result<CacheImports> open(const std::vector<ImagePlace>& places,
                                          const std::function<RemoteAccess&()>& access,
                                          BuildProgress& progress);

    /// What is known of a step; null when nobody knows it.
    [[nodiscard]] const StepRecord* find(const std::string& key) const;
    /// Fetches the step's layer and unpacks it as the changes of the area, whose files before are those
    /// that the step found. Size, digest and diff id are checked.
    oci::Result<void> unpack(const std::string& key, const StepArea& area) const;

private:
    struct Known {
        StepRecord record;
        ImageSource* source = nullptr;
    };
    oci::Result<void> add(const ImagePlace& place, const std::function<RemoteAccess&()>& access);

    std::deque<std::unique_ptr<ImageSource>> sources_;
    std::map<std::string, Known> known_;
};

/// What --cache-to writes: every step that the build did or knew.
class CacheExport {
public:
    explicit CacheExport(bool wanted) : wanted_(wanted) {}

    /// Notes a step. From any thread.
    void note(const std::string& key);
    /// Writes all of them to a layout or a registry.
    oci::Result<void> write(const BuildCache& cache, const ImagePlace& place, RemoteAccess& access);

private:
    oci::Result<SharedSteps> collect(const BuildCache& cache, const Layout& layout) const;

    bool wanted_;
    std::mutex mutex_;
    std::set<std::string> keys_;
};

/// "type=registry,ref=NAME", "type=local,src=DIR" (or dest=), or a name: of a registry, or with a transport
/// or a path of a layout.
oci::Result<ImagePlace> parse_cache_place(const std::string& text);

}  // namespace ocimg::build

template <>
struct oci::spec::FieldsOf<ocimg::build::SharedStep> {
    static constexpr const char* section = "build cache";
    static void list(auto& fields, auto& self) {
        fields.required("key", self.key);
        FieldsOf<ocimg::build::StepRecord>::list(fields, self.record);
    }
};
template <>
struct oci::spec::FieldsOf<ocimg::build::SharedSteps> {
    static constexpr const char* section = "build cache";
    static void list(auto& fields, auto& self) {
        fields.required("version", self.version);
        fields.required("steps", self.steps);
    }
};
