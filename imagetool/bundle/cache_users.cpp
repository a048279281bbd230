#include "imagetool/bundle/cache_users.hpp"

#include <fcntl.h>

#include <set>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "imagetool/bundle/bundle_record.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg {

using oci::Fd;
using oci::Result;

namespace {

constexpr const char* folder = "bundles";
constexpr std::size_t path_limit = 4096;

std::string file_name_of(const std::string& path) {
    Hasher hasher;
    hasher.update(bytes_of(path));
    return hasher.finish().substr(std::string_view("sha256:").size());
}

/// The chains that a bundle uses; empty when the bundle is gone.
std::vector<std::string> chains_of(const std::string& path) {
    const auto bundle = oci::open_file(path, O_RDONLY | O_DIRECTORY);
    if (!bundle.has_value()) return {};
    auto record = read_bundle_record(*bundle, path);
    return record.has_value() ? std::move(record->chain_ids) : std::vector<std::string>();
}

Result<Fd> open_folder(const LayerCache& cache) {
    auto made = oci::make_directory(cache.directory(), folder, 0700);
    if (!made && made.error().code != oci::ErrorCode::exists) return made.error().in("layer cache");
    return oci::open_at(cache.directory(), folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).in("layer cache");
}

/// Every chain that is in use. Notes of bundles that are gone are removed.
Result<std::set<std::string>> chains_in_use(const LayerCache& cache) {
    std::set<std::string> used;
    const Fd notes = TRY(open_folder(cache));
    for (const std::string& name : TRY(oci::list_directory(notes))) {
        const auto path = oci::read_file(notes, name, path_limit);
        const std::vector<std::string> chains =
            path.has_value() ? chains_of(*path) : std::vector<std::string>();
        if (chains.empty()) TRY(oci::remove_file(notes, name));
        used.insert(chains.begin(), chains.end());
    }
    return used;
}

}  // namespace

Result<void> register_cache_user(const LayerCache& cache, const std::string& bundle) {
    const std::string path = TRY(oci::absolute_path(bundle));
    const Fd notes = TRY(open_folder(cache));
    const std::string name = file_name_of(path);
    if (oci::exists_at(notes, name)) return {};
    return oci::replace_file(notes, name, path, 0600, oci::Durability::atomic_only).in("layer cache");
}

Result<PrunedCache> prune_layer_cache(const LayerCache& cache) {
    const Fd hold = TRY(cache.hold_alone());
    const std::set<std::string> used = TRY(chains_in_use(cache));
    PrunedCache pruned;
    for (const std::string& chain : TRY(cache.list())) {
        if (used.contains(chain)) {
            ++pruned.kept;
            continue;
        }
        TRY(cache.remove(chain));
        ++pruned.removed;
    }
    return pruned;
}

}  // namespace ocimg
