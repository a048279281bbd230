#pragma once
// Unpacking an image while its blobs arrive: layers are applied in their order, each as soon as it is there.

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "imagetool/bundle/bundle_owners.hpp"
#include "imagetool/transfer/copy_image.hpp"

namespace ocimg {

class UnpackWhilePulling {
public:
    /// Unpacks to `bundle`, which must be new or empty unless `force`.
    UnpackWhilePulling(std::string bundle, bool force, BundleOwners owners)
        : bundle_(std::move(bundle)), force_(force), owners_(std::move(owners)) {}
    ~UnpackWhilePulling();
    UnpackWhilePulling(const UnpackWhilePulling&) = delete;
    UnpackWhilePulling& operator=(const UnpackWhilePulling&) = delete;

    /// Lets a copy into the default store tell what arrives.
    void follow(CopyOptions& options);
    /// Waits for the end. `copied`: whether the copy has succeeded. Gives warnings for the user.
    oci::Result<std::vector<std::string>> finish(bool copied);

private:
    oci::Result<void> begin(const std::vector<Document>& documents);
    oci::Result<std::vector<std::string>> unpack(const Document& manifest);
    oci::Result<void> wait_for(const std::string& digest);
    void arrive(const std::string& digest);

    std::string bundle_;
    bool force_;
    BundleOwners owners_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> arrived_;
    bool given_up_ = false;
    std::thread thread_;
    oci::Result<std::vector<std::string>> outcome_ = oci::failure("nothing was unpacked");
};

}  // namespace ocimg
