#include "imagetool/overlay/chain_id.hpp"

#include "imagetool/stream/hashing.hpp"

namespace ocimg {

std::string chain_id(std::string_view below, std::string_view diff_id) {
    if (below.empty()) return std::string(diff_id);
    Hasher hasher(HashAlgorithm::sha256);
    hasher.update(bytes_of(std::string(below) + " " + std::string(diff_id)));
    return hasher.finish();
}

oci::Result<std::vector<std::string>> chain_ids(std::span<const std::string> diff_ids) {
    std::vector<std::string> chains;
    for (std::size_t i = 0; i < diff_ids.size(); ++i) {
        TRY(algorithm_of(diff_ids[i]).in("rootfs.diff_ids[" + std::to_string(i) + "]"));
        chains.push_back(chain_id(chains.empty() ? std::string_view() : chains.back(), diff_ids[i]));
    }
    return chains;
}

}  // namespace ocimg
