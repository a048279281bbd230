#pragma once
// ocimg.json in a bundle: which image it was unpacked from and how, so that it can be repacked, mounted
// again and tidied up.

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/bundle/bundle_owners.hpp"
#include "spec/image/descriptor.hpp"

namespace ocimg {

inline constexpr const char* bundle_record_name = "ocimg.json";
inline constexpr const char* tree_records_name = "ocimg.records";

/// How the root file system of a bundle is kept.
enum class RootKind { tree, overlay };

struct BundleRecord {
    std::int64_t version = 1;
    std::string layout;  // absolute path
    std::string tag;
    oci::spec::Descriptor manifest;
    std::string root;  // "tree" or "overlay"
    bool keep_dirlinks = false;
    BundleOwners owners;
    // Overlays only.
    std::string layer_cache;             // absolute path
    std::string attributes;              // "trusted" or "user"
    std::vector<std::string> chain_ids;  // topmost first

    [[nodiscard]] RootKind kind() const { return root == "overlay" ? RootKind::overlay : RootKind::tree; }
};

/// Reads ocimg.json of a bundle. A bundle without one was not unpacked by ocimg: an error that says so.
oci::Result<BundleRecord> read_bundle_record(oci::BorrowedFd bundle, const std::string& path);
oci::Result<void> write_bundle_record(oci::BorrowedFd bundle, const BundleRecord& record);

}  // namespace ocimg
