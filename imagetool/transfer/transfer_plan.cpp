#include "imagetool/transfer/transfer_plan.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "base/text.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::MediaKind;

bool is_foreign(const Descriptor& layer) {
    const bool by_type = layer.media_type.find("nondistributable") != std::string::npos ||
                         layer.media_type.find(".foreign.") != std::string::npos;
    return by_type && !layer.urls.empty();
}

}  // namespace

Result<std::vector<Descriptor>> plan_blobs(const std::vector<Document>& documents, bool layers) {
    std::vector<Descriptor> blobs;
    std::set<std::string> seen;
    const auto add = [&](const Descriptor& blob) {
        if (seen.insert(blob.digest).second) blobs.push_back(blob);
    };
    for (const Document& document : documents) {
        if (oci::spec::media_kind(document.media_type) != MediaKind::manifest) continue;
        const auto manifest =
            TRY(oci::spec::parse_manifest(document.text, "manifest " + document.digest, document.media_type));
        add(manifest.config);
        if (!layers) continue;
        for (const Descriptor& layer : manifest.layers) {
            if (!is_foreign(layer)) add(layer);
        }
    }
    return blobs;
}

Result<std::vector<Descriptor>> choose_platforms(const oci::spec::ImageIndex& index,
                                                 const std::vector<oci::spec::Platform>& wanted) {
    std::vector<Descriptor> chosen;
    for (const oci::spec::Platform& platform : wanted) {
        int nearest = std::numeric_limits<int>::max();
        const Descriptor* best = nullptr;
        std::vector<std::string> offered;
        for (const Descriptor& entry : index.manifests) {
            if (!entry.platform.has_value()) continue;
            offered.push_back(to_text(*entry.platform));
            const auto distance = oci::spec::platform_distance(platform, *entry.platform);
            if (!distance.has_value() || *distance >= nearest) continue;
            nearest = *distance;
            best = &entry;
        }
        if (best == nullptr) {
            return failure(ErrorCode::not_found,
                           "there is no image for " + to_text(platform) + ", only for " +
                               (offered.empty() ? "unnamed platforms" : oci::join(offered, ", ")));
        }
        const bool known = std::any_of(chosen.begin(), chosen.end(),
                                       [&](const Descriptor& other) { return other.digest == best->digest; });
        if (!known) chosen.push_back(*best);
    }
    return chosen;
}

}  // namespace ocimg
